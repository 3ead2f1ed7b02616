"""Whether a customer may be messaged from one of our numbers.

One decision for the composer, the API, the start dialog and the queue. What only a message's own content tells (too long,
a file that cannot go along) is decided where it is written.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any

import frappe
from frappe import _

from twilio_sms_channel.infra import site_identity
from twilio_sms_channel.messaging.conversation import consent, consent_order, sender_facts
from twilio_sms_channel.people import countries, phone, sender_rules

ACCOUNT, NUMBER, CONVERSATION = "Twilio SMS Account", "Twilio SMS Number", "Twilio SMS Conversation"
_MARKED = "select name from `tabTwilio SMS Conversation` where name in %(names)s and opted_out = 1"


class Code(str, Enum):
	"""Why a customer may not be messaged."""

	SITE_IS_COPY = "site_is_copy"
	OPTED_OUT = "opted_out"
	NOT_ANSWERABLE = "not_answerable"
	NUMBER_OFF = "number_off"
	ACCOUNT_OFF = "account_off"
	OUT_OF_REACH = "out_of_reach"


# Another number of ours may do.
OFF = (Code.NUMBER_OFF, Code.ACCOUNT_OFF)


@dataclass(frozen=True)
class Refusal:
	"""Why a customer may not be messaged."""

	code: Code
	reason: str
	"""a sentence for agents, with what to do"""


class Facts:
	"""What the decision reads, each fact once."""

	def __init__(self):
		self._numbers: dict[str, Any] = {}
		self._accounts: dict[str, bool] = {}
		self._decisions: dict[str, list] = {}
		self._marked: dict[tuple[str, str], bool] = {}
		self._site: str | None = None
		self._unregistered: set[str] | None = None

	@classmethod
	def of_all_numbers(cls, customer_numbers: Iterable[str]) -> "Facts":
		"""About these customers and all of our numbers, however many, in four statements."""
		facts = cls()
		customers = list(set(customer_numbers))
		facts._numbers = {row.name: row for row in frappe.get_all(NUMBER, fields=["*"], order_by="creation")}
		facts._accounts = {
			row.name: bool(row.enabled) for row in frappe.get_all(ACCOUNT, fields=["name", "enabled"])
		}
		facts._decisions = {customer: [] for customer in customers}
		for event in consent_order.decisions(customers):
			facts._decisions.setdefault(event.customer_number, []).append(event)
		pairs = (_pair(number, customer) for number in facts._numbers for customer in customers)
		facts._marked = dict.fromkeys(pairs, False)
		if customers:
			marked = {"customer_number": ("in", customers), "opted_out": 1}
			for row in frappe.get_all(CONVERSATION, marked, ["number", "customer_number"]):
				facts._marked[_pair(row.number, row.customer_number)] = True
		return facts

	@property
	def numbers(self) -> list:
		"""All that were read: Twilio SMS Numbers, the oldest first."""
		return list(self._numbers.values())

	@property
	def site(self) -> str:
		"""Why nothing is sent from this site, "" when it is."""
		if self._site is None:
			self._site = site_identity.why()
		return self._site

	@property
	def unregistered(self) -> set[str]:
		"""See `sender_facts.unregistered`."""
		if self._unregistered is None:
			self._unregistered = sender_facts.unregistered()
		return self._unregistered

	def number(self, name: str):
		return self._numbers.get(name) or frappe.get_cached_doc(NUMBER, name)

	def account_is_on(self, account: str) -> bool:
		if account not in self._accounts:
			self._accounts[account] = bool(frappe.db.get_value(ACCOUNT, account, "enabled"))
		return self._accounts[account]

	def stop(self, number, customer_number: str):
		"""The Twilio SMS Consent Event by which a customer is opted out, None without one."""
		if customer_number not in self._decisions:
			self._decisions[customer_number] = consent_order.decisions([customer_number])
		about = consent_order.about(
			self._decisions[customer_number],
			number.name,
			number.messaging_service_sid,
			number.get("reply_to_number"),
		)
		return consent_order.standing(about)

	def is_marked(self, number: str, customer_number: str) -> bool:
		"""Whether a conversation says that the customer opted out."""
		pair = _pair(number, customer_number)
		if pair not in self._marked:
			by_pair = {"number": number, "customer_number": customer_number}
			self._marked[pair] = bool(frappe.db.get_value(CONVERSATION, by_pair, "opted_out"))
		return self._marked[pair]


def _pair(number: str, customer_number: str) -> tuple[str, str]:
	"""A conversation's key, compared as the database does it."""
	return number.casefold(), customer_number.casefold()


def refusal(conversation, facts: Facts | None = None) -> Refusal | None:
	"""Why a conversation's customer may not be messaged now, None when they may.

	:param conversation: Twilio SMS Conversation document, which may be unsaved
	"""
	facts = facts or Facts()
	customer_number = conversation.customer_number
	if facts.site:
		return Refusal(Code.SITE_IS_COPY, facts.site)
	own = facts.number(conversation.number)
	if refused := opted_out(own, customer_number, facts, bool(conversation.opted_out)):
		return refused
	if not phone.is_answerable(customer_number):
		reason = _("{0} is not a phone number: messages from it cannot be answered.")
		return Refusal(Code.NOT_ANSWERABLE, reason.format(phone.display(customer_number)))
	number = number_for(conversation, facts)
	if refused := why_off(number, facts):
		return refused
	if number.name != own.name and (refused := opted_out(number, customer_number, facts)):
		return refused
	return _out_of_reach(number, customer_number)


def at_sending(number, is_on: bool, rows: list, own_numbers: dict[str, Any]) -> dict[str, Refusal]:
	"""Which of the messages that are about to leave a number may not, by their names.

	Only what may have changed since they were queued is looked at again.

	:param number: name, messaging_service_sid and reply_to_number of the Twilio SMS Number
	:param is_on: whether the number and its account are switched on
	:param rows: name, conversation, customer_number, automatic and stands_in_for of each Twilio SMS Message
	:param own_numbers: by conversation that others stand in for: the same of its number
	"""
	if not is_on:
		reason = _("Our number {0} was switched off before this message left. An admin can switch it on.")
		refused = Refusal(Code.NUMBER_OFF, reason.format(phone.display(number.name)))
		return {row.name: refused for row in rows}
	# Confirmations of a keyword go to customers who opted out as well.
	rows = [row for row in rows if not row.automatic]
	if not rows:
		return {}
	decided: dict[str, list] = {}
	for event in consent_order.decisions(list({row.customer_number for row in rows})):
		decided.setdefault(event.customer_number, []).append(event)
	conversations = list({name for row in rows for name in (row.conversation, row.stands_in_for) if name})
	# A constant: it runs for each message that leaves.
	found = frappe.db.sql(_MARKED, {"names": conversations}, pluck=True) if conversations else ()  # nosemgrep
	marked = set(found)
	refusals = {}
	for row in rows:
		# Whoever opted out of either number is not texted.
		asked = [(number, row.conversation)]
		if own := own_numbers.get(row.stands_in_for):
			asked.append((own, row.stands_in_for))
		for ours, conversation in asked:
			events = decided.get(row.customer_number, [])
			about = consent_order.about(events, ours.name, ours.messaging_service_sid, ours.reply_to_number)
			stop = consent_order.standing(about)
			if refused := _opted_out(stop, conversation in marked, row.customer_number):
				refusals[row.name] = refused
	return refusals


def number_for(conversation, facts: Facts | None = None):
	"""The Twilio SMS Number that messages go out from: the conversation's own, or while that is off its fallback.

	One step only: a fallback that is off itself is no help, whatever its own fallback is. Where it does not reach the
	customer's country, a number of that country and of the fallback's account does.
	"""
	facts = facts or Facts()
	number = facts.number(conversation.number)
	if not number.fallback_number or number.fallback_number == number.name or not why_off(number, facts):
		return number
	fallback = facts.number(number.fallback_number)
	if why_off(fallback, facts):
		return number
	if _reaches(fallback, conversation.customer_number, facts):
		return fallback
	return _domestic(fallback.account, conversation.customer_number, facts) or fallback


def _reaches(number, customer_number: str, facts: Facts) -> bool:
	why = sender_facts.reason(number, customer_number, facts.unregistered)
	return not sender_rules.is_blocked(why) and not _out_of_reach(number, customer_number)


def _domestic(account: str, customer_number: str, facts: Facts):
	"""The oldest number of an account that is of the customer's country and can send, None without one."""
	usable = {"account": account, "enabled": 1, "sms_enabled": 1}
	for number in frappe.get_all(NUMBER, usable, ["*"], order_by="creation"):
		why = sender_facts.reason(number, customer_number, facts.unregistered)
		if why == sender_rules.Reason.SAME_COUNTRY:
			return number
	return None


def why_off(number, facts: Facts | None = None) -> Refusal | None:
	"""Why nothing goes out from a number, None when it is on."""
	if not number.enabled or not number.sms_enabled:
		reason = _("Our number {0} is switched off. An admin can switch it on.")
		return Refusal(Code.NUMBER_OFF, reason.format(phone.display(number.name)))
	if not (facts or Facts()).account_is_on(number.account):
		reason = _("The Twilio account {0} is switched off. An admin can switch it on.")
		return Refusal(Code.ACCOUNT_OFF, reason.format(number.account))
	return None


def opted_out(
	number, customer_number: str, facts: Facts | None = None, is_marked: bool = False
) -> Refusal | None:
	"""The opt-out by which a customer may not be messaged from a number: who said so, how and when.

	:param number: a Twilio SMS Number, or its name
	:param is_marked: whether a conversation says so, when the caller knows one
	"""
	facts = facts or Facts()
	if isinstance(number, str):
		number = consent.our_number(number)
	stop = facts.stop(number, customer_number)
	marked = bool(stop) or is_marked or facts.is_marked(number.name, customer_number)
	return _opted_out(stop, marked, customer_number)


def _opted_out(stop, is_marked: bool, customer_number: str) -> Refusal | None:
	if stop:
		return Refusal(Code.OPTED_OUT, consent.explain(stop))
	if not is_marked:
		return None
	reason = _("{0} opted out of text messages. They have to text START before they can be texted again.")
	return Refusal(Code.OPTED_OUT, reason.format(phone.display(customer_number)))


def _out_of_reach(number, customer_number: str) -> Refusal | None:
	"""Why messages from this kind of number do not get to the customer."""
	customer = phone.display(customer_number)
	if number.number_type == "Alphanumeric Sender" and customer_number.startswith("+1"):
		reason = _(
			"{0} cannot be texted from {1}: networks of the United States and Canada (+1) take no messages from names. Send this as e-mail."
		)
		return Refusal(Code.OUT_OF_REACH, reason.format(customer, number.name))
	if number.number_type == "Short Code":
		country = number.country or countries.default_country()
		region = countries.region_of_country(country)
		if region and not phone.is_of_country(customer_number, region):
			reason = _(
				"{0} cannot be texted from the short code {1}: it reaches phones of {2} only. Send this as e-mail."
			)
			return Refusal(Code.OUT_OF_REACH, reason.format(customer, number.name, _(country)))
	return None
