"""*Tickets Go To*: on a site with several ticket systems, each number says which one its new tickets are in.

The field is there only then; what a system adds to numbers is shown where it is chosen.
"""

import frappe
from frappe.custom.doctype.custom_field.custom_field import create_custom_fields

from twilio_sms_channel.infra import custom_fields

NUMBER, FIELD = "Twilio SMS Number", "tickets_go_to"


def sync(labels: list[str], before: str = "") -> None:
	"""Make the field, bring its choices up to date, or take it away.

	:param labels: of the ticket systems of this site, the default one first
	:param before: the one that tickets went to until there was a choice
	"""
	if len(labels) < 2:
		custom_fields.remove(fields(labels))
		return
	is_new = not frappe.get_meta(NUMBER).has_field(FIELD)
	create_custom_fields(fields(labels))
	if is_new and before:
		# Whoever answers a number's customers goes on finding them.
		for number in frappe.get_all(NUMBER, pluck="name"):
			frappe.db.set_value(NUMBER, number, FIELD, before, update_modified=False)


def leave() -> None:
	"""Take the field away, whatever ticket systems there are."""
	sync([])


def shown_for(label: str, is_default: bool = False) -> str:
	"""`depends_on` of what a ticket system adds to numbers.

	:param label: of the ticket system
	:param is_default: whether its tickets are meant where a number says nothing
	"""
	unsaid = f"!doc.{FIELD}" if is_default else f"doc.{FIELD} === undefined"
	return f"eval:{unsaid} || doc.{FIELD} === '{label}'"


def fields(labels: list[str]) -> dict[str, list[dict]]:
	"""The field, as `create_custom_fields` takes it."""
	return {
		NUMBER: [
			{
				"fieldname": FIELD,
				"label": "Tickets Go To",
				"fieldtype": "Select",
				"options": "\n".join(labels),
				"default": labels[0] if labels else "",
				# Not at the top of the routing, where each ticket system's own fields are.
				"insert_after": "account",
				"description": "Where new tickets are created. Open tickets stay where they are.",
				"translatable": 0,
			}
		]
	}
