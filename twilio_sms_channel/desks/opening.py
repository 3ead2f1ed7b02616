"""What opening a ticket for a message, and having one reply by SMS, takes in every ticket system."""

from collections.abc import Callable

import frappe
from frappe import _

from twilio_sms_channel.content import text
from twilio_sms_channel.desks.base import Desk, Ticket
from twilio_sms_channel.infra import conditional_update, own_writes
from twilio_sms_channel.infra.courtesies import courtesy, is_for_lack
from twilio_sms_channel.people import contacts, phone

MAX_SUBJECT_CHARACTERS = 140


def open_ticket(desk: Desk, conversation, body: str, subject: str) -> Ticket:
	"""See `Desk.open_ticket`."""
	subject = subject_of(subject or body, conversation.customer_number)
	if left := _left_empty(desk, conversation):
		frappe.db.set_value(desk.doctype, left, "subject", subject)
		return Ticket(desk.doctype, left, subject)
	ticket = frappe.new_doc(desk.doctype)
	ticket.update(
		{
			**desk.about_customer(conversation.contact),
			"subject": subject,
			"contact": conversation.contact,
			"twilio_sms_conversation": conversation.name,
			"twilio_sms_reply_channel": "SMS",
		}
	)
	_route(ticket, frappe.get_cached_doc("Twilio SMS Number", conversation.number), desk.routing_fields)
	ticket.flags.opened_by_message = True
	_insert(own_writes.ours(ticket))
	conditional_update.require(desk.doctype, ticket.name)
	name = str(ticket.name)
	if not conversation.contact and (sharing := contacts.sharing(conversation.customer_number)):
		desk.note(name, _whose_number(conversation.customer_number, sharing))
	elif entered := contacts.entered_by_themselves(conversation.customer_number):
		desk.note(name, _who_says_so(conversation.customer_number, entered))
	return Ticket(desk.doctype, name, ticket.subject)


def _route(ticket, number, routing_fields: dict[str, str]) -> None:
	for field, ticket_field in routing_fields.items():
		value = number.get(field)
		if value and frappe.db.exists(ticket.meta.get_options(ticket_field), value):
			ticket.set(ticket_field, value)


def _left_empty(desk: Desk, conversation) -> str | None:
	"""The conversation's ticket, if an attempt that failed left it without a word: other apps' code has committed it."""
	is_here = conversation.ticket and conversation.ticket_doctype == desk.doctype
	ticket = desk.resolve_ticket(conversation.ticket) if is_here else None
	if not ticket or ticket.resolved_at or not desk.may_write(ticket.name):
		return None
	if frappe.db.get_value(desk.doctype, ticket.name, "twilio_sms_conversation") != conversation.name:
		return None
	words = {"reference_doctype": desk.doctype, "reference_name": ticket.name}
	return None if frappe.db.exists("Communication", words) else ticket.name


def _insert(ticket) -> None:
	"""Insert a ticket, whatever a site asks people to fill in, and whoever it was to be assigned to was deleted."""
	with courtesy("A ticket could not be made as usual", but=lambda error: not is_for_lack(error)) as usual:
		conditional_update.insert(ticket, ignore_permissions=True, ignore_mandatory=True, ignore_links=True)
	if usual.failed and not _is_committed(ticket):
		# Its name was given back as well.
		ticket.set_new_name(force=True)
		ticket.db_insert()
		with courtesy("What the ticket system does with a new ticket was left out"):
			ticket.run_method("after_insert")


def _is_committed(ticket) -> bool:
	"""Whether a ticket that could not be inserted is there all the same: other apps' code has committed it before."""
	whose = {"twilio_sms_conversation": ticket.twilio_sms_conversation, "name": ticket.name}
	return bool(ticket.name and frappe.db.exists(ticket.doctype, whose))


def attach(doc, conversation, is_of_customer: Callable[[str], bool]) -> Ticket:
	"""See `Desk.attach`.

	:param doc: the ticket's document, read with a lock
	"""
	if is_of_customer(doc.twilio_sms_conversation or conversation.name):
		changes = {
			"twilio_sms_conversation": doc.twilio_sms_conversation or conversation.name,
			"twilio_sms_reply_channel": "SMS",
			"contact": doc.customer_contact or conversation.contact,
		}
		if any(doc.get(field) != value for field, value in changes.items()):
			doc.flags.ignore_mandatory = doc.flags.ignore_links = True
			own_writes.ours(doc.update(changes)).save()
	return Ticket(doc.doctype, str(doc.name), doc.subject)


def call_by(desk: Desk, ticket: str, body: str, customer_number: str) -> None:
	"""See `Desk.call_by`."""
	if frappe.db.get_value(desk.doctype, ticket, "subject") == subject_of("", customer_number):
		frappe.db.set_value(desk.doctype, ticket, "subject", subject_of(body, customer_number))


def call_by_first(desk: Desk, ticket: str, first, later: list, customer_number: str) -> None:
	"""See `Desk.call_by_first`."""
	now = frappe.db.get_value(desk.doctype, ticket, ["subject", *desk.word_fields], as_dict=True)
	subject, changes = subject_of(first.body, customer_number), {}
	if now.subject != subject and now.subject in [
		subject_of(message.body, customer_number) for message in later
	]:
		changes["subject"] = subject
	for field in desk.word_fields:
		if now[field] != first.content and now[field] in [message.content for message in later]:
			changes[field] = first.content
	if changes:
		frappe.db.set_value(desk.doctype, ticket, changes)
		desk.refresh(ticket)


def readers_on_portal(ticket, fields: tuple[str, ...]) -> list[str]:
	"""Customers with a login whom a ticket (its document) names in one of these fields."""
	tied = {str(ticket.get(field)) for field in fields if ticket.get(field)}
	customers = {"name": ("in", list(tied)), "user_type": "Website User", "enabled": 1}
	return frappe.get_all("User", customers, pluck="name")


def subject_of(body: str | None, customer_number: str) -> str:
	"""A ticket's subject from its first message: one line with all of its words, no markup, at most 140 characters."""
	if not (line := text.first_line(body).replace("<", "‹").replace(">", "›")):
		return _("SMS from {0}").format(phone.display(customer_number))
	return line if len(line) <= MAX_SUBJECT_CHARACTERS else line[: MAX_SUBJECT_CHARACTERS - 1].rstrip() + "…"


def _who_says_so(customer_number: str, contacts_that_say_so: list[str]) -> str:
	return _(
		"{0} is a number that {1} entered in their own profile, which proves nothing. If they wrote, choose them as the contact of this ticket."
	).format(phone.display(customer_number), _names(contacts_that_say_so))


def _whose_number(customer_number: str, contacts_with_it: list[str]) -> str:
	return _(
		"{0} is the number of several contacts: {1}. Choose who wrote as the contact of this ticket."
	).format(phone.display(customer_number), _names(contacts_with_it))


def _names(of_contacts: list[str]) -> str:
	return ", ".join(frappe.utils.escape_html(contacts.full_name(c) or c) for c in of_contacts)
