"""A received message becomes part of a ticket."""

import frappe

from twilio_sms_channel.content import text
from twilio_sms_channel.desks.base import Ticket
from twilio_sms_channel.desks.registry import desk_for_new, desk_of, desk_or_none_of
from twilio_sms_channel.infra import conditional_update, listeners
from twilio_sms_channel.infra.courtesies import courtesy, is_for_lack
from twilio_sms_channel.infra.jobs import enqueue_after_commit
from twilio_sms_channel.messaging.conversation import (
	consent,
	contact_tickets,
	conversations,
	entries,
	keywords,
	reachability,
	services,
	timeline,
)
from twilio_sms_channel.messaging.conversation.keywords import STOP
from twilio_sms_channel.messaging.inbound import keyword_reply, notify, reactions, reorder
from twilio_sms_channel.people import contacts, phone

FETCH_MEDIA = "twilio_sms_channel.messaging.inbound.media.fetch"
# A worker that serves all queues comes to this one last: messages and answers do not wait for files.
MEDIA_QUEUE = "long"


def thread(message, conversation) -> None:
	"""Put the message into the ticket that the number's threading policy names.

	Everything happens in the caller's transaction, under the caller's lock on the conversation. What is only this
	app's is written field by field: saving whole documents would double the time.

	:param message: Twilio SMS Message with status Received
	:param conversation: its Twilio SMS Conversation, locked
	:raises NoDesk: there is no ticket system that a new ticket could go to
	"""
	number = frappe.get_cached_doc("Twilio SMS Number", conversation.number)
	desk = desk_for_new(number)
	is_reaction = reactions.is_one(message)
	is_burst = reorder.is_burst(conversation, message)
	begun = _begun(message)
	if not conversation.contact_name() and not contacts.exists(conversation.contact):
		# Where one is to be made it was made before the conversation was locked.
		conversation.contact = contacts.find(conversation.customer_number)
	continued = (
		begun
		or _continued(conversation, number, is_reaction)
		or services.open_ticket(conversation, number, message.way)
	)
	if not continued and _is_bare_stop(message):
		continued = _open_ticket(conversation)
		if not continued:
			_keep_without_ticket(message, conversation, number)
			return
	who = conversation.contact_name() or phone.display(conversation.customer_number)
	ticket = continued or desk.open_ticket(conversation, message.body)
	desk = desk_of(ticket.doctype)
	if continued and number.threading_policy == contact_tickets.POLICY:
		contact_tickets.join(ticket, conversation)
	if not begun:
		communication = entries.received(message, who, ticket)
		_write(communication, message, is_reaction)
		if not continued:
			# Hooks on the Communication may undo what was written before it.
			conditional_update.require(ticket.doctype, ticket.name)
	reorder.set_arrival(message.communication, message.received_at)
	conversations.relock(conversation)

	keyword, changed = consent.note(conversation, message)
	conversation.ticket_doctype, conversation.ticket = ticket.doctype, ticket.name
	conversation.last_inbound = max(at for at in (conversation.last_inbound, message.received_at) if at)
	reachability.note_texted(conversation, message.received_at)
	conversation.region = message.region or conversation.region
	conversations.save(conversation)

	if not number.accept_attachments:
		for item in message.media:
			item.db_set("status", "Not Accepted")
	facts = {
		"status": "Threaded",
		"conversation": conversation.name,
		"communication": message.communication,
		"may_want_to_stop": message.may_want_to_stop,
		"next_attempt": None,
		"error_message": None,
	}
	frappe.db.set_value(message.doctype, message.name, facts)
	message.update(facts)
	message.notify_update()
	if any(item.status == "Waiting" for item in message.media):
		enqueue_after_commit(FETCH_MEDIA, message.name, MEDIA_QUEUE)
	if is_burst:
		reorder.arrange_later(message)
	if keyword:
		keyword_reply.answer(keyword, conversation, number)
	_log(desk, ticket, conversation, changed, is_reaction)
	if continued:
		notify.about_message(desk, ticket, who, message)
	listeners.notify("twilio_sms_message_received", message)
	desk.refresh(ticket.name)


def _continued(conversation, number, is_reaction: bool) -> Ticket | None:
	"""The ticket that the number's policy says a message continues, None when it opens one."""
	own = conversations.continued_ticket(conversation, number, is_reaction)
	if number.threading_policy != contact_tickets.POLICY or is_reaction or (own and not own.resolved_at):
		return own
	return contact_tickets.find(desk_for_new(number), conversation.contact) or own


def _begun(message) -> Ticket | None:
	"""The ticket that the message is in already: other apps' code has committed this much of an attempt that failed."""
	return _ticket_of_entry(message.communication) if message.communication else None


def _ticket_of_entry(communication: str) -> Ticket | None:
	"""The ticket that a Communication is in, or the one it was merged into."""
	written_in = frappe.db.get_value("Communication", communication, ["reference_doctype", "reference_name"])
	doctype, name = written_in or (None, None)
	desk = desk_or_none_of(doctype) if name else None
	return desk.resolve_ticket(name) if desk else None


def _write(communication, message, is_reaction: bool) -> None:
	"""Insert a message's Communication; its row says beforehand which one it is, see `_begun`."""
	message.communication = frappe.generate_hash(length=10)
	frappe.db.set_value(
		message.doctype, message.name, "communication", message.communication, update_modified=False
	)
	if is_reaction:
		# Without the hooks, by which ticket systems reopen what was resolved: "Liked “…”" asks for nothing.
		_write_alone(communication, message.communication)
		return
	with courtesy("A message did not change its ticket as usual", but=lambda e: not is_for_lack(e)) as usual:
		conditional_update.insert(
			communication, ignore_permissions=True, ignore_mandatory=True, set_name=message.communication
		)
	if usual.failed:
		# Such as by an assignment rule that names somebody who was deleted.
		_write_alone(communication, message.communication)
		desk_of(communication.reference_doctype).reopen(communication.reference_name)


def _write_alone(communication, name: str) -> None:
	communication.name = name
	communication.db_insert()
	communication.notify_change("add")


def add_words(message, conversation) -> None:
	"""The words of a message that is in its ticket have come, with its files: show them, and do what they ask for.

	:param message: the Twilio SMS Message with its new body
	:param conversation: its Twilio SMS Conversation, locked
	"""
	frappe.db.set_value("Communication", message.communication, "content", text.to_html(message.body))
	keyword, changed = consent.note(conversation, message)
	conversations.save(conversation)
	message.db_set("may_want_to_stop", message.may_want_to_stop)
	if keyword:
		keyword_reply.answer(
			keyword, conversation, frappe.get_cached_doc("Twilio SMS Number", conversation.number)
		)
	if ticket := _ticket_of_entry(message.communication):
		desk = desk_of(ticket.doctype)
		desk.call_by(ticket.name, message.body, conversation.customer_number)
		ticket.resolved_at = None
		_log(desk, ticket, conversation, changed, is_reaction=False)


def _log(desk, ticket: Ticket, conversation, consent_changed: bool, is_reaction: bool) -> None:
	if ticket.resolved_at and not is_reaction:
		desk.log(ticket.name, timeline.REOPENED)
	if consent_changed:
		desk.log(ticket.name, timeline.OPTED_OUT if conversation.opted_out else timeline.OPTED_IN)


def _is_bare_stop(message) -> bool:
	return not message.media and keywords.keyword(message.body, message.opt_out_type) == STOP


def _open_ticket(conversation) -> Ticket | None:
	"""The conversation's ticket as long as agents work on it, whatever the number's policy is."""
	ticket = conversations.ticket_of(conversation)
	return ticket if ticket and not ticket.resolved_at else None


def _keep_without_ticket(message, conversation, number) -> None:
	"""Take in a bare STOP that would open a ticket: nobody may answer it, and its clocks would run for nothing."""
	keyword, changed = consent.note(conversation, message)
	conversation.last_inbound = max(at for at in (conversation.last_inbound, message.received_at) if at)
	reachability.note_texted(conversation, message.received_at)
	conversation.region = message.region or conversation.region
	conversations.save(conversation)
	facts = {
		"status": "Threaded",
		"conversation": conversation.name,
		"next_attempt": None,
		"error_message": None,
	}
	frappe.db.set_value(message.doctype, message.name, facts)
	message.update(facts)
	message.notify_update()
	keyword_reply.answer(keyword, conversation, number)
	if changed and conversations.ticket_of(conversation):
		timeline.log(conversation.ticket_doctype, conversation.ticket, timeline.OPTED_OUT)
	listeners.notify("twilio_sms_message_received", message)
