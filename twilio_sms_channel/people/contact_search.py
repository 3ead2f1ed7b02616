"""Contacts that a person looks for by name, to text them."""

from typing import Any

import frappe

from twilio_sms_channel.infra import like
from twilio_sms_channel.people import contacts, phone

MAX_FOUND, MAX_WORDS, MAX_CHARACTERS = 8, 5, 140


def find(query: str) -> list[dict[str, Any]]:
	"""The contacts that the session user may read, whose name has all of the words, and that have a number.

	:return: at most 8, by name: `[{"contact", "name", "numbers": [{"number", "display"}]}]`
	"""
	words = query[:MAX_CHARACTERS].split()[:MAX_WORDS]
	if not words or not frappe.has_permission("Contact"):
		return []
	named = [["Contact", "full_name", "like", f"%{like.escaped(word)}%"] for word in words]
	has_number = ["Contact Phone", "twilio_sms_e164", "is", "set"]
	rows = frappe.get_list(
		"Contact",
		filters=[*named, has_number],
		fields=["name", "full_name"],
		order_by="full_name",
		distinct=True,
		limit=MAX_FOUND,
	)
	return [
		{
			"contact": row.name,
			"name": row.full_name or row.name,
			"numbers": [
				{"number": number, "display": phone.display(number)}
				for number in contacts.numbers_of(row.name)
			],
		}
		for row in rows
	]
