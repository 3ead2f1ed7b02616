"""What became of a text: Twilio's answers and callbacks raise its status, and the ticket shows it."""

from datetime import datetime

import frappe
from frappe.utils import now_datetime

from twilio_sms_channel.desks import desk_of_site
from twilio_sms_channel.messaging import pausing, rows
from twilio_sms_channel.messaging.events import tell
from twilio_sms_channel.twilio_gateway import errors, statuses

MESSAGE = "Twilio SMS Message"
# Communication.delivery_status has no word for most of these; this is the nearest that says nothing untrue.
COMMUNICATION_STATUS = {
	"Queued": "Sending",
	"Sending": "Sending",
	"Unconfirmed": "Delayed",
	"Accepted": "Sending",
	"Sent": "Sent",
	"Delivered": "Sent",
	"Read": "Read",
	"Undelivered": "Bounced",
	"Failed": "Error",
	"Blocked": "Rejected",
	"Canceled": "Expired",
}


def accept(message: str, accepted, next_look: datetime | None = None) -> None:
	"""Twilio took the text.

	A status callback may have been faster than this answer: the facts are kept in any case, the status only rises.

	:param accepted: `twilio_gateway.client.Accepted`
	:param next_look: when Twilio is to be asked for the text's fate, should it not tell
	"""
	facts = {"twilio_sid": accepted.sid, "sent_at": now_datetime()}
	if accepted.segments:
		facts["segments"] = accepted.segments
	status = statuses.OUR_STATUS.get(accepted.twilio_status, "Accepted")
	raised = {
		**facts,
		"status": status,
		"twilio_status": accepted.twilio_status,
		"next_attempt": next_look,
		"error_code": None,
		"error_message": None,
	}
	if rows.update(MESSAGE, message, raised, status=statuses.may_follow(status)):
		_tell_of(message, status)
	else:
		rows.update(MESSAGE, message, facts)


def report(message: str, twilio_status: str, code: str = "", twilio_says: str = "", sid: str = "") -> bool:
	"""Take in a status that Twilio reports, in whatever order and however often. True when it changed something.

	:param message: name of the Twilio SMS Message
	:param twilio_status: Twilio's word; one we do not know is kept as a fact and changes nothing
	:param code: Twilio's error code, "" for none
	"""
	if sid and not frappe.db.get_value(MESSAGE, message, "twilio_sid"):
		frappe.db.set_value(MESSAGE, message, "twilio_sid", sid)
	status = statuses.OUR_STATUS.get(twilio_status)
	if not status:
		frappe.db.set_value(MESSAGE, message, "twilio_status", twilio_status)
		return False
	if code in pausing.CODES:
		pausing.pause(frappe.db.get_value(MESSAGE, message, "account"), code, twilio_says)
	return settle(
		message,
		status,
		code=code,
		reason=errors.explain(code, twilio_says),
		twilio_status=twilio_status,
	)


def settle(message: str, status: str, *, code: str = "", reason: str = "", twilio_status: str = "") -> bool:
	"""Raise the status, never lower it; show it in the ticket. True when it changed.

	:param status: one of this app's statuses
	:param reason: for people: what happened and what to do
	"""
	changes = {"status": status}
	if twilio_status:
		changes["twilio_status"] = twilio_status
	if code or reason:
		changes.update(error_code=code or None, error_message=reason or None)
	if status in ("Delivered", "Read"):
		changes["delivered_at"] = now_datetime()
	if not rows.update(MESSAGE, message, changes, status=statuses.may_follow(status)):
		return False
	_tell_of(message, status)
	return True


def show(message) -> None:
	"""Make the ticket show a message's status, live, without saving the Communication again.

	:param message: communication and status of a Twilio SMS Message
	"""
	if not message.communication:
		return
	frappe.db.set_value(
		"Communication",
		message.communication,
		"delivery_status",
		COMMUNICATION_STATUS.get(message.status, ""),
		update_modified=False,
	)
	refresh(message)


def refresh(message) -> None:
	"""Have open screens of the message's ticket read it again."""
	ticket = message.communication and frappe.db.get_value(
		"Communication", message.communication, "reference_name"
	)
	if ticket:
		desk_of_site().refresh(ticket)


def _tell_of(message: str, status: str) -> None:
	communication = frappe.db.get_value(MESSAGE, message, "communication")
	show(frappe._dict(communication=communication, status=status))
	if frappe.get_hooks("twilio_sms_status_changed"):
		tell("twilio_sms_status_changed", frappe.get_doc(MESSAGE, message))
