"""Which number suits which country, by the rules of networks."""

from datetime import date
from pathlib import Path

import pytest

from twilio_sms_channel.people import sender_rules as rules
from twilio_sms_channel.people.sender_rules import (
	LONG_CODE,
	NAME,
	SERVICE,
	SHORT_CODE,
	TOLL_FREE,
	Reason,
	Sender,
)

US, GB, CA, DE = (Sender(LONG_CODE, region) for region in ("US", "GB", "CA", "DE"))
FREE = Sender(TOLL_FREE, "US")
ACME = Sender(NAME, None)


@pytest.mark.parametrize(
	("sender", "region", "expected"),
	[
		(US, "US", Reason.SAME_COUNTRY),
		(US, "PR", Reason.SAME_COUNTRY),
		(US, "CA", Reason.OTHER_COUNTRY),
		(CA, "US", Reason.OTHER_COUNTRY),
		(FREE, "CA", Reason.SAME_COUNTRY),
		(US, "DE", Reason.OTHER_COUNTRY),
		(FREE, "DE", Reason.OTHER_COUNTRY),
		(US, "GB", Reason.FOREIGN_NUMBER_BLOCKED),
		(FREE, "GB", Reason.FOREIGN_NUMBER_BLOCKED),
		(GB, "GB", Reason.SAME_COUNTRY),
		(DE, "US", Reason.FOREIGN_NUMBER_DOUBTFUL),
		(Sender(SHORT_CODE, "GB"), "GB", Reason.SAME_COUNTRY),
		(Sender(SERVICE, None), "GB", Reason.CHOSEN_BY_TWILIO),
		(Sender(LONG_CODE, None), "GB", Reason.COUNTRY_UNKNOWN),
		(US, None, Reason.COUNTRY_UNKNOWN),
		(Sender(LONG_CODE, "US", is_unregistered=True), "US", Reason.US_UNREGISTERED),
		(Sender(LONG_CODE, "US", is_unregistered=True), "CA", Reason.OTHER_COUNTRY),
		(Sender(LONG_CODE, "US", is_unregistered=True), "DE", Reason.OTHER_COUNTRY),
		(Sender(TOLL_FREE, "US", is_unregistered=True), "CA", Reason.TOLL_FREE_UNVERIFIED),
		(Sender(TOLL_FREE, "US", is_unregistered=True), "DE", Reason.OTHER_COUNTRY),
		(ACME, "DE", Reason.NO_ANSWER),
		(ACME, None, Reason.NO_ANSWER),
		(ACME, "US", Reason.NAMES_BLOCKED),
		(ACME, "CA", Reason.NAMES_BLOCKED),
		(ACME, "AU", Reason.NAME_UNREGISTERED),
		(ACME, "IE", Reason.NAME_UNREGISTERED),
		(ACME, "SG", Reason.NAME_UNREGISTERED),
		# Its register is voluntary.
		(ACME, "GB", Reason.NO_ANSWER),
		(Sender(NAME, None, frozenset(("AU",))), "AU", Reason.NO_ANSWER),
		(Sender(NAME, None, frozenset(("AU",))), "IE", Reason.NAME_UNREGISTERED),
	],
)
def test_what_decides(sender, region, expected):
	assert rules.reason(sender, region) == expected


def best_first(region, *senders):
	return sorted(senders, key=lambda sender: rules.rank(rules.reason(sender, region)))


def test_a_customer_in_the_united_kingdom_is_texted_from_there_or_by_name():
	assert best_first("GB", US, ACME, GB, FREE) == [GB, ACME, US, FREE]
	assert best_first("GB", US, ACME)[0] == ACME
	assert [rules.is_blocked(rules.reason(sender, "GB")) for sender in (GB, ACME, US)] == [False, False, True]


def test_a_number_that_is_not_registered_comes_behind_one_that_is():
	unregistered = Sender(LONG_CODE, "US", is_unregistered=True)
	assert best_first("US", unregistered, CA, FREE) == [FREE, CA, unregistered]
	assert best_first("CA", unregistered, FREE) == [FREE, unregistered]


def test_the_order_has_every_reason_once_and_what_is_blocked_last():
	assert len(rules.ORDER) == len(set(rules.ORDER)) == len(Reason)
	assert set(rules.ORDER[-len(rules.BLOCKED) :]) == rules.BLOCKED


def test_registers_that_a_name_lacks():
	missing = rules.missing_registers(("DE", "AU", "GB", "AU"), frozenset(("GB",)))
	assert [register.country for register in missing] == ["Australia"]
	assert rules.missing_registers(("AU", "GB"), frozenset(("AU", "GB"))) == []


def test_files_go_to_three_countries_and_never_by_name():
	assert rules.can_carry_files(LONG_CODE, True, "US")
	assert not rules.can_carry_files(LONG_CODE, False, "US")
	assert not rules.can_carry_files(LONG_CODE, True, "GB")
	assert not rules.can_carry_files(NAME, True, "AU")


def all_rules() -> list[rules.Rule]:
	values = [value if isinstance(value, tuple) else (value,) for value in vars(rules).values()]
	return [rule for group in values for rule in group if isinstance(rule, rules.Rule)]


def test_every_rule_says_since_when_and_who_says_so():
	assert len(all_rules()) >= 8
	for rule in all_rules():
		assert rule.since == "always" or date.fromisoformat(rule.since)


def test_every_rule_is_on_the_page_about_rules():
	page = (Path(__file__).parents[2] / "docs" / "compliance.md").read_text(encoding="utf-8")
	rows = [line for line in page.splitlines() if line.startswith("|")]
	for rule in all_rules():
		assert any(rule.source in row and f"| {rule.since} |" in row for row in rows), rule
	for register in rules.REGISTERS:
		(row,) = [row for row in rows if row.startswith(f"| {register.country} |")]
		assert register.source in row and (not register.shown_as or f"“{register.shown_as}”" in row)
