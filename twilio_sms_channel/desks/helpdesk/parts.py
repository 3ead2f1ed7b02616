"""What the app adds to a site that has Helpdesk. Needs no Helpdesk to take it away again."""

import frappe
from frappe.custom.doctype.custom_field.custom_field import create_custom_fields

from twilio_sms_channel.desks import choice, ticket_fields
from twilio_sms_channel.desks.helpdesk import TICKET, screen
from twilio_sms_channel.infra import custom_fields

LABEL = "Helpdesk"
SHOWN = {"depends_on": choice.shown_for(LABEL, is_default=True)}

FIELDS = {
	TICKET: ticket_fields.after("contact"),
	choice.NUMBER: [
		{
			"fieldname": "team",
			"label": "Team",
			"fieldtype": "Link",
			"options": "HD Team",
			"insert_after": "section_routing",
			"description": "Empty: Helpdesk's assignment rules decide.",
			**SHOWN,
		},
		{
			"fieldname": "ticket_type",
			"label": "Ticket Type",
			"fieldtype": "Link",
			"options": "HD Ticket Type",
			"insert_after": "team",
			"description": "Empty: the default of HD Settings.",
			**SHOWN,
		},
		{
			"fieldname": "priority",
			"label": "Priority",
			"fieldtype": "Link",
			"options": "HD Ticket Priority",
			"insert_after": "column_break_routing",
			"description": "Empty: the ticket type's priority.",
			**SHOWN,
		},
		{
			"fieldname": "ticket_template",
			"label": "Ticket Template",
			"fieldtype": "Link",
			"options": "HD Ticket Template",
			"insert_after": "priority",
			"description": "Empty: Helpdesk's default template.",
			**SHOWN,
		},
	],
}


def join() -> None:
	"""Add fields to tickets and numbers, and the script to Helpdesk's screen; what is there already is brought up to date."""
	create_custom_fields(FIELDS)
	ticket_fields.add_index(TICKET)
	screen.put_script()


def leave() -> None:
	"""Take away what `join` added, whether Helpdesk is still there or not."""
	custom_fields.remove(FIELDS)
	ticket_fields.drop_index(TICKET)
	if frappe.db.table_exists(screen.DOCTYPE):
		screen.remove_script()
