"""Leaving: a number, or an account with all of its numbers, is no longer this site's.

What was written stays: conversations, messages and opt-outs in their tickets. Nothing is sent any more, Twilio is told to
post messages elsewhere, and what is not sent yet is canceled.
"""

from dataclasses import asdict, dataclass, field
from typing import Any

import frappe
from frappe import _
from frappe.utils import now_datetime

from twilio_sms_channel.messaging.delivery import message_status
from twilio_sms_channel.messaging.setup import webhook_config
from twilio_sms_channel.people import phone

ACCOUNT, NUMBER, MESSAGE = "Twilio SMS Account", "Twilio SMS Number", "Twilio SMS Message"
FINDING, CONVERSATION, CONSENT_EVENT = (
	f"Twilio SMS {name}" for name in ("Finding", "Conversation", "Consent Event")
)


@dataclass
class Left:
	"""What became of a number."""

	number: str
	display: str
	words: str = ""
	"""where Twilio posts its messages now"""
	still_here: bool = False
	"""whether that is still this site: Twilio could not be asked, or other numbers need the same webhook"""
	problem: str = ""
	"""why Twilio could not be asked; then the webhook is changed in its console"""
	canceled: int = 0
	deleted: bool = False


@dataclass
class Account:
	"""What became of an account."""

	numbers: list[Left] = field(default_factory=list)
	deleted: bool = False


def outlook(numbers: list[str]) -> dict[str, Any]:
	"""What will become of numbers, before anything does. Twilio is not asked.

	:return: `{"numbers": [{"number", "display", "conversations", "waiting", "previous": the URL that is put back, or ""}],
		"may_delete": whether nothing would be lost with them}`
	"""
	found = [_facts(frappe.get_doc(NUMBER, name)) for name in numbers]
	return {"numbers": found, "may_delete": not any(one.pop("has_records") for one in found)}


def _facts(number) -> dict[str, Any]:
	conversations = frappe.db.count(CONVERSATION, {"number": number.name})
	return {
		"number": number.name,
		"display": phone.display(number.name),
		"conversations": conversations,
		"waiting": frappe.db.count(MESSAGE, _waiting(number.name)),
		"previous": webhook_config.previous_url(number),
		"has_records": bool(conversations or frappe.db.exists(CONSENT_EVENT, {"number": number.name})),
	}


def disconnect_number(number, delete: bool = False) -> Left:
	"""
	:param number: Twilio SMS Number document
	:param delete: also delete it here
	:raises frappe.LinkExistsError: it has conversations or opt-outs, which would be lost; then it is disconnected only
	"""
	left = Left(number.name, phone.display(number.name))
	_leave_twilio(number, left)
	left.canceled = _cancel_waiting(number.name)
	# Twilio posts elsewhere by now, whatever happens to the rest. Whoever disconnects it at the same moment waits for the
	# other's save, and reads it.
	frappe.db.commit()  # nosemgrep
	frappe.db.get_value(NUMBER, number.name, "name", for_update=True)
	number.reload()
	number.enabled, number.disconnected_on = 0, now_datetime()
	number.save()
	frappe.db.delete(FINDING, {"about_doctype": NUMBER, "about": number.name})
	# Number by number, and before it may turn out that one cannot be deleted.
	frappe.db.commit()  # nosemgrep
	if delete:
		frappe.delete_doc(NUMBER, number.name)
		left.deleted = True
	return left


def disconnect_account(account, delete: bool = False) -> Account:
	"""
	:param account: Twilio SMS Account document
	:param delete: also delete it and its numbers here
	:raises frappe.LinkExistsError: see `disconnect_number`
	"""
	names = frappe.get_all(NUMBER, {"account": account.name}, pluck="name", order_by="creation")
	if delete and not outlook(names)["may_delete"]:
		# Before the first one goes.
		frappe.throw(
			_(
				"{0} has conversations or opt-outs, which would be lost. Disconnect it without deleting it."
			).format(frappe.bold(frappe.utils.escape_html(account.name))),
			frappe.LinkExistsError,
		)
	left = Account([disconnect_number(frappe.get_doc(NUMBER, name), delete) for name in names])
	frappe.db.get_value(ACCOUNT, account.name, "name", for_update=True)
	account.reload()
	account.enabled = 0
	account.save()
	frappe.db.delete(FINDING, {"about_doctype": ACCOUNT, "about": account.name})
	if delete:
		frappe.delete_doc(ACCOUNT, account.name)
		left.deleted = True
	return left


def as_dict(left: Left | Account) -> dict[str, Any]:
	return asdict(left)


def _leave_twilio(number, left: Left) -> None:
	if number.number_type == "Alphanumeric Sender":
		return
	said = len(frappe.local.message_log)
	try:
		outcome = webhook_config.withdraw(number)
	except frappe.ValidationError:
		# It is no longer the account's, so nothing of ours stands there.
		del frappe.local.message_log[said:]
		return
	left.words, left.problem = outcome.words, outcome.problem
	left.still_here = outcome.replaced or bool(outcome.problem)


def _waiting(number: str) -> dict[str, str]:
	return {"number": number, "direction": "Outbound", "status": "Queued"}


def _cancel_waiting(number: str) -> int:
	"""Cancel what no worker has taken yet; what is on its way is looked up as ever."""
	Message = frappe.qb.DocType(MESSAGE)
	query = frappe.qb.from_(Message).select(Message.name)
	for fieldname, value in _waiting(number).items():
		query = query.where(Message[fieldname] == value)
	reason = _("Canceled because {0} was disconnected.").format(phone.display(number))
	# Held until the commit, so no worker takes them meanwhile.
	return sum(
		message_status.transition(name, "Canceled", reason=reason) for (name,) in query.for_update().run()
	)
