"""Sender names towards countries that keep a register of them."""

import secrets

import frappe
import pytest
from support.clinic import MESSAGE, NUMBER

CHECK = "sender_names.unregistered"
IN = {"Australia": "+61412345678", "Ireland": "+353851234567", "Singapore": "+6581234567"}
IN_LONDON, IN_JERSEY, IN_BERLIN = "+447400123456", "+447797712345", "+4915112345678"


@pytest.fixture
def name(clinic):
	"""A sender name of the clinic's account."""
	doc = {
		"doctype": NUMBER,
		"phone_number": f"SHOP{secrets.token_hex(2)}".upper(),
		"account": clinic.account,
	}
	name = frappe.get_doc(doc).insert().name
	frappe.db.commit()
	yield name
	frappe.db.rollback()
	frappe.db.delete(MESSAGE, {"number": name})
	frappe.delete_doc(NUMBER, name, force=True)
	frappe.db.commit()


def tick(name: str, *countries: str) -> None:
	fields = {f"registered_in_{country.lower().replace(' ', '_')}": 1 for country in countries}
	frappe.db.set_value(NUMBER, name, fields)
	frappe.db.commit()


def test_a_name_that_texted_three_countries(clinic, name):
	for number in IN.values():
		clinic.texts(number=name, customer_number=number)
	finding = clinic.only_finding(CHECK, name)
	assert finding["severity"] == "At Risk"
	assert all(country in finding["what"] for country in IN)
	assert "Australia (“Unverified”), Ireland (“Likely Scam”), Singapore (“Likely-SCAM”)" in finding["why"]
	tick(name, "Australia", "Singapore")
	finding = clinic.only_finding(CHECK, name)
	assert "Ireland" in finding["what"] and "Australia" not in finding["what"] + finding["why"]
	tick(name, "Ireland")
	assert clinic.findings() == {}


def test_the_register_of_the_united_kingdom_is_good_to_know(clinic, name):
	clinic.texts(number=name, customer_number=IN_JERSEY)
	assert clinic.findings() == {}
	clinic.texts(number=name, customer_number=IN_LONDON)
	finding = clinic.only_finding(CHECK, name)
	assert finding["severity"] == "Notice" and "United Kingdom" in finding["what"]
	tick(name, "United Kingdom")
	assert clinic.findings() == {}


def test_other_countries_numbers_and_times_are_no_finding(clinic, name):
	clinic.texts(number=name, customer_number=IN_BERLIN)
	clinic.texts(number=name, customer_number=IN["Ireland"], minutes_ago=31 * 24 * 60)
	clinic.texts(number=clinic.number, customer_number=IN["Australia"])
	assert clinic.findings() == {}
