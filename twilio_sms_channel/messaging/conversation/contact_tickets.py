"""A contact's open tickets, whatever channel they began in and whichever number of ours they are with."""

from collections.abc import Iterator
from contextlib import contextmanager

import frappe

from twilio_sms_channel.desks.base import Desk, Ticket
from twilio_sms_channel.desks.registry import desk_of
from twilio_sms_channel.infra import own_writes
from twilio_sms_channel.messaging.conversation import conversations, timeline
from twilio_sms_channel.people import contacts

CONVERSATION, NUMBER = "Twilio SMS Conversation", "Twilio SMS Number"
POLICY = "Any open ticket of the contact"


@contextmanager
def serialized(number: str, customer_number: str) -> Iterator[None]:
	"""One at a time about this customer's contact where that decides which ticket a message goes into: texts to two
	numbers at the same moment would open two.

	:param number: name of the Twilio SMS Number that was texted
	"""
	contact = None
	if frappe.get_cached_value(NUMBER, number, "threading_policy") == POLICY:
		contact = conversations.contact_of(number, customer_number) or contacts.find(customer_number)
	if not contact:
		yield
		return
	with conversations.serialized("contact", contact):
		yield


def find(desk: Desk, contact: str | None) -> Ticket | None:
	"""The contact's open ticket that changed last, None without one. What another customer reads on the portal is left
	out: they would read this one's messages.

	:param contact: name of a Contact, which may be deleted
	"""
	if not contacts.exists(contact):
		return None
	for name in desk.open_tickets_of(contact):
		ticket, doc = desk.resolve_ticket(name), frappe.get_doc(desk.doctype, name)
		if not ticket or ticket.resolved_at or not _answers(doc, contact):
			continue
		if not other_readers(doc, contact):
			return ticket
	return None


def other_readers(ticket, contact: str) -> list[str]:
	"""Customers with a login who read a ticket (its document) on the portal and are somebody else than the contact."""
	emails, own = contacts.emails_of(contact), frappe.db.get_value("Contact", contact, "user")
	readers = desk_of(ticket.doctype).readers_on_portal(ticket)
	return [user for user in readers if user != own and user.lower() not in emails]


def join(ticket: Ticket, conversation) -> None:
	"""Have a contact's ticket answer in the conversation that they have just texted in. A ticket that replies by e-mail
	goes on doing so, where it has an address, until an agent switches.

	:param conversation: Twilio SMS Conversation document, locked
	"""
	doc = frappe.get_doc(ticket.doctype, ticket.name, for_update=True)
	before = doc.twilio_sms_conversation
	if before == conversation.name or not _answers(doc, conversation.contact):
		return
	if not before:
		doc.twilio_sms_reply_channel = "Email" if doc.customer_email() else "SMS"
	doc.twilio_sms_conversation = conversation.name
	# Whoever texts fills in no fields, and does not mind what was deleted.
	doc.flags.ignore_mandatory = doc.flags.ignore_links = True
	own_writes.ours(doc).save(ignore_permissions=True)
	timeline.log(ticket.doctype, ticket.name, timeline.CONTINUED)


def _answers(ticket, contact: str | None) -> bool:
	"""Whether a ticket's replies go to this contact: a merged one may go on texting somebody else.

	:param ticket: its document
	"""
	if conversation := ticket.twilio_sms_conversation:
		return frappe.db.get_value(CONVERSATION, conversation, "contact") == contact
	return ticket.contact == contact
