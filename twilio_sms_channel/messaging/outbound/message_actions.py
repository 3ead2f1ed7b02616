"""What an agent can do about a message that still waits, or did not arrive: cancel it, or send it as an e-mail."""

import frappe
from frappe import _
from frappe.utils.caching import request_cache

from twilio_sms_channel.content import files, outside, text
from twilio_sms_channel.desks.registry import desk_or_none_of
from twilio_sms_channel.infra import conditional_update
from twilio_sms_channel.infra.listeners import notify
from twilio_sms_channel.infra.statuses import NOT_DELIVERED, is_held
from twilio_sms_channel.messaging.delivery import held, message_status
from twilio_sms_channel.messaging.sending import wake
from twilio_sms_channel.people import contacts
from twilio_sms_channel.twilio_gateway import errors

MESSAGE = "Twilio SMS Message"
CANCEL = "cancel"


class CannotCancel(frappe.ValidationError):
	"""The message no longer waits."""


class CannotSendAsEmail(frappe.ValidationError):
	"""The message does not fit to be sent as an e-mail, or the customer has no address."""


def can_cancel(message) -> bool:
	"""Whether a message may be canceled now. The confirmation of a STOP is owed to the customer.

	:param message: `direction`, `status`, `twilio_status` and `automatic` of a Twilio SMS Message
	"""
	waits = message.status == "Queued" or is_held(message)
	return message.direction == "Outbound" and waits and not message.automatic


def can_retry(message) -> bool:
	"""Whether a message may be sent again by SMS.

	:param message: `direction`, `status`, `needs_decision` and `sent_as_email` of a Twilio SMS Message
	"""
	failed = message.status in NOT_DELIVERED or _is_undecided(message)
	return message.direction == "Outbound" and failed and not message.sent_as_email


def can_link(message) -> bool:
	"""Whether a message may be sent again with links in place of its files.

	:param message: as for `can_retry`, with `number` and `media`
	"""
	# A link opens without a login: where an admin refuses files, none is made.
	may_link = frappe.get_cached_value("Twilio SMS Number", message.number, "unsendable_files") != "Refuse"
	return may_link and can_retry(message) and any(file.status == "Attached" for file in message.media)


def can_email(message) -> bool:
	"""Whether a message may be sent as an e-mail: it will never arrive or nobody knows, and was not sent as one before.

	:param message: `direction`, `status`, `needs_decision`, `automatic` and `sent_as_email` of a Twilio SMS Message
	"""
	return (
		message.direction == "Outbound"
		and (message.status in (*NOT_DELIVERED, "Canceled") or _is_undecided(message))
		and not message.automatic
		and not message.sent_as_email
	)


def has_email(message) -> bool:
	"""Whether the customer of a message has an e-mail address.

	:param message: `communication` of a Twilio SMS Message
	"""
	doctype, ticket = frappe.db.get_value(
		"Communication", message.communication, ["reference_doctype", "reference_name"]
	) or (None, None)
	is_there = ticket and desk_or_none_of(doctype) and frappe.db.exists(doctype, ticket)
	return bool(is_there and frappe.get_doc(doctype, ticket).customer_email())


def _is_undecided(message) -> bool:
	return message.status == "Unconfirmed" and bool(message.get("needs_decision"))


def offered(message, actions: list[str], can_text: bool = True) -> list[str]:
	"""Those of the actions that an error asks for which are possible, and which the user may take.

	:param message: as for `can_email`, with `media`
	:param actions: of `errors.Explanation`
	:param can_text: whether the conversation takes messages at all: otherwise sending again would only fail again
	"""
	user = frappe.session.user
	may = {
		errors.RETRY: can_retry(message) and can_text,
		errors.LINK: can_link(message) and can_text,
		errors.EMAIL: can_email(message),
		errors.NUMBER: _may_read("Twilio SMS Number", user),
		errors.ACCOUNT: _may_read("Twilio SMS Account", user),
	}
	return [action for action in actions if may[action]]


def possible(message, fitting: list[str] | None) -> list[str]:
	"""What can be done about an outbound message, in the order to be offered: "retry", "link", "email", "cancel".

	:param message: as for `can_email`, with `media`
	:param fitting: what its error asks for, None without an error: an error asks for nothing that cannot help
	"""
	may = {
		errors.RETRY: can_retry(message),
		# Files that were not refused go as they are.
		errors.LINK: bool(fitting) and can_link(message),
		errors.EMAIL: can_email(message),
	}
	actions = [action for action, can in may.items() if can and (fitting is None or action in fitting)]
	return [*actions, CANCEL] if can_cancel(message) else actions


@request_cache
def _may_read(doctype: str, user: str) -> bool:
	# A ticket has many messages, and each answer takes a query.
	return bool(frappe.has_permission(doctype, "read", user=user))


def cancel(message: str) -> None:
	"""Cancel a message that waits to be sent, here or at Twilio. Commits what Twilio cancels.

	:param message: name of an outbound Twilio SMS Message
	:raises CannotCancel: it is being sent, or its fate is known
	"""
	doc = frappe.get_doc(MESSAGE, message)
	if not can_cancel(doc):
		_refuse_to_cancel(doc.status, doc.automatic)
	if is_held(doc):
		_cancel_at_twilio(doc)
		return
	# One statement: either it or a worker's claim finds the message still waiting.
	frappe.db.set_value(
		MESSAGE,
		{"name": message, "status": "Queued"},
		{"status": "Canceled", "next_attempt": None, "error_code": None, "error_message": None},
	)
	# Reading with a lock shows what another transaction committed meanwhile.
	now = frappe.db.get_value(MESSAGE, message, "status", for_update=True)
	if now != "Canceled":
		_refuse_to_cancel(now)
	doc.reload()
	message_status.publish(doc)
	# What was written after it has nothing to wait for any more.
	wake.wake()
	notify("twilio_sms_status_changed", doc)


def _cancel_at_twilio(doc) -> None:
	try:
		held.cancel(doc.name)
	except errors.TwilioProblem as e:
		doc.reload()
		if doc.status == "Canceled":
			return
		if not is_held(doc):
			_refuse_to_cancel(doc.status)
		why = _("Twilio holds the message and did not cancel it: {0} Try again.").format(e.message)
		frappe.throw(why, CannotCancel, title=_("The message was not canceled"))


def as_email(message: str, ticket, address: str = "") -> None:
	"""Send a message that did not arrive as an e-mail in its ticket, files included. The reply channel stays.

	:param message: name of an outbound Twilio SMS Message
	:param ticket: the ticket's document, see `overrides.helpdesk.ticket.TicketMixin`
	:param address: instead of the customer's own
	:raises CannotSendAsEmail: no valid address, the message may still arrive, or was sent as an e-mail before
	"""
	# Two agents who press at once take turns; only a read with the lock shows the second what the first has done.
	doc = frappe.get_doc(MESSAGE, message, for_update=True)
	if not can_email(doc):
		frappe.throw(_why_not_emailed(doc), CannotSendAsEmail, title=_("No e-mail was sent"))
	address = address or ticket.customer_email()
	if not address:
		frappe.throw(
			_(
				"{0} has no valid e-mail address. Add one to the contact, then send this message as e-mail."
			).format(outside.harmless(contacts.full_name(ticket.contact)) or _("The customer")),
			CannotSendAsEmail,
			title=_("No e-mail was sent"),
		)
	frappe.db.set_value(MESSAGE, message, "sent_as_email", 1)
	files = [_copy(item.file, ticket) for item in doc.media if item.file]
	ticket.reply_by_email(text.to_html(doc.body), address, files)
	conditional_update.require(MESSAGE, message, sent_as_email=1)
	message_status.refresh(doc)


def _refuse_to_cancel(status: str, automatic: bool = False) -> None:
	if status == "Sending":
		why = _("The message is being sent at this moment and cannot be called back.")
	elif status == "Unconfirmed":
		why = _("The message may already be on its way. What became of it is being looked up at Twilio.")
	elif status == "Accepted":
		why = _("Twilio is sending the message already.")
	elif automatic:
		why = _("This is the automatic answer that the customer is owed.")
	else:
		why = _("The message does not wait to be sent; its status is {0}.").format(_(status))
	frappe.throw(why, CannotCancel, title=_("The message was not canceled"))


def _why_not_emailed(message) -> str:
	if message.sent_as_email:
		return _("This message was sent as an e-mail already.")
	return _(
		"Only a message that did not arrive can be sent as an e-mail; the status of this one is {0}."
	).format(_(message.status))


def _copy(file: str, ticket) -> str:
	"""Another File with the same contents: Helpdesk moves what is attached to a reply, and the message keeps its own."""
	return files.attach_again(frappe.get_doc("File", file), ticket.doctype, str(ticket.name))
