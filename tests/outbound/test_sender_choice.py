"""Which of our numbers is proposed for a customer's country, and what the list says of each."""

import random
import secrets

import frappe
import pytest
from support.reply_box import conversation_with, our_number

from twilio_sms_channel.messaging.conversation import eligibility
from twilio_sms_channel.messaging.outbound import sender_choice
from twilio_sms_channel.messaging.outbound.outbox import CannotText

IN_LONDON, IN_BERLIN, IN_SYDNEY = "+447400123456", "+4915112345678", "+61412345678"
# San Francisco
AT_HOME = "+14155550132"


def a_number(prefix: str) -> str:
	return f"{prefix}{random.randint(100_000, 999_999)}"


@pytest.fixture
def ours(stack):
	"""A number of each kind that only this transaction knows, by what it is."""
	numbers = {
		"us": our_number(stack),
		"gb": our_number(stack, a_number("+447400")),
		"de": our_number(stack, a_number("+49151234")),
		"toll_free": our_number(stack, f"+1888{random.randint(2_000_000, 9_999_999)}"),
		"name": our_number(stack, f"SHOP{secrets.token_hex(2)}".upper(), mms_enabled=0),
		"service": our_number(stack, f"MG{secrets.token_hex(16)}"),
	}
	yield numbers
	frappe.db.rollback()
	for number in numbers.values():
		frappe.clear_document_cache("Twilio SMS Number", number)


def listed(ours: dict, to: str, **args) -> dict[str, dict]:
	"""The list of numbers for a customer, those of the test alone, by what they are."""
	names = {number: name for name, number in ours.items()}
	rows = sender_choice.numbers(to, **args)
	return {names[row["number"]]: row for row in rows if row["number"] in names and not row["why_not"]}


def test_a_customer_in_the_united_kingdom(ours):
	found = listed(ours, IN_LONDON)
	assert list(found) == ["gb", "service", "name", *(name for name in found if found[name]["warns"])]
	assert {name for name in found if found[name]["warns"]} == {"us", "de", "toll_free"}
	assert found["gb"]["note"] == "Same country as the customer."
	assert found["us"]["note"] == "United Kingdom: networks block numbers of other countries."
	assert found["name"]["note"] == "The customer cannot answer a name."
	assert not any(row["mms"] for row in found.values())


def test_a_customer_at_home(ours):
	found = listed(ours, AT_HOME)
	assert set(list(found)[:2]) == {"us", "toll_free"}
	# Names do not reach the United States at all.
	assert "name" not in found
	assert found["us"]["mms"] and found["de"]["warns"]


def test_a_customer_in_a_country_without_rules(ours):
	found = listed(ours, IN_BERLIN)
	assert next(iter(found)) == "de" and list(found)[-1] == "name"
	assert not any(row["warns"] for row in found.values())
	assert found["us"]["note"] == "Another country than the customer's."


def test_a_number_that_is_not_registered_is_behind_the_others(ours):
	finding = {"doctype": "Twilio SMS Finding", "check_name": "us_registration.missing", "severity": "Broken"}
	finding |= {"about_doctype": "Twilio SMS Number", "about": ours["us"], "what": "Not registered"}
	frappe.get_doc(finding).insert(ignore_permissions=True)
	found = listed(ours, AT_HOME)
	assert list(found)[-1] == "us" and found["us"]["warns"]
	assert found["us"]["note"] == "United States: not registered there (10DLC), so networks block it."
	assert not listed(ours, IN_BERLIN)["us"]["warns"]


def test_a_name_says_where_it_is_not_registered(ours):
	assert "“Unverified”" in listed(ours, IN_SYDNEY)["name"]["note"]
	frappe.db.set_value("Twilio SMS Number", ours["name"], "registered_in_australia", 1)
	assert listed(ours, IN_SYDNEY)["name"]["note"] == "The customer cannot answer a name."


def test_the_number_of_the_last_conversation_comes_first(ours):
	conversation = frappe.get_doc(
		{"doctype": "Twilio SMS Conversation", "number": ours["us"], "customer_number": IN_BERLIN}
	).insert(ignore_permissions=True)
	conversation.db_set("last_outbound", "2026-11-01 10:00:00")
	found = listed(ours, IN_BERLIN)
	assert next(iter(found)) == "us" and found["us"]["note"] == "Used with this customer before."


@pytest.mark.parametrize(("field", "place"), [("last_outbound", "last"), ("last_inbound", "first")])
def test_one_that_networks_block_only_where_the_customer_has_written(ours, field, place):
	conversation = frappe.get_doc(
		{"doctype": "Twilio SMS Conversation", "number": ours["us"], "customer_number": IN_LONDON}
	).insert(ignore_permissions=True)
	conversation.db_set(field, "2026-11-01 10:00:00")
	found = listed(ours, IN_LONDON)
	# Nothing that we sent has arrived; what they wrote has, so an answer may.
	assert (list(found).index("us") == 0) is (place == "first")
	assert found["us"]["warns"]


def test_with_files_one_that_can_carry_them(ours):
	frappe.db.set_value("Twilio SMS Number", ours["us"], "mms_enabled", 0)
	assert next(iter(listed(ours, AT_HOME, with_files=True))) == "toll_free"


def test_without_a_customer_there_is_nothing_to_say(ours):
	rows = [row for row in sender_choice.numbers() if row["number"] in ours.values()]
	assert len(rows) == len(ours)
	assert not any(row["note"] or row["warns"] for row in rows)


def test_nobody_is_texted_by_a_name_unasked(stack, ours):
	"""Of all numbers, only a name gets through: an agent has to choose it."""
	others = {"enabled": 1, "name": ("not in", (ours["us"], ours["name"]))}
	frappe.db.set_value("Twilio SMS Number", others, "enabled", 0)
	with pytest.raises(CannotText, match="nobody can answer a name"):
		sender_choice.proposed(IN_LONDON, None)
	frappe.db.rollback()
	frappe.clear_cache()


# A number that stands in for one that is switched off -------------------------------------------


def test_a_fallback_that_does_not_reach_the_country_gives_way_to_one_that_does(stack, ours):
	conversation = conversation_with(stack, IN_LONDON, enabled=0, fallback_number=ours["us"])
	assert eligibility.number_for(conversation).name == ours["gb"]
	assert not eligibility.refusal(conversation)


def test_a_fallback_that_reaches_it_stays_the_admins_choice(stack, ours):
	conversation = conversation_with(stack, IN_BERLIN, enabled=0, fallback_number=ours["us"])
	assert eligibility.number_for(conversation).name == ours["us"]


def test_without_one_of_the_country_the_fallback_stays(stack, ours):
	frappe.db.set_value("Twilio SMS Number", ours["gb"], "enabled", 0)
	conversation = conversation_with(stack, IN_LONDON, enabled=0, fallback_number=ours["us"])
	assert eligibility.number_for(conversation).name == ours["us"]


def test_nobody_who_opted_out_of_the_one_that_stands_in_is_texted(stack, ours):
	conversation = conversation_with(stack, IN_LONDON, enabled=0, fallback_number=ours["us"])
	frappe.get_doc(
		{
			"doctype": "Twilio SMS Conversation",
			"number": ours["gb"],
			"customer_number": IN_LONDON,
			"opted_out": 1,
		}
	).insert(ignore_permissions=True)
	assert eligibility.refusal(conversation).code == eligibility.Code.OPTED_OUT
