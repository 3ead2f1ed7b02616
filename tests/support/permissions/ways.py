"""Ways to the texts: this app's endpoints, the ticket system's screen, and Frappe's common endpoints."""

import json
import re

import frappe

from support import desks
from support.permissions.asking import (
	counted,
	counted_by_words,
	each,
	got,
	granted,
	joined,
	listed,
	resource,
	said,
)
from support.permissions.table import (
	COMMUNICATIONS,
	CONVERSATION,
	DOCUMENTS,
	ENDPOINTS,
	MEDIA,
	MESSAGE,
	TICKET,
)

ENDPOINT, FEED = "twilio_sms_channel.api.ticket.", "helpdesk.helpdesk.doctype.hd_ticket.api."


def endpoint(method: str, http: str = "POST", about: str = "ticket", **args):
	def ask(person, text):
		return granted(person.call(ENDPOINT + method, http=http, **{about: getattr(text, about)}, **args))

	return each(ask)


def said_endpoint(method: str, telling: str, http: str = "GET", **args):
	"""Whether an endpoint's answer names the ticket."""

	def ask(person, text):
		filled = {key: value.format(**vars(text)) for key, value in args.items()}
		answer = person.call(ENDPOINT + method, http=http, **filled)
		return answer.ok and f'"{telling.format(**vars(text))}"' in answer.text

	return each(ask)


def fetched(person, text):
	answer = person.session.get(person.stack.web + text.file_url, timeout=30)
	return answer.ok and answer.headers["Content-Type"].startswith("image/")


def feed_shown(person, text):
	"""The feed: an endpoint of its own, which releases before v1.15 do not have."""
	from helpdesk.helpdesk.doctype.hd_ticket import api

	answer = person.call(FEED + "get_ticket_activities", http="GET", ticket=text.ticket)
	if not hasattr(api, "get_ticket_activities"):
		assert answer.status_code in (403, 404)
		answer = person.call(FEED + "get_one", http="GET", name=text.ticket)
	return answer.ok and text.secret in answer.text


def shown(person, text):
	answer = person.call("twilio_sms_channel.api.media.show", http="GET", file=text.file)
	assert answer.status_code in (200, 403), answer.text
	return answer.ok and answer.headers["Content-Type"].startswith("image/")


def opt_out(person, texts):
	"""Done for good, so it is seen by what is left undone."""
	let_in = endpoint("opt_out")(person, texts)
	frappe.db.rollback()
	for text in texts.values():
		assert bool(frappe.db.get_value(CONVERSATION, text.conversation, "opted_out")) is (
			text.team in let_in
		)
		frappe.db.set_value(CONVERSATION, text.conversation, {"opted_out": 0, "opted_out_on": None})
		frappe.db.delete("Twilio SMS Consent Event", {"customer_number": text.customer_number})
	frappe.db.commit()
	return let_in


def look_up(person, text):
	"""Twilio charges for it: whoever may write the ticket may ask. What was asked a moment ago is not asked again."""
	now = {"line_checked_on": frappe.utils.now_datetime(), "line_type": "mobile"}
	frappe.db.set_value(CONVERSATION, text.conversation, now, update_modified=False)
	frappe.db.commit()
	about = {"ticket": text.ticket, "ticket_doctype": desks.default().doctype}
	return granted(person.call("twilio_sms_channel.api.lookup.look_up", **about))


def goes_on(person, text):
	"""Texting somebody first, in the ticket that is open with them; refused as too long, or before."""
	answer = person.call(ENDPOINT + "start", to=text.customer_number, number=text.number, message="x" * 1601)
	assert answer.status_code in (403, 417)
	said = json.dumps(answer.json().get("_server_messages", ""))
	assert not re.search(rf"\b{text.ticket}\b", said)
	return "has 1601 characters" in said


def reply_box(person, text):
	"""Whether it would send a message, which must not be empty; Desk's dialog sends an e-mail for whoever is no agent."""
	answer = person.reply(text.ticket, "")
	return granted(answer) and "CannotText" in answer.text


def ways_of(doctype: str, attribute: str, **args) -> dict:
	"""All of Frappe's ways to a document."""
	name = f"{{{attribute}}}"
	fields = json.dumps([f"`tab{doctype}`.`name`"])
	return {
		f"{doctype}: get_list": listed(
			"frappe.client.get_list", doctype, attribute, fields='["name"]', **args
		),
		f"{doctype}: list view": listed("frappe.desk.reportview.get_list", doctype, attribute, fields=fields),
		f"{doctype}: report view": listed(
			"frappe.desk.reportview.get", doctype, attribute, fields=fields, view="Report"
		),
		f"{doctype}: get_count": counted("frappe.client.get_count", doctype, attribute),
		f"{doctype}: count of a list": counted("frappe.desk.reportview.get_count", doctype, attribute),
		f"{doctype}: get_value": got(
			"frappe.client.get_value",
			doctype=doctype,
			fieldname="owner",
			filters=f'{{{{"name": "{name}"}}}}',
		),
		f"{doctype}: get": got("frappe.client.get", doctype=doctype, name=name),
		f"{doctype}: REST": resource(doctype, attribute),
		f"{doctype}: form": got("frappe.desk.form.load.getdoc", doctype=doctype, name=name),
		f"{doctype}: realtime": joined(doctype, name),
	}


def exported(person, texts):
	"""As a file of the report view."""
	fields = json.dumps([f"`tab{MESSAGE}`.`name`", f"`tab{MESSAGE}`.`body`"])
	args = {
		"doctype": MESSAGE,
		"fields": fields,
		"filters": "[]",
		"file_format_type": "CSV",
		"view": "Report",
	}
	answer = person.call("frappe.desk.reportview.export_query", http="GET", **args)
	return {text.team for text in texts.values() if answer.ok and text.secret in answer.text}


AGENTS_DOORS = {
	"state": endpoint("state", http="GET"),
	"earlier": each(
		lambda person, text: granted(
			person.call(f"{ENDPOINT}earlier", http="GET", ticket=text.ticket, before=text.message)
		)
	),
	"saved_replies": endpoint("saved_replies", http="GET"),
	"saved_reply": endpoint("saved_reply", http="GET", name="None of ours"),
	"opt_out": opt_out,
	"keep_texting": endpoint("keep_texting"),
	"preview": endpoint("preview", message="Hi"),
	"reply": endpoint("reply", message=""),
	"switch_channel": endpoint("switch_channel", channel="Fax"),
	"start": endpoint("start", to="", message=""),
	"numbers": endpoint("numbers", http="GET"),
	"find": said_endpoint("find", "{ticket}", query="{customer_number}"),
	"history": endpoint("history", http="GET"),
	"retry": endpoint("retry", about="message"),
	"retry: with links": endpoint("retry", about="message", as_links=1),
	"cancel": endpoint("cancel", about="message"),
	"send_as_email": endpoint("send_as_email", about="message"),
	"look_up": each(look_up),
	"numbers: what a text would continue": said_endpoint("numbers", "{ticket}", to="{customer_number}"),
	"start: in a ticket that goes on": each(goes_on),
	"search: by phone number": said("frappe.utils.global_search.search", text="{customer_number}"),
	"reply box": each(reply_box),
}
_HELPDESKS_SCREEN = {
	"get_one": said(FEED + "get_one", name="{ticket}"),
	"feed": each(feed_shown),
}


def asked(system: desks.TicketSystem) -> dict[int, dict]:
	"""All ways by the column of the table that says who is answered."""
	doctype = system.doctype
	ticket = {
		"ticket's form": said("frappe.desk.form.load.getdoc", doctype=doctype, name="{ticket}"),
		"file on the portal": each(shown),
		"ticket's realtime": joined(doctype, "{ticket}"),
	}
	return {**_OF_EVERY_TICKET, TICKET: {**(_HELPDESKS_SCREEN if system.has_feed else {}), **ticket}}


_OF_EVERY_TICKET = {
	ENDPOINTS: AGENTS_DOORS,
	DOCUMENTS: {
		**ways_of(MESSAGE, "message"),
		**ways_of(CONVERSATION, "conversation"),
		f"{MEDIA}: get_list": listed("frappe.client.get_list", MEDIA, "media", parent=MESSAGE),
		f"{MEDIA}: get_value": got(
			"frappe.client.get_value",
			doctype=MEDIA,
			fieldname="file_name",
			filters='{{"name": "{media}"}}',
			parent=MESSAGE,
		),
		"link search for a conversation": got(
			"frappe.desk.search.search_link", doctype=CONVERSATION, txt="{customer_number}"
		),
		"link search for a message": got("frappe.desk.search.search_link", doctype=MESSAGE, txt="{number}"),
		"found by its words": said(
			"frappe.client.get_list",
			doctype=MESSAGE,
			fields='["name", "body"]',
			filters='{{"body": ["like", "%{secret}%"]}}',
		),
		"counted by its words": counted_by_words(MESSAGE, "body"),
	},
	COMMUNICATIONS: {
		**ways_of("Communication", "communication"),
		"file": each(fetched),
		"Communication by its words": said(
			"frappe.client.get_list",
			doctype="Communication",
			fields='["name", "content"]',
			filters='{{"content": ["like", "%{secret}%"]}}',
		),
		"Communications counted by their words": counted_by_words("Communication", "content"),
	},
}
# Names of files tell nothing to whoever may read their text, or sets the channel up; not every Frappe shows them.
FILES = {
	"list of files": listed("frappe.client.get_list", "File", "file", fields='["name", "file_name"]'),
	"count of files": counted("frappe.client.get_count", "File", "file"),
}
# The contact's form has a timeline of its own, and a contact may be read by every agent.
NOWHERE = {
	"contact's form": said("frappe.desk.form.load.getdoc", doctype="Contact", name="{contact}"),
	"global search": said("frappe.utils.global_search.search", text="{secret}"),
}
SET_UP_DOORS = (
	*("connect", "check_credentials", "verify", "promote_token"),
	*("available_numbers", "import_numbers", "backfill", "latest_text"),
	*("look_at_webhook", "configure_webhooks", "configure_numbers", "restore_webhook"),
	*("before_disconnect", "disconnect"),
	*("confirm_home", "diagnose", "mend", "read_again"),
)
SET_UP_DOCTYPES = (
	"Twilio SMS Account",
	"Twilio SMS Consent Event",
	"Twilio SMS Erased Text",
	"Twilio SMS Exchange",
	"Twilio SMS Rejected Webhook",
	"Twilio SMS Unread Webhook",
	"Twilio SMS Pace",
	"Twilio SMS Finding",
)
