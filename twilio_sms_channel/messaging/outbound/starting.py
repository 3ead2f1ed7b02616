"""An SMS conversation that an agent starts, with a phone number, a contact, or the customer of an e-mail ticket."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import frappe
from frappe import _

from twilio_sms_channel.content import outside
from twilio_sms_channel.desks.base import Ticket
from twilio_sms_channel.desks.registry import default_desk, desk_for_new, desk_of, desks
from twilio_sms_channel.infra import conditional_update, locks
from twilio_sms_channel.messaging.conversation import consent, conversations, eligibility, timeline
from twilio_sms_channel.messaging.delivery import account_pause
from twilio_sms_channel.messaging.outbound import outbox, start_contact
from twilio_sms_channel.people import countries, phone

NUMBER, CONVERSATION = "Twilio SMS Number", "Twilio SMS Conversation"
# Stands for the number in the lock of those who leave it to us.
ANY_NUMBER = "any"
Named = tuple[str, str]
"""DocType and name of a ticket"""


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
	:param number: name of the Twilio SMS Number to text from; proposed when left out, see `numbers`
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
	to, named = customer_number(to, number), _named(ticket, ticket_doctype)

	def from_number(ours: str) -> Started:
		with conversations.serialized(ours, to, for_person=True):
			return _start(to, body, ours, named, contact, subject, files or [], request_id, confirmed)

	def begin() -> Started:
		if number:
			return from_number(number)
		# Of two agents to whom different numbers are proposed, the second one sees the conversation of the first.
		with conversations.serialized(ANY_NUMBER, to, for_person=True):
			frappe.db.rollback()
			started = from_number(_proposed(to, named))
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
	if reason := why_not(planned, ticket) or outbox.why_not(planned, body, files):
		outbox.refuse(reason)
	outbox.refuse_files(planned, files)
	if not confirmed:
		outbox.refuse_if_unasked(planned)
	outbox.ask_about_unreachable(to)
	conversation = conversations.get_or_create_locked(number, to)
	if first := outbox.asked_before(request_id, _about(to)):
		return _as_before(first)
	if reason := why_not(conversation, ticket):
		outbox.refuse(reason)
	start_contact.set_contact(conversation, contact, ticket)
	conditional_update.require(CONVERSATION, conversation.name)
	continued = ticket or ((current := _continued(conversation)) and (current.doctype, current.name))
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


def numbers(
	to: str | None = None, ticket: str | None = None, ticket_doctype: str | None = None
) -> list[dict[str, Any]]:
	"""Our numbers, the one to propose for texting somebody first: the one of the last conversation with them, else one
	of their country, of the ticket's team, of the caller's teams. Those whose account Twilio refuses come behind.

	:param to: the customer's number in any spelling; without it `why_not` is about our numbers alone
	:param ticket: the ticket that is to reply by SMS
	:param ticket_doctype: its DocType, as in `start`
	:return: `[{"number", "display", "label", "why_not": reason or "", "off": whether the reason is the number itself,
		"to": what `to` is read as from there, for people, "continues": None | {"ticket", "ticket_doctype",
		"subject"}}]`
	:raises outbox.CannotText: `to` is no phone number, or our own
	"""
	return _numbers(to, _named(ticket, ticket_doctype))


def _numbers(to: str | None, ticket: Named | None) -> list[dict[str, Any]]:
	said = customer_number(to) if to else None
	own = {team for desk in desks() for team in desk.teams_of(frappe.session.user)}
	theirs = _team_of(ticket)
	halted = account_pause.halted()
	regions = _regions()
	rows = frappe.get_all(NUMBER, fields=["name", "country"], order_by="creation")
	# What a national number means depends on who texts it.
	by_region = {region: (_read(to, region, regions) or said) if to else None for region in [None, *regions]}
	read = {row.name: by_region[countries.region_of_ours(row)] for row in rows}
	meant = {customer for customer in read.values() if customer}
	facts = eligibility.Facts.of_all_numbers(meant)
	conversations_with = _conversations_with(meant)
	about = _About(ticket)
	prospects = [
		_prospect(number, read.get(number.name), conversations_with, about, facts) for number in facts.numbers
	]

	def rank(prospect) -> tuple:
		number = prospect["doc"]
		return (
			bool(prospect["why_not"]),
			prospect["off"],
			# Nobody can answer a name: such a sender is for those who choose it.
			number.number_type == "Alphanumeric Sender",
			# Its messages would wait until somebody mends the account.
			number.account in halted,
			-prospect["last"].timestamp() if prospect["last"] else 0,
			prospect["abroad"],
			not theirs or number.get("team") != theirs,
			number.get("team") not in own,
		)

	shown = ("number", "display", "label", "why_not", "off", "opted_out", "to", "continues")
	return [{key: prospect[key] for key in shown} for prospect in sorted(prospects, key=rank)]


def customer_number(to: str | None, ours: str | None = None) -> str:
	"""The number to text in E.164.

	:param to: in any spelling
	:param ours: name of the Twilio SMS Number that texts it, by whose country a national number is read
	:raises outbox.CannotText: it is no phone number, or our own
	"""
	if not (said := outside.harmless(phone.cleaned(to))):
		outbox.refuse(_("Enter the phone number to text."))
	if not (
		number := _read(
			to, countries.region_of_ours(frappe.get_cached_doc(NUMBER, ours)) if ours else None, _regions()
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


def _read(to: str, ours: str | None, regions: list[str | None]) -> str | None:
	"""What number was meant, read as in the country of the number that texts it, else the site's, else one of our others."""
	return phone.read_in(to, [ours, *regions])


def _regions() -> list[str | None]:
	"""The countries of the site and of our numbers, in the order in which a national number is read."""
	others = frappe.get_all(NUMBER, fields=["name", "country"], order_by="creation")
	theirs = [countries.region_of_ours(number) for number in others]
	return list(dict.fromkeys([countries.default_region(), *theirs]))


class _About:
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
	return _why_not_here(conversation, number, _continued(conversation), _About(ticket))


def _why_not_here(conversation, number, current: Ticket | None, about: _About) -> str:
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


def _conversations_with(customers: set[str]) -> dict[tuple[str, str], Any]:
	"""The conversations with these customers, by our number and theirs."""
	if not customers:
		return {}
	of_customers = {"customer_number": ("in", list(customers))}
	found = [
		frappe.get_doc(CONVERSATION, name)
		for name in frappe.get_all(CONVERSATION, of_customers, pluck="name")
	]
	return {(conversation.number, conversation.customer_number): conversation for conversation in found}


def _prospect(
	number, to: str | None, conversations_with: dict, about: _About, facts: eligibility.Facts
) -> dict[str, Any]:
	"""A number of ours with what is to be said of texting somebody from it."""
	off = eligibility.why_off(number, facts)
	prospect = {
		"doc": number,
		"number": number.name,
		"display": phone.display(number.name),
		"label": number.description or "",
		"why_not": facts.site or (off.reason if off else ""),
		"off": bool(facts.site or off),
		"opted_out": False,
		"to": phone.display(to),
		"abroad": bool(to) and countries.region_of_ours(number) not in (None, phone.region_of(to)),
		"continues": None,
		"last": None,
	}
	# Without a number that stands in there is nothing more to ask about one that is off.
	if not to or facts.site or (off and not number.fallback_number):
		return prospect
	pair = {"number": number.name, "customer_number": to}
	conversation = conversations_with.get(tuple(pair.values())) or frappe.get_doc(
		{"doctype": CONVERSATION, **pair}
	)
	refused = eligibility.refusal(conversation, facts)
	prospect["opted_out"] = bool(refused and refused.code == eligibility.Code.OPTED_OUT)
	current = None if refused else _continued(conversation)
	prospect["last"] = _last(conversation)
	prospect["why_not"] = refused.reason if refused else _why_not_here(conversation, number, current, about)
	# Another number may stand in for it.
	prospect["off"] = bool(off and prospect["why_not"])
	if current and not prospect["why_not"] and not about.ticket:
		prospect["continues"] = {
			"ticket": current.name,
			"ticket_doctype": current.doctype,
			"subject": current.subject,
		}
	return prospect


def _proposed(to: str, ticket: Named | None) -> str:
	"""The number to text somebody from when nobody chose one."""
	prospects = _numbers(to, ticket)
	proposed = next(iter(prospects), None)
	if stopped := [prospect["display"] for prospect in prospects if prospect["opted_out"]]:
		# Each number has its own list of who opted out; but who said STOP to one is not texted from another by chance.
		outbox.refuse(
			_(
				"{0} opted out of messages from {1}. Choose the number to text from if they agreed to it."
			).format(phone.display(to), ", ".join(stopped))
		)
	if not proposed:
		outbox.refuse(_("There is no number to text from yet. An admin can add one under Twilio SMS Number."))
	if proposed["why_not"]:
		outbox.refuse(proposed["why_not"])
	if frappe.get_cached_value(NUMBER, proposed["number"], "number_type") == "Alphanumeric Sender":
		outbox.refuse(
			_(
				"Only {0} can text {1}, and nobody can answer a name. Choose it if no answer is needed."
			).format(proposed["display"], phone.display(to))
		)
	return proposed["number"]


def _continued(conversation) -> Ticket | None:
	"""The conversation's ticket that a message which an agent starts goes into."""
	if conversation.is_new() or not conversation.ticket:
		return None
	policy = frappe.get_cached_value(NUMBER, conversation.number, "threading_policy")
	if policy == "Always a new ticket":
		return None
	current = conversations.ticket_of(conversation)
	# Other than a customer's answer a new matter does not reopen what was resolved.
	return current if current and (not current.resolved_at or policy == "Always the same ticket") else None


def _named(ticket: str | None, ticket_doctype: str | None) -> Named | None:
	return (ticket_doctype or default_desk().doctype, ticket) if ticket else None


def _team_of(ticket: Named | None) -> str:
	about = desk_of(ticket[0]).resolve_ticket(ticket[1]) if ticket else None
	return about.team if about else ""


def _last(conversation) -> datetime | None:
	moments = (conversation.last_inbound, conversation.last_outbound)
	return max((frappe.utils.get_datetime(moment) for moment in moments if moment), default=None)


def _about(to: str) -> tuple[str, ...]:
	return ("start", to)


def _as_before(message) -> Started:
	doctype, ticket = frappe.db.get_value(
		"Communication", message.communication, ["reference_doctype", "reference_name"]
	) or (None, None)
	return Started(ticket, doctype, message.conversation, message.name, created=False)
