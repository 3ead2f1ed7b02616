"""An SMS conversation that an agent starts, with a phone number, a contact, or the customer of an e-mail ticket."""

from dataclasses import dataclass

import frappe
from frappe import _

from twilio_sms_channel.content import outside
from twilio_sms_channel.desks.registry import desk_for_new, desk_of
from twilio_sms_channel.infra import conditional_update, locks
from twilio_sms_channel.messaging.conversation import consent, conversations, timeline
from twilio_sms_channel.messaging.outbound import outbox, sender_choice, start_checks, start_contact
from twilio_sms_channel.messaging.outbound.start_checks import Named

NUMBER, CONVERSATION = "Twilio SMS Number", "Twilio SMS Conversation"
# Stands for the number in the lock of those who leave it to us.
ANY_NUMBER = "any"


@dataclass
class Started:
	"""What became of a request to start a conversation."""

	ticket: str
	ticket_doctype: str
	conversation: str
	message: str
	created: bool
	"""whether the ticket was made for it"""


def start(
	to: str,
	body: str,
	*,
	number: str | None = None,
	ticket: str | None = None,
	ticket_doctype: str | None = None,
	contact: str | None = None,
	subject: str = "",
	files: list[str] | None = None,
	request_id: str | None = None,
	confirmed: bool = False,
) -> Started:
	"""Text somebody, in a new ticket, the conversation's open one, or a given one. Only at the beginning of a request.

	A conversation is unique: of two agents who start one with the same customer, the second one continues the ticket
	of the first. Either everything is written or nothing is.

	:param to: the customer's phone number in any spelling
	:param number: name of the Twilio SMS Number to text from; proposed when left out, see `sender_choice.numbers`
	:param ticket: a ticket that the caller may write, and which replies by SMS from then on
	:param ticket_doctype: its DocType; that of the site's default ticket system when left out
	:param contact: who the customer is, which the caller may read; found or made by the number when left out
	:param subject: of a new ticket; otherwise the first line of the message
	:param request_id: whoever repeats it for the same customer gets the first answer again, and nothing is written
	:param confirmed: they still want messages, although their last ones sounded otherwise
	:raises outbox.CannotText: with the reason
	"""
	if number and not frappe.db.exists(NUMBER, number):
		outbox.refuse(
			_("{0} is not one of our numbers. Choose one from the list.").format(outside.harmless(number))
		)
	to, named = start_checks.customer_number(to, number), start_checks.named(ticket, ticket_doctype)

	def from_number(ours: str) -> Started:
		with conversations.serialized(ours, to, for_person=True):
			return _start(to, body, ours, named, contact, subject, files or [], request_id, confirmed)

	def begin() -> Started:
		if number:
			return from_number(number)
		# Of two agents to whom different numbers are proposed, the second one sees the conversation of the first.
		with conversations.serialized(ANY_NUMBER, to, for_person=True):
			frappe.db.rollback()
			started = from_number(sender_choice.proposed(to, named, bool(files)))
			# Before the lock is released: the next agent sees this conversation.
			frappe.db.commit()  # nosemgrep
			return started

	# Two that make the same contact at the same moment: what the first one wrote is there when tried again.
	return locks.again(begin)


def _start(to, body, number, ticket: Named | None, contact, subject, files, request_id, confirmed) -> Started:
	if first := outbox.asked_before(request_id, _about(to)):
		return _as_before(first)
	# Before anything is made: other apps' hooks may commit, and a refusal is to leave nothing behind.
	planned = conversations.get_or_new(number, to)
	if reason := start_checks.why_not(planned, ticket) or outbox.why_not(planned, body, files):
		outbox.refuse(reason)
	outbox.refuse_files(planned, files)
	if not confirmed:
		outbox.refuse_if_unasked(planned)
	outbox.ask_about_unreachable(to)
	conversation = conversations.get_or_create_locked(number, to)
	if first := outbox.asked_before(request_id, _about(to)):
		return _as_before(first)
	if reason := start_checks.why_not(conversation, ticket):
		outbox.refuse(reason)
	start_contact.set_contact(conversation, contact, ticket)
	conditional_update.require(CONVERSATION, conversation.name)
	continued = ticket or (
		(current := start_checks.continued(conversation)) and (current.doctype, current.name)
	)
	desk = desk_of(continued[0]) if continued else desk_for_new(frappe.get_cached_doc(NUMBER, number))
	texted_before = continued and frappe.db.get_value(*continued, "twilio_sms_conversation")
	if continued:
		target = desk.attach(
			conversation, continued[1], lambda own: conversations.are_of_one_customer(own, conversation)
		)
	else:
		target = desk.open_ticket(conversation, body, subject)
	conversation.ticket_doctype, conversation.ticket = target.doctype, target.name
	if not texted_before:
		desk.log(target.name, timeline.STARTED)
	if confirmed:
		consent.keep_texting(outbox.all_asked_about(conversation))
	message = outbox.write(conversation, body, files=files, request_id=request_id, about=_about(to))
	desk.refresh(target.name)
	conditional_update.require(outbox.MESSAGE, message.name)
	if not continued:
		# Hooks on the Communication may undo what was written before it.
		conditional_update.require(target.doctype, target.name)
	return Started(target.name, target.doctype, conversation.name, message.name, created=not continued)


def _about(to: str) -> tuple[str, ...]:
	return ("start", to)


def _as_before(message) -> Started:
	doctype, ticket = frappe.db.get_value(
		"Communication", message.communication, ["reference_doctype", "reference_name"]
	) or (None, None)
	return Started(ticket, doctype, message.conversation, message.name, created=False)
