"""Taking over an account's numbers, short codes and Messaging Services from Twilio."""

from dataclasses import asdict, dataclass, field

import frappe
from frappe import _
from frappe.utils import now_datetime

from twilio_sms_channel.messaging.setup import number_region, rcs_offers, webhook_config
from twilio_sms_channel.people import countries, phone
from twilio_sms_channel.twilio_gateway.inventory import (
	ALPHANUMERIC,
	SERVICE,
	SHORT_CODE,
	TOLL_FREE,
	Inventory,
	Sender,
)

NUMBER = "Twilio SMS Number"


@dataclass
class Result:
	"""What an import did; numbers as they are named here."""

	added: list[str] = field(default_factory=list)
	updated: list[str] = field(default_factory=list)
	returned: list[str] = field(default_factory=list)
	"""of those updated: released once, and back in the account"""
	released: list[str] = field(default_factory=list)
	"""here, but gone from the account"""
	refused: dict[str, str] = field(default_factory=dict)
	"""not taken over, with the reason"""


def available(account) -> dict[str, list[dict]]:
	"""What could be imported, each with what Twilio says of it and what is here already; and the account's RCS senders.

	:raises TwilioProblem:
	"""
	inventory = Inventory(account.gateway())
	senders = inventory.all()
	here = _here([sender.address for sender in senders])
	return {
		"numbers": [_offer(sender, here.get(sender.address), account.name) for sender in senders],
		"rcs_senders": rcs_offers.of(inventory, senders),
	}


def take_over(account, chosen: list[str] | None = None, team: str | None = None) -> Result:
	"""Add numbers, bring those up to date that are here, and mark those that left the account. Does not commit.

	Twilio is asked for all of it before anything is written, so an import that is interrupted leaves all as it was.

	:param chosen: which of the new ones to add, as Twilio spells them; all without it
	:param team: that new tickets from them go to, where Helpdesk is installed; who has a team keeps it
	:raises TwilioProblem:
	:raises frappe.ValidationError: a number cannot be saved; nothing is then
	"""
	senders = {sender.address: sender for sender in Inventory(account.gateway()).all()}
	result = Result(
		refused={address: _unknown(account, address) for address in set(chosen or ()) - set(senders)}
	)
	here = _here(list(senders))
	was_disconnected = any(here[address].disconnected_on for address in set(chosen or ()) & set(here))
	for address, sender in senders.items():
		found = here.get(address)
		if found and found.account != account.name:
			if chosen is None or address in chosen:
				result.refused[address] = _elsewhere(found)
		elif found:
			_update(sender, address in (chosen or ()), team, result)
		elif chosen is None or address in chosen:
			_add(account, sender, team)
			result.added.append(address)
	if was_disconnected and not account.enabled:
		# It went off together with its numbers, which could send nothing without it.
		account.enabled = 1
		account.save()
	result.released = _mark_released(account, list(senders))
	if result.added:
		number_region.fill_in_later()
	return result


def team_doctype() -> str:
	"""What a number's team is, "" where no help desk with teams is installed, or the user may not see them."""
	field = frappe.get_meta(NUMBER).get_field("team")
	return field.options if field and frappe.has_permission(field.options) else ""


def _add(account, sender: Sender, team: str | None) -> None:
	number = frappe.new_doc(NUMBER)
	number.update({"phone_number": sender.address, "account": account.name})
	number.description = sender.name if sender.name != sender.address else ""
	number.take_over(sender)
	_assign(number, team)
	number.insert()


def _update(sender: Sender, is_chosen: bool, team: str | None, result: Result) -> None:
	number = frappe.get_doc(NUMBER, sender.address)
	if number.released_on:
		result.returned.append(number.name)
	number.take_over(sender)
	if is_chosen:
		_assign(number, team)
		# Whoever imports it again wants it back; what an admin only switched off stays off.
		number.enabled = int(bool(number.enabled or number.disconnected_on))
	number.save()
	result.updated.append(number.name)


def _assign(number, team: str | None) -> None:
	if team and number.meta.has_field("team") and not number.team:
		number.team = team


def _mark_released(account, owned: list[str]) -> list[str]:
	"""Those that Twilio once listed and no longer does; one that was typed in and never found at Twilio is no such."""
	gone = frappe.get_all(
		NUMBER,
		{"account": account.name, "twilio_sid": ("is", "set"), "name": ("not in", owned or [""])},
		["name", "released_on"],
	)
	for number in gone:
		if not number.released_on:
			frappe.db.set_value(NUMBER, number.name, "released_on", now_datetime())
	return [number.name for number in gone]


def _here(addresses: list[str]) -> dict:
	fields = ["name", "account", "released_on", "disconnected_on"]
	rows = frappe.get_all(NUMBER, {"name": ("in", addresses or [""])}, fields)
	return {row.name: row for row in rows}


def _offer(sender: Sender, found, account: str) -> dict:
	elsewhere = _elsewhere(found) if found and found.account != account else ""
	return {
		**asdict(sender),
		"display": phone.display(sender.address),
		"country_name": _(countries.country_of_region(sender.country) or ""),
		"reach": reach(sender, countries.default_region()),
		"whose": webhook_config.whose(sender.webhook),
		"words": webhook_config.describe(sender),
		"here": bool(found and not elsewhere),
		"refused": elsewhere,
		# A service whose numbers are listed themselves would be the same sender twice; by RCS nothing else is reached.
		"suggested": not elsewhere and (sender.kind != SERVICE or bool(sender.rcs)),
	}


def reach(sender: Sender, region: str | None) -> str:
	"""Whether a phone can text it: "here" from a country, "abroad" as one of another country, "none" not at all.

	:param region: ISO 3166 alpha-2 of the phone's country; None when it is not known
	"""
	if sender.kind in (SERVICE, ALPHANUMERIC):
		# Nobody can dial these.
		return "none"
	own = sender.country or phone.region_of(sender.address)
	# Toll-free digits of North America are of several countries.
	is_same = own == region or (sender.kind == TOLL_FREE and {own, region} <= {"US", "CA"})
	if not region or not own or is_same:
		return "here"
	return "none" if sender.kind in (SHORT_CODE, TOLL_FREE) else "abroad"


def _elsewhere(found) -> str:
	return _("It is set up here already, for the account {0}. Open it and change its account first.").format(
		found.account
	)


def _unknown(account, address: str) -> str:
	return _("The Twilio account {0} does not own {1}. Check the number and its account.").format(
		account.name, phone.display(address)
	)
