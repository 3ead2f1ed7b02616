"""Whether the session user may text somebody first, and what a phone number that they typed means."""

import frappe
from frappe import _

from twilio_sms_channel.content import outside
from twilio_sms_channel.desks.base import Ticket
from twilio_sms_channel.desks.registry import default_desk, desk_for_new, desk_of
from twilio_sms_channel.messaging.conversation import conversations, eligibility
from twilio_sms_channel.messaging.outbound import outbox
from twilio_sms_channel.people import countries, phone

NUMBER, CONVERSATION = "Twilio SMS Number", "Twilio SMS Conversation"
Named = tuple[str, str]
"""DocType and name of a ticket"""


def customer_number(to: str | None, ours: str | None = None) -> str:
	"""The number to text in E.164.

	:param to: in any spelling
	:param ours: name of the Twilio SMS Number that texts it, by whose country a national number is read
	:raises outbox.CannotText: it is no phone number, or our own
	"""
	if not (said := outside.harmless(phone.cleaned(to))):
		outbox.refuse(_("Enter the phone number to text."))
	if not (
		number := read(
			to, countries.region_of_ours(frappe.get_cached_doc(NUMBER, ours)) if ours else None, regions()
		)
	):
		outbox.refuse(
			_(
				"{0} is not a phone number. Write it with its country code, for example +1 415 555 0132."
			).format(said)
		)
	if frappe.db.exists(NUMBER, number):
		outbox.refuse(_("{0} is our own number. Enter the customer's.").format(phone.display(number)))
	return number


def read(to: str, ours: str | None, regions: list[str | None]) -> str | None:
	"""What number was meant, read as in the country of the number that texts it, else the site's, else one of our others."""
	return phone.read_in(to, [ours, *regions])


def regions() -> list[str | None]:
	"""The countries of the site and of our numbers, in the order in which a national number is read."""
	others = frappe.get_all(NUMBER, fields=["name", "country"], order_by="creation")
	theirs = [countries.region_of_ours(number) for number in others]
	return list(dict.fromkeys([countries.default_region(), *theirs]))


class About:
	"""The ticket that is to reply by SMS, if it is not to be the conversation's own or a new one."""

	def __init__(self, ticket: Named | None):
		self.ticket = ticket
		self.own = ticket and frappe.db.get_value(*ticket, "twilio_sms_conversation")
		self.customer_number = self.own and frappe.db.get_value(CONVERSATION, self.own, "customer_number")
		self._may_create: dict[str, bool] = {}

	def is_in(self, current: Ticket | None) -> bool:
		return bool(current) and (current.doctype, current.name) == self.ticket

	def may_create(self, number) -> bool:
		"""Whether the session user may open a ticket where those of a number go, if one is needed.

		:param number: Twilio SMS Number, its document or row
		"""
		if self.ticket:
			return True
		desk = desk_for_new(number)
		if desk.doctype not in self._may_create:
			# An agent of another ticket system may be a customer of this one, and customers may create tickets, too.
			may = desk.is_agent() and frappe.has_permission(desk.doctype, "create")
			self._may_create[desk.doctype] = bool(may)
		return self._may_create[desk.doctype]


def why_not(conversation, ticket: Named | None = None) -> str:
	"""The reason why the session user cannot start texting in a conversation, "" when they can.

	:param conversation: Twilio SMS Conversation document, which may be unsaved
	:param ticket: the ticket that is to reply by SMS, if it is not to be the conversation's own or a new one
	"""
	if refused := eligibility.refusal(conversation):
		return refused.reason
	number = frappe.get_cached_doc(NUMBER, conversation.number)
	return why_not_here(conversation, number, continued(conversation), About(ticket))


def why_not_here(conversation, number, current: Ticket | None, about: About) -> str:
	customer = phone.display(conversation.customer_number)
	is_own = about.is_in(current)
	# What the customer would answer in may be resolved: it is not for others to take the conversation out of it.
	theirs = current or conversations.continued_ticket(conversation, number)
	if theirs and not about.is_in(theirs) and not desk_of(theirs.doctype).may_write(theirs.name):
		# What it is about, and whose it is, stays with those who may read it.
		return _(
			"{0} is in an SMS conversation with other colleagues, from {1}. Choose another number of ours."
		).format(customer, phone.display(conversation.number))
	if about.own and not is_own and about.customer_number != conversation.customer_number:
		return _(
			"This ticket is a conversation with another number. Start a separate ticket for {0}."
		).format(customer)
	if not current and not about.may_create(number):
		return _("You may not create tickets. Open the customer's ticket and send the message from there.")
	return ""


def continued(conversation) -> Ticket | None:
	"""The conversation's ticket that a message which an agent starts goes into."""
	if conversation.is_new() or not conversation.ticket:
		return None
	policy = frappe.get_cached_value(NUMBER, conversation.number, "threading_policy")
	if policy == "Always a new ticket":
		return None
	current = conversations.ticket_of(conversation)
	# Other than a customer's answer a new matter does not reopen what was resolved.
	return current if current and (not current.resolved_at or policy == "Always the same ticket") else None


def named(ticket: str | None, ticket_doctype: str | None) -> Named | None:
	return (ticket_doctype or default_desk().doctype, ticket) if ticket else None
