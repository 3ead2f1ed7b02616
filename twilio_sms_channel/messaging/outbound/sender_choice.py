"""Which of our numbers texts a customer first: the list that agents choose from, and the one that is proposed."""

from datetime import datetime
from typing import Any

import frappe
from frappe import _

from twilio_sms_channel.desks.registry import desk_of, desks
from twilio_sms_channel.messaging.conversation import eligibility, reachability, sender_facts
from twilio_sms_channel.messaging.delivery import account_pause
from twilio_sms_channel.messaging.outbound import outbox, start_checks
from twilio_sms_channel.messaging.outbound.start_checks import Named
from twilio_sms_channel.people import countries, phone, sender_rules
from twilio_sms_channel.people.sender_rules import Reason

NUMBER, CONVERSATION = "Twilio SMS Number", "Twilio SMS Conversation"
SHOWN = (
	*("number", "display", "label", "why_not", "off", "opted_out", "to", "continues"),
	*("note", "warns", "mms", "unreachable", "line"),
)


def numbers(
	to: str | None = None,
	ticket: str | None = None,
	ticket_doctype: str | None = None,
	with_files: bool = False,
) -> list[dict[str, Any]]:
	"""Our numbers, the one to propose for texting somebody first.

	That is the one of the last conversation with them, else the one that suits their country best by the rules of
	networks there (`people.sender_rules`), of the ticket's team, of the caller's teams. Those whose account Twilio refuses
	come behind, then names, then what networks of the customer's country do not deliver.

	:param to: the customer's number in any spelling; without it `why_not` is about our numbers alone
	:param ticket: the ticket that is to reply by SMS
	:param ticket_doctype: its DocType, as in `starting.start`
	:param with_files: files go along
	:return: `[{"number", "display", "label", "why_not": reason or "", "off": whether the reason is the number itself,
		"to": what `to` is read as from there, for people, "note": why it stands where it does, "warns": whether the note
		is a warning, "mms": whether files can go to this customer as MMS, "unreachable": why messages may not get to the
		customer, or "", "line": what Twilio Lookup said of the customer's number, or "", "continues": None | {"number",
		"ticket", "ticket_doctype", "subject"}}]`
	:raises outbox.CannotText: `to` is no phone number, or our own
	"""
	return _numbers(to, start_checks.named(ticket, ticket_doctype), with_files)


def _numbers(to: str | None, ticket: Named | None, with_files: bool) -> list[dict[str, Any]]:
	said = start_checks.customer_number(to) if to else None
	own = {team for desk in desks() for team in desk.teams_of(frappe.session.user)}
	theirs = _team_of(ticket)
	halted = account_pause.halted()
	regions = start_checks.regions()
	rows = frappe.get_all(NUMBER, fields=["name", "country"], order_by="creation")
	# What a national number means depends on who texts it.
	by_region = {
		region: (start_checks.read(to, region, regions) or said) if to else None
		for region in [None, *regions]
	}
	read = {row.name: by_region[countries.region_of_ours(row)] for row in rows}
	meant = {customer for customer in read.values() if customer}
	facts = eligibility.Facts.of_all_numbers(meant)
	conversations_with = _conversations_with(meant)
	about = start_checks.About(ticket)
	prospects = [
		_prospect(number, read.get(number.name), conversations_with, about, facts) for number in facts.numbers
	]
	_add_notes(prospects)
	_add_what_is_known(prospects, meant, conversations_with)

	def rank(prospect) -> tuple:
		number = prospect["doc"]
		return (
			bool(prospect["why_not"]),
			prospect["off"],
			# Networks do not deliver it; where the customer has written, an answer may be another matter.
			prospect["is_blocked"] and not prospect["has_written"],
			# Nobody can answer a name: such a sender is for those who choose it.
			number.number_type == sender_rules.NAME,
			# Its messages would wait until somebody mends the account.
			number.account in halted,
			-prospect["last"].timestamp() if prospect["last"] else 0,
			prospect["rank"],
			with_files and not prospect["mms"],
			not theirs or number.get("team") != theirs,
			number.get("team") not in own,
			not prospect["mms"],
		)

	return [{key: prospect[key] for key in SHOWN} for prospect in sorted(prospects, key=rank)]


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
	number, to: str | None, conversations_with: dict, about: start_checks.About, facts: eligibility.Facts
) -> dict[str, Any]:
	"""A number of ours with what is to be said of texting somebody from it."""
	off = eligibility.why_off(number, facts)
	region = phone.region_of(to) if to else None
	why = sender_rules.reason(sender_facts.of(number, facts.unregistered), region)
	prospect = {
		"doc": number,
		"number": number.name,
		"display": phone.display(number.name),
		"label": number.description or "",
		"why_not": facts.site or (off.reason if off else ""),
		"off": bool(facts.site or off),
		"opted_out": False,
		"to": phone.display(to),
		"customer_number": to,
		"region": region,
		"why": why,
		"rank": sender_rules.rank(why),
		"is_blocked": sender_rules.is_blocked(why),
		"has_written": False,
		"warns": bool(to) and _warns(why),
		"mms": sender_rules.can_carry_files(number.number_type, bool(number.mms_enabled), region),
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
	current = None if refused else start_checks.continued(conversation)
	prospect["last"] = _last(conversation)
	prospect["has_written"] = bool(conversation.last_inbound)
	prospect["why_not"] = (
		refused.reason if refused else start_checks.why_not_here(conversation, number, current, about)
	)
	# Another number may stand in for it.
	prospect["off"] = bool(off and prospect["why_not"])
	if current and not prospect["why_not"] and not about.ticket:
		prospect["continues"] = {
			"ticket": current.name,
			"ticket_doctype": current.doctype,
			"subject": current.subject,
		}
	return prospect


def _add_notes(prospects: list[dict]) -> None:
	"""Why each number stands where it does in the list, in one sentence; nothing without a customer."""
	regions = {prospect["region"] for prospect in prospects}
	# Each asked for once, however many numbers there are.
	countries_by_region = {region: countries.country_of_region(region) for region in regions if region}
	for prospect in prospects:
		region, why = prospect["region"], prospect["why"]
		country = countries_by_region.get(region)
		if not prospect["customer_number"]:
			prospect["note"] = ""
		elif prospect["last"] and not prospect["warns"]:
			# Not when, nor in which ticket: that is for those who may read it.
			prospect["note"] = _("Used with this customer before.")
		else:
			prospect["note"] = _sentence(why, region, _(country) if country else region or "")


def _add_what_is_known(prospects: list[dict], customers: set[str], conversations_with: dict) -> None:
	"""What earlier messages and Twilio Lookup taught of the customer's number, as it is read from each of ours."""
	doubts = {customer: reachability.doubt(customer) for customer in customers}
	lines = {
		customer: reachability.line_in_words(conversation)
		for (_number, customer), conversation in conversations_with.items()
		if conversation.line_checked_on
	}
	for prospect in prospects:
		doubt = doubts.get(prospect["customer_number"])
		prospect["unreachable"] = doubt.reason if doubt else ""
		prospect["line"] = lines.get(prospect["customer_number"], "")


def _warns(why: Reason) -> bool:
	"""Whether an agent had better choose another number."""
	return sender_rules.is_blocked(why) or why in (
		Reason.FOREIGN_NUMBER_DOUBTFUL,
		Reason.NAME_UNREGISTERED,
	)


def _sentence(why: Reason, region: str | None, where: str) -> str:
	"""
	:param where: the customer's country, for people
	"""
	if why == Reason.NAME_UNREGISTERED:
		shown_as = sender_rules.register_of(region).shown_as
		return _("{0}: not registered there, so phones show “{1}” in place of the name.").format(
			where, shown_as
		)
	sentences = {
		Reason.SAME_COUNTRY: _("Same country as the customer."),
		Reason.CHOSEN_BY_TWILIO: _("Twilio chooses the sender that suits the customer's country."),
		Reason.COUNTRY_UNKNOWN: _("The country of this number or of the customer's is not known."),
		Reason.OTHER_COUNTRY: _("Another country than the customer's."),
		Reason.FOREIGN_NUMBER_DOUBTFUL: _("{0}: numbers of other countries may not get through."),
		Reason.NO_ANSWER: _("The customer cannot answer a name."),
		Reason.FOREIGN_NUMBER_BLOCKED: _("{0}: networks block numbers of other countries."),
		Reason.NAMES_BLOCKED: _("{0}: networks block names."),
		Reason.US_UNREGISTERED: _("{0}: not registered there (10DLC), so networks block it."),
		Reason.TOLL_FREE_UNVERIFIED: _("{0}: toll-free number that is not verified, so networks block it."),
	}
	return sentences[why].format(where)


def proposed(to: str, ticket: Named | None, with_files: bool = False) -> str:
	"""The number to text somebody from when nobody chose one."""
	prospects = _numbers(to, ticket, with_files)
	first = next(iter(prospects), None)
	if stopped := [prospect["display"] for prospect in prospects if prospect["opted_out"]]:
		# Each number has its own list of who opted out; but who said STOP to one is not texted from another by chance.
		outbox.refuse(
			_(
				"{0} opted out of messages from {1}. Choose the number to text from if they agreed to it."
			).format(phone.display(to), ", ".join(stopped))
		)
	if not first:
		outbox.refuse(_("There is no number to text from yet. An admin can add one under Twilio SMS Number."))
	if first["why_not"]:
		outbox.refuse(first["why_not"])
	if frappe.get_cached_value(NUMBER, first["number"], "number_type") == sender_rules.NAME:
		outbox.refuse(
			_(
				"Only {0} can text {1}, and nobody can answer a name. Choose it if no answer is needed."
			).format(first["display"], phone.display(to))
		)
	return first["number"]


def _team_of(ticket: Named | None) -> str:
	about = desk_of(ticket[0]).resolve_ticket(ticket[1]) if ticket else None
	return about.team if about else ""


def _last(conversation) -> datetime | None:
	moments = (conversation.last_inbound, conversation.last_outbound)
	return max((frappe.utils.get_datetime(moment) for moment in moments if moment), default=None)
