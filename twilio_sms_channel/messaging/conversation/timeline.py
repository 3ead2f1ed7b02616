"""What happens to a conversation besides its messages, told as lines between them.

A line is kept in the ticket system's own history as an English predicate, as the system keeps its own ("set status to
Open"), and translated for whoever reads it.
"""

from typing import Any

import frappe
from frappe import _

from twilio_sms_channel.desks.registry import desk_of, desk_or_none_of
from twilio_sms_channel.people import contacts, phone

# Histories hold it in these words.
STARTED = "started a text conversation"
OPTED_OUT = "opted out of text messages"
WAS_OPTED_OUT = "had opted out of text messages before, Twilio says"
NOTED_OPT_OUT = "noted that the customer wants no more text messages"
MAY_BE_TEXTED = "noted that the customer still wants text messages"
OPTED_IN = "opted in to text messages again"
REOPENED = "reopened the ticket with a text message"
CONTINUED = "continued the ticket with a text message"
TO_EMAIL = "switched the replies to e-mail"
TO_TEXT = "switched the replies to text messages"
# The customer did these, whoever's session wrote them down.
OF_CUSTOMER = (OPTED_OUT, WAS_OPTED_OUT, OPTED_IN, REOPENED, CONTINUED)


def log(doctype: str | None, ticket: str | None, what: str) -> None:
	"""Write a line into a ticket's history, where the ticket system keeps one.

	:param what: one of the predicates above; whoever is logged in did it, or the customer
	"""
	if ticket and (desk := desk_or_none_of(doctype)):
		desk.log(str(ticket), what)


def of(ticket, customer: str) -> list[dict[str, Any]]:
	"""A ticket's lines, oldest first: `[{"at": datetime, "what": sentence}]`.

	:param ticket: its document, or `doctype` and `name` of it
	:param customer: how the customer is shown
	"""
	sentences = _sentences()
	lines = desk_of(ticket.doctype).logged(str(ticket.name), list(sentences))
	return [
		{"at": line.at, "what": sentences[line.what].format(who(line.what, line.by, customer))}
		for line in lines
	]


def who(what: str, user: str, customer: str) -> str:
	"""Who did what a line tells."""
	return customer if what in OF_CUSTOMER else frappe.utils.get_fullname(user)


def customer_of(conversation: str) -> str:
	"""How a conversation's customer is shown: name, otherwise number."""
	row = frappe.db.get_value("Twilio SMS Conversation", conversation, ["contact", "customer_number"])
	return (row and (contacts.full_name(row[0]) or phone.display(row[1]))) or _("The customer")


def predicates() -> dict[str, str]:
	"""The lines as they are kept → behind a name, in the user's language."""
	return {
		STARTED: _("started an SMS conversation"),
		OPTED_OUT: _("opted out of text messages"),
		WAS_OPTED_OUT: _("had opted out of text messages before, Twilio says"),
		NOTED_OPT_OUT: _("noted that the customer wants no more text messages"),
		MAY_BE_TEXTED: _("noted that the customer still wants text messages"),
		OPTED_IN: _("opted in to text messages again"),
		REOPENED: _("reopened the ticket with a text message"),
		CONTINUED: _("continued the ticket with a text message"),
		TO_EMAIL: _("switched the replies to e-mail"),
		TO_TEXT: _("switched the replies to SMS"),
	}


def _sentences() -> dict[str, str]:
	return {
		STARTED: _("{0} started an SMS conversation"),
		OPTED_OUT: _("{0} opted out of text messages"),
		WAS_OPTED_OUT: _("{0} had opted out of text messages before, Twilio says"),
		NOTED_OPT_OUT: _("{0} noted that the customer wants no more text messages"),
		MAY_BE_TEXTED: _("{0} noted that the customer still wants text messages"),
		OPTED_IN: _("{0} opted in to text messages again"),
		REOPENED: _("{0} reopened the ticket with a text message"),
		CONTINUED: _("{0} continued the ticket with a text message"),
		TO_EMAIL: _("{0} switched the replies to e-mail"),
		TO_TEXT: _("{0} switched the replies to SMS"),
	}
