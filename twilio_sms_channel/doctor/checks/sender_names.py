"""Sender names towards countries that keep a register of them. Nobody tells the app whether a name is in one: the admin does."""

from collections.abc import Iterator

import frappe
from frappe import _
from frappe.query_builder.functions import Max, Substring
from pypika.terms import Criterion

from twilio_sms_channel.doctor.context import NUMBER, AccountContext
from twilio_sms_channel.doctor.findings import AT_RISK, NOTICE, Finding
from twilio_sms_channel.infra import clock
from twilio_sms_channel.messaging.conversation import sender_facts
from twilio_sms_channel.people import phone, sender_rules
from twilio_sms_channel.people.sender_rules import Register

MESSAGE = "Twilio SMS Message"
TEXTED_DAYS = 30
# "+447797": the islands that share the code of the United Kingdom are told apart by as much.
TELLING_DIGITS = 7


def check_sender_names(account_context: AccountContext) -> Iterator[Finding]:
	"""Names that texted such a country lately and are not marked as registered there."""
	for number in account_context.numbers:
		if number.number_type != sender_rules.NAME:
			continue
		registered_in = sender_facts.registered_in(frappe.get_cached_doc(NUMBER, number.name))
		missing = sender_rules.missing_registers(_texted(number.name), registered_in)
		if missing:
			yield _finding(number.name, missing)


def _finding(name: str, missing: list[Register]) -> Finding:
	countries = ", ".join(_(register.country) for register in missing)
	labels = [f"{_(register.country)} (“{register.shown_as}”)" for register in missing if register.shown_as]
	return Finding(
		"sender_names.unregistered",
		AT_RISK if labels else NOTICE,
		_(
			"The sender name {0} is not marked as registered in: {1}. It texted there within the last {2} days."
		).format(name, countries, TEXTED_DAYS),
		_(
			"Phones show a warning in place of a name that is not registered: {0}. Networks may also block it."
		).format(", ".join(labels))
		if labels
		else _("Networks block names that others have registered, and some generic ones."),
		_(
			"Register the name in the Twilio console under Messaging, Senders, and tick the country on this number. If it is registered already, only tick it."
		),
		NUMBER,
		name,
	)


def _texted(name: str) -> list[str]:
	"""ISO 3166 alpha-2 codes of the countries with a register that a name texted lately."""
	Message = frappe.qb.DocType(MESSAGE)
	there = [Message.customer_number.like(f"{register.prefix}%") for register in sender_rules.REGISTERS]
	query = (
		frappe.qb.from_(Message)
		.select(Max(Message.customer_number))
		.where((Message.number == name) & (Message.direction == "Outbound"))
		.where(Message.creation > clock.ago(days=TEXTED_DAYS))
		.where(Criterion.any(there))
		.groupby(Substring(Message.customer_number, 1, TELLING_DIGITS))
	)
	return [region for number in query.run(pluck=True) if (region := phone.region_of(number))]
