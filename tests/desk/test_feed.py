"""Helpdesk's feed: texts as texts, for agents with what to do about them, for customers without."""

import io
import re

import frappe
import pytest
import requests
from PIL import Image
from support.people import make_customer
from support.stack import eventually, lifted, status_of
from support.tickets import many_written, portal_user_of

from twilio_sms_channel.messaging.outbound import outbox
from twilio_sms_channel.overrides.helpdesk import feed as override
from twilio_sms_channel.overrides.helpdesk import feed_html

pytestmark = pytest.mark.helpdesk

API = "twilio_sms_channel.api.ticket."
HELPDESK = "helpdesk.helpdesk.doctype.hd_ticket.api."
MESSAGE, CONVERSATION = "Twilio SMS Message", "Twilio SMS Conversation"


def feed(person, ticket, **args) -> dict:
	answer = person.call(f"{HELPDESK}get_one", http="GET", name=ticket.name, **args)
	assert answer.status_code == 200, answer.text
	return answer.json()["message"]


def entries(person, ticket, **args) -> list[dict]:
	return feed(person, ticket, **args)["communications"]


def unsent(ticket, body="Hi", **facts) -> str:
	"""A text of ours that no worker takes on."""
	conversation = frappe.get_doc(CONVERSATION, ticket.twilio_sms_conversation)
	name = outbox.write(conversation, body).name
	frappe.db.after_commit.reset()
	frappe.db.set_value(MESSAGE, name, {"status": "Canceled", **facts})
	frappe.db.commit()
	return name


def make_email(ticket) -> None:
	"""An e-mail in the ticket, older than all texts. Commits."""
	frappe.get_doc(
		{
			"doctype": "Communication",
			"communication_type": "Communication",
			"communication_medium": "Email",
			"sent_or_received": "Received",
			"sender": "ann@example.com",
			"subject": ticket.subject,
			"content": "<p>By e-mail</p>",
			"reference_doctype": "HD Ticket",
			"reference_name": str(ticket.name),
		}
	).insert().db_set("creation", "2020-01-01 10:00:00")
	frappe.db.commit()


def stranger(stack):
	return stack.login(make_customer("tsms-stranger@example.com"))


def written_as(kind: str) -> bytes:
	data = io.BytesIO()
	Image.new("RGB", (40, 30), "teal").save(data, kind)
	return data.getvalue()


def test_a_received_text_has_its_senders_name_and_number_and_its_lines(customer, ticket, agent):
	contact = frappe.get_doc("Contact", ticket.contact)
	contact.update({"first_name": "Ann", "last_name": "Smith"})
	contact.save()
	frappe.db.commit()
	customer.text("One\nTwo <b>three</b>")
	entry = entries(agent, ticket)[1]
	assert (entry["user"]["name"], entry["user"]["email"]) == ("Ann Smith", customer.number)
	assert re.search(r"One\s*<br\s*/?>\s*Two &lt;b&gt;three&lt;/b&gt;", entry["content"])


def test_pictures_stand_between_the_words_and_other_files_below(customer, ticket, agent):
	message = customer.text("Look", media=[("a.png", written_as("PNG")), ("a.pdf", written_as("PDF"))])
	name = message.name
	eventually(
		lambda: set(frappe.get_all("Twilio SMS Media", {"parent": name}, pluck="status")) == {"Fetched"}
	)
	entry = entries(agent, ticket)[1]
	(picture,) = re.findall(r'<img src="([^"]+)"', entry["content"])
	assert f'<a href="{picture}" target="_blank"' in entry["content"]
	assert [file["file_name"][-4:] for file in entry["attachments"]] == [".pdf"]
	shown = agent.session.get(agent.stack.web + picture, timeout=30)
	assert (shown.status_code, shown.content[:4]) == (200, b"\x89PNG")
	portal = portal_user_of(ticket, agent.stack)
	entry = entries(portal, ticket)[1]
	(picture,) = re.findall(r'<img src="([^"]+)"', entry["content"])
	shown = portal.session.get(agent.stack.web + picture, timeout=30)
	assert (shown.status_code, shown.content[:4], shown.headers["Content-Type"]) == (
		200,
		b"\x89PNG",
		"image/png",
	)
	for file in (entry["attachments"][0]["file_url"], picture):
		assert portal.session.get(agent.stack.web + file, timeout=30).status_code == 200
		assert stranger(agent.stack).session.get(agent.stack.web + file, timeout=30).status_code == 403
		assert requests.get(agent.stack.web + file, timeout=30).status_code == 403


def test_names_of_files_are_no_markup():
	file = frappe._dict(
		file_url='/private/files/a"onerror="x #1.png', file_name='"><script>', content_type="image/png"
	)
	html = feed_html.pictures([file])
	assert "<script>" not in html and 'onerror="' not in html
	assert "%22onerror%3D%22x%20%231.png" in html


def test_what_only_agents_see_is_cut_from_their_emails():
	quoted = (
		"<p>Hi</p><blockquote>Text"
		+ feed_html.for_agents(["Carrier <b>x</b>"], ["retry"], "abc")
		+ "</blockquote>"
	)
	assert feed_html.for_customer(quoted) == "<p>Hi</p><blockquote>Text</blockquote>"
	assert feed_html.for_customer("<p>1 < 2<br>") == "<p>1 < 2<br>"


@pytest.mark.parametrize(
	"facts, links",
	[
		({"status": "Queued"}, ["cancel"]),
		({"status": "Undelivered", "error_code": "30006"}, ["email"]),
		({"status": "Failed", "error_code": "30001"}, ["retry", "email"]),
		({"status": "Canceled"}, ["email"]),
		({"status": "Delivered"}, []),
		({"status": "Failed", "error_code": "30001", "sent_as_email": 1}, []),
	],
)
def test_agents_get_links_to_what_they_can_do(agent, ticket, facts, links):
	name = unsent(ticket, **facts)
	try:
		content = entries(agent, ticket)[-1]["content"]
		assert re.findall(rf'href="#twilio-sms-(\w+)={name}"', content) == links
	finally:
		frappe.db.set_value(MESSAGE, name, "status", "Canceled")
		frappe.db.commit()


def test_a_customer_who_opted_out_is_not_texted_again(agent, ticket):
	unsent(ticket, status="Failed", error_code="30001")
	frappe.db.set_value(CONVERSATION, ticket.twilio_sms_conversation, "opted_out", 1)
	frappe.db.commit()
	assert "twilio-sms-retry" not in entries(agent, ticket)[-1]["content"]


def test_customers_see_words_and_fate_but_no_internals(agent, ticket, stack, customer):
	customer.text("please stop texting me")
	# An agent has decided about it, so that the next text can be written.
	frappe.db.set_value(CONVERSATION, ticket.twilio_sms_conversation, "may_want_to_stop", 0)
	unsent(ticket, status="Failed", error_code="30007", error_message="filtered")
	frappe.db.set_value(MESSAGE, {"communication": entries(agent, ticket)[0]["name"]}, "may_want_to_stop", 1)
	frappe.db.commit()
	assert "twilio-sms-agents" in entries(agent, ticket)[-1]["content"]
	for person in (portal_user_of(ticket, stack), agent):
		shown = entries(person, ticket, is_customer_portal=1)
		assert not re.search(r"twilio-sms-|⚠|filtered", str(shown))
		assert shown[-1]["recipients"].endswith("Not delivered")
		# The portal shows this time; the agents' screen takes it for a key.
		assert all(re.fullmatch(r"[\d :.-]+", entry["creation"]) for entry in shown)
		assert all("|" not in entry["creation"] for entry in shown)


def test_the_key_of_an_entry_changes_with_what_is_shown(agent, ticket):
	name = unsent(ticket, status="Sent")
	keys = []
	for status in ("Sent", "Delivered", "Delivered"):
		frappe.db.set_value(MESSAGE, name, "status", status)
		frappe.db.commit()
		keys.append(entries(agent, ticket)[-1]["creation"])
	assert keys[0] != keys[1] == keys[2]


def test_one_status_stands_beside_a_text(agent, ticket):
	name = unsent(ticket)
	number = frappe.db.get_value(MESSAGE, name, "customer_number")[-4:]
	for status, badge, line in (
		("Queued", "", "· Waiting"),
		("Sent", "", "· Sent"),
		("Delivered", "", "· Delivered"),
		("Undelivered", "Not delivered", number),
		("Unconfirmed", "Unconfirmed", number),
		("Canceled", "", "· Canceled"),
	):
		frappe.db.set_value(MESSAGE, name, "status", status)
		frappe.db.commit()
		entry = entries(agent, ticket)[-1]
		assert entry["delivery_status"] == badge
		assert entry["recipients"].endswith(line)


def test_a_long_ticket_shows_its_newest_texts_and_tells_of_the_others(agent, ticket, stack):
	make_email(ticket)
	conversation = frappe.get_doc(CONVERSATION, ticket.twilio_sms_conversation)
	many_written(conversation, override.MAX_MESSAGES + 2)
	shown = entries(agent, ticket)
	# An e-mail is no text, and nobody takes it out.
	assert len(shown) == override.MAX_MESSAGES + 1
	assert "By e-mail" in shown[0]["content"]
	assert "#twilio-sms-earlier=" in shown[1]["content"] and "3 earlier text messages" in shown[1]["content"]
	assert "Line 2." in shown[1]["content"] and "earlier text messages" not in str(shown[2:])
	assert f"Line {override.MAX_MESSAGES + 1}." in shown[-1]["content"]
	# What an agent quotes of it in an e-mail leaves without that line.
	assert "earlier" not in feed_html.for_customer(shown[1]["content"])
	everything = entries(portal_user_of(ticket, stack), ticket)
	assert len(everything) == override.MAX_MESSAGES + 4
	assert "earlier text messages" not in str(everything)


def another(doc, **values):
	"""A copy of a document, put into the database as it is."""
	copy = frappe.copy_doc(doc).update(values)
	copy.set_new_name(force=True)
	# copy_doc() empties it; insert() would set it.
	copy.docstatus = 0
	copy.db_insert()
	return copy


def test_texts_before_the_newest_are_read_page_by_page(agent, ticket, stack):
	conversation = frappe.get_doc(CONVERSATION, ticket.twilio_sms_conversation)
	first = outbox.write(conversation, "Line.")
	entry = frappe.get_doc("Communication", first.communication)
	names = [first.name, *(another(first, communication=another(entry).name).name for _ in range(403))]
	frappe.db.after_commit.reset()
	frappe.db.set_value(MESSAGE, {"name": ("in", names)}, "status", "Canceled")
	frappe.db.commit()
	state = agent.call(f"{API}state", http="GET", ticket=ticket.name).json()["message"]
	pages = [(state["messages"], state["older"])]
	while pages[0][1]:
		before = pages[0][0][0]["name"]
		answer = agent.call(f"{API}earlier", http="GET", ticket=ticket.name, before=before)
		assert answer.status_code == 200, answer.text
		page = answer.json()["message"]
		pages.insert(0, (page["messages"], page["older"]))
	assert [(len(messages), older) for messages, older in pages] == [(5, 0), (200, 5), (200, 205)]
	assert [text["name"] for messages, _older in pages for text in messages][1:] == names
	assert agent.call(f"{API}earlier", http="GET", ticket=ticket.name, before="none").status_code == 404
	args = {"ticket": ticket.name, "before": names[-1]}
	assert stranger(stack).call(f"{API}earlier", http="GET", **args).status_code == 403


def test_desks_timeline_learns_of_each_status(ticket, stack):
	from twilio_sms_channel.messaging.delivery import message_status

	name = unsent(ticket, status="Sending")
	getattr(frappe.local, "_realtime_log", []).clear()
	message_status.transition(name, "Sent")
	told = [
		(message["doc"], room)
		for event, message, room, *_ in getattr(frappe.local, "_realtime_log", [])
		if event == "docinfo_update"
	]
	(doc, room), *others = told
	frappe.db.rollback()
	assert not others and f"HD Ticket/{ticket.name}" in room
	assert (doc["doctype"], doc["delivery_status"], doc["content"]) == ("Communication", "Sent", "Hi")
	assert (doc["reference_doctype"], doc["reference_name"]) == ("HD Ticket", str(ticket.name))
	assert doc["attachments"] == []


# --- lines ------------------------------------------------------------------------------------------------------


def lines(ticket) -> list[str]:
	frappe.db.rollback()
	return [line["what"] for line in override.events(frappe.get_doc("HD Ticket", ticket.name))]


def named(ticket, name="Ann"):
	frappe.db.set_value("Contact", ticket.contact, {"first_name": name, "last_name": ""})
	frappe.db.commit()


def test_lines_tell_of_opting_out_and_in(customer, ticket):
	named(ticket)
	for text in ("STOP", "STOP"):
		customer.text(text)
	customer.text_after_stop()
	lifted(ticket)
	assert lines(ticket) == ["Ann opted out of text messages", "Ann opted in to text messages again"]


def test_lines_tell_of_agents(customer, ticket, agent):
	email = f"ann{customer.number[1:]}@example.com"
	for channel in ("Email", "Email", "SMS"):
		answer = agent.call(f"{API}switch_channel", ticket=ticket.name, channel=channel, email=email)
		assert answer.status_code == 200, answer.text
	assert agent.call(f"{API}opt_out", ticket=ticket.name).status_code == 200
	assert lines(ticket) == [
		"Grace Hopper switched the replies to e-mail",
		"Grace Hopper switched the replies to SMS",
		"Grace Hopper noted that the customer wants no more text messages",
	]


def test_a_line_tells_who_started_the_conversation(customer, sim, agent):
	for body in ("Hello", "Are you there?"):
		answer = agent.call(f"{API}start", to=customer.number, message=body)
		assert answer.status_code == 200, answer.text
	ticket = frappe._dict(name=answer.json()["message"]["ticket"])
	assert lines(ticket) == ["Grace Hopper started an SMS conversation"]


def test_a_line_tells_that_a_text_reopened_the_ticket(customer, ticket):
	named(ticket)
	ticket.reload()
	ticket.status = "Resolved"
	ticket.save()
	frappe.db.commit()
	customer.text("Still broken")
	assert lines(ticket) == ["Ann reopened the ticket with a text message"]


def test_lines_stand_in_helpdesks_history_and_desks_timeline(customer, ticket, agent, stack):
	named(ticket, "Ann <b>")
	customer.text("STOP")
	(line,) = (line for line in feed(agent, ticket)["history"] if "opted out" in line["action"])
	assert (line["user"]["name"], line["action"]) == ("Ann <b>", "opted out of text messages")
	form = agent.call("frappe.desk.form.load.getdoc", http="GET", doctype="HD Ticket", name=ticket.name)
	shown = form.json()["docinfo"]["additional_timeline_content"]
	assert [item["content"] for item in shown] == ["Ann &lt;b&gt; opted out of text messages"]
	assert "opted out of text messages" not in str(feed(portal_user_of(ticket, stack), ticket))


def test_a_live_text_shows_its_fate_in_words(customer, ticket, agent):
	agent.reply(ticket.name, "<p>Hi</p>")
	frappe.db.rollback()
	name = frappe.db.get_value(MESSAGE, {"conversation": ticket.twilio_sms_conversation, "body": "Hi"})
	eventually(lambda: status_of(name) == "Delivered")
	entry = entries(agent, ticket)[-1]
	assert entry["recipients"].endswith("· Delivered")
	assert entry["user"]["name"] == "Grace Hopper"
