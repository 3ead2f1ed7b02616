"""Two agents who answer the same customer at once see each other's message first."""

import frappe
from frappe import _
from frappe.utils import pretty_date

from twilio_sms_channel.infra import clock

MESSAGE = "Twilio SMS Message"
SHOWN_CHARACTERS = 200
TOLD_FOR_S = 60


def answer_after(ticket_doctype: str, ticket: str, seen: str):
	"""The newest message that another agent wrote in a ticket after one that the user has seen; None without.

	:param seen: name of the newest Twilio SMS Message that the user's screen showed, "" when it showed none
	:return: `name`, `sent_by`, `body`, `creation`
	"""
	Message, Communication = frappe.qb.DocType(MESSAGE), frappe.qb.DocType("Communication")
	last_seen = None
	if seen:
		communication = frappe.db.get_value(MESSAGE, seen, "communication")
		last_seen = communication and frappe.db.get_value("Communication", communication, "creation")
	query = (
		frappe.qb.from_(Message)
		.join(Communication)
		.on(Communication.name == Message.communication)
		.select(Message.name, Message.sent_by, Message.body, Message.creation)
		.where((Communication.reference_doctype == ticket_doctype) & (Communication.reference_name == ticket))
		.where((Message.direction == "Outbound") & (Message.automatic == 0) & (Message.name != seen))
		.where(Message.sent_by != frappe.session.user)
		.orderby(Communication.creation, order=frappe.qb.desc)
		.limit(1)
	)
	# Screens show messages by the time of their Communication.
	found = (query.where(Communication.creation >= last_seen) if last_seen else query).run(as_dict=True)
	return found[0] if found else None


def answer_within(ticket_doctype: str, ticket: str, seconds: float):
	"""The newest message that another agent wrote in a ticket within the last seconds, unless the user was told of it.

	For a screen that does not say what it showed. See `answer_after`.
	"""
	found = answer_after(ticket_doctype, ticket, "")
	if not found:
		return None
	ago_s, _longest = clock.passed(found.creation, clock.utc())
	# One of a moment that has not come was written before the clock was set back, not just now.
	is_recent = -clock.CLOCKS_DIFFER.total_seconds() <= ago_s <= seconds
	if not is_recent or frappe.cache().get_value(_told(found)):
		return None
	frappe.cache().set_value(_told(found), 1, expires_in_sec=TOLD_FOR_S)
	return found


def about(answer) -> str:
	"""What the user is told of a colleague's message, as HTML.

	:param answer: `sent_by`, `body` and `creation` of a Twilio SMS Message
	"""
	body = frappe.utils.escape_html(_shortened(answer.body or "") or _("a file"))
	return _("{0} answered {1}: “{2}”. Read it, then press Send again if yours should still go.").format(
		frappe.utils.escape_html(frappe.utils.get_fullname(answer.sent_by)), _ago(answer.creation), body
	)


def _told(answer) -> str:
	return f"twilio_sms_told_of:{answer.name}:{frappe.session.user}"


def _shortened(body: str) -> str:
	return body if len(body) <= SHOWN_CHARACTERS else body[: SHOWN_CHARACTERS - 1].rstrip() + "…"


def _ago(creation) -> str:
	seconds = max(1, round(clock.passed(creation, clock.utc())[0]))
	if seconds >= 60:
		return pretty_date(creation)
	return _("1 second ago") if seconds == 1 else _("{0} seconds ago").format(seconds)
