"""What the app adds to a site that has ERPNext. Needs no ERPNext to take it away again."""

from frappe.custom.doctype.custom_field.custom_field import create_custom_fields

from twilio_sms_channel.desks import choice, ticket_fields
from twilio_sms_channel.desks.erpnext import TICKET, rights
from twilio_sms_channel.infra import custom_fields

LABEL = "ERPNext"
SHOWN = {"depends_on": choice.shown_for(LABEL)}

FIELDS = {
	TICKET: ticket_fields.after("contact"),
	choice.NUMBER: [
		{
			"fieldname": "issue_type",
			"label": "Issue Type",
			"fieldtype": "Link",
			"options": "Issue Type",
			"insert_after": "section_routing",
			"description": "Empty: none.",
			**SHOWN,
		},
		{
			"fieldname": "issue_priority",
			"label": "Issue Priority",
			"fieldtype": "Link",
			"options": "Issue Priority",
			"insert_after": "issue_type",
			"description": "Empty: ERPNext's default priority.",
			**SHOWN,
		},
		{
			"fieldname": "company",
			"label": "Company",
			"fieldtype": "Link",
			"options": "Company",
			"insert_after": "column_break_routing",
			"description": "Empty: the site's default company.",
			**SHOWN,
		},
		{
			"fieldname": "project",
			"label": "Project",
			"fieldtype": "Link",
			"options": "Project",
			"insert_after": "company",
			"description": "Empty: none.",
			**SHOWN,
		},
	],
}


def join() -> None:
	"""Add fields to Issues and numbers, and rights of those who answer Issues; what is there already is brought up to date."""
	create_custom_fields(FIELDS)
	ticket_fields.add_index(TICKET)
	rights.give()


def leave() -> None:
	"""Take away what `join` added, whether ERPNext is still there or not."""
	custom_fields.remove(FIELDS)
	ticket_fields.drop_index(TICKET)
	rights.take_back()
