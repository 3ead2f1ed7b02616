"""Who the customer is that an agent texts first: the contact that is chosen, known, or the ticket's."""

import frappe
from frappe import _

from twilio_sms_channel.content import outside
from twilio_sms_channel.infra import conditional_update
from twilio_sms_channel.messaging.conversation import contact_tickets, conversations
from twilio_sms_channel.messaging.outbound import outbox
from twilio_sms_channel.people import contacts, phone


def set_contact(conversation, chosen: str | None, ticket: tuple[str, str] | None) -> None:
	"""Say on the conversation who the customer is, and on that contact what their number is.

	:param conversation: Twilio SMS Conversation document, locked
	:param chosen: name of the Contact that the agent chose
	:param ticket: DocType and name of the ticket that is to reply by SMS
	:raises outbox.CannotText: somebody else reads the ticket, or it is from somebody else
	"""
	asked = frappe.get_doc(*ticket) if ticket else None
	own = asked and asked.customer_contact
	likely = chosen or (own if contacts.exists(own) else None)
	address = asked.customer_email() if asked and not likely else ""
	likely = likely or contacts.find_by_email(address)
	if chosen:
		contacts.confirm_number(chosen, conversation.customer_number)
	if likely:
		contacts.add_number(likely, conversation.customer_number)
	# What an agent says now counts; a ticket's contact may be the same person's other entry.
	known = conversation.contact if contacts.exists(conversation.contact) else None
	contact = chosen or known or likely or contacts.find_or_create(conversation.customer_number)
	if asked and contact:
		_refuse_other_readers(asked, contact, conversation.customer_number)
	if address and contact:
		_refuse_two_people(contact, address, conversation.customer_number)
		contacts.add_email(contact, address)
	if contact:
		conditional_update.require("Contact", contact)
	if contact != conversation.contact:
		conversation.contact = contact
		conversations.save(conversation)


def _refuse_two_people(contact: str, address: str, number: str) -> None:
	"""Refuse when somebody wrote the e-mail, and the number is somebody else's."""
	emails = contacts.emails_of(contact)
	if emails and address.lower() not in emails:
		outbox.refuse(
			_(
				"{0} is the number of {1}, but this ticket is from {2}. Choose who the customer is as the contact of this ticket, or start a separate ticket."
			).format(
				phone.display(number),
				outside.harmless(contacts.full_name(contact)),
				outside.harmless(address),
			)
		)


def _refuse_other_readers(ticket, contact: str, number: str) -> None:
	"""Refuse a ticket that another customer reads on the portal: they would read the messages of this one."""
	for user in contact_tickets.other_readers(ticket, contact):
		outbox.refuse(
			_(
				"{0} reads this ticket on the portal, but {1} is the number of {2}. Start a separate ticket for {1}."
			).format(
				outside.harmless(user),
				phone.display(number),
				outside.harmless(contacts.full_name(contact)),
			)
		)
