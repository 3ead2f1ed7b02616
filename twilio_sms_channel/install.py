"""What the app adds to a site; `uninstall` takes it away again."""

import frappe
from frappe.custom.doctype.custom_field.custom_field import create_custom_fields

from twilio_sms_channel.desks import helpdesk_screen
from twilio_sms_channel.infra import site_config, site_identity
from twilio_sms_channel.people import contacts

HELPDESK = "helpdesk"

CONTACT_FIELDS = {
	"Contact Phone": [
		{
			"fieldname": "twilio_sms_e164",
			"label": "E.164",
			"fieldtype": "Data",
			"insert_after": "phone",
			"hidden": 1,
			"read_only": 1,
			"search_index": 1,
			"no_copy": 1,
			"print_hide": 1,
		},
		{
			"fieldname": contacts.SELF_ENTERED,
			"label": "Entered by Themselves",
			"fieldtype": "Check",
			"insert_after": "twilio_sms_e164",
			"hidden": 1,
			"read_only": 1,
			"no_copy": 1,
			"print_hide": 1,
		},
	]
}

HELPDESK_FIELDS = {
	"HD Ticket": [
		{
			"fieldname": "twilio_sms_reply_channel",
			"label": "Reply Channel",
			"fieldtype": "Select",
			"options": "\nSMS\nEmail",
			"insert_after": "contact",
			"read_only": 1,
			"in_standard_filter": 1,
			"depends_on": "twilio_sms_conversation",
			"translatable": 0,
		},
		{
			"fieldname": "twilio_sms_conversation",
			"label": "Text Conversation",
			"fieldtype": "Link",
			"options": "Twilio SMS Conversation",
			"insert_after": "twilio_sms_reply_channel",
			"read_only": 1,
			"search_index": 1,
			"depends_on": "twilio_sms_conversation",
		},
	],
	"Twilio SMS Number": [
		{
			"fieldname": "team",
			"label": "Team",
			"fieldtype": "Link",
			"options": "HD Team",
			"insert_after": "section_routing",
			"description": "Empty: Helpdesk's assignment rules decide.",
		},
		{
			"fieldname": "ticket_type",
			"label": "Ticket Type",
			"fieldtype": "Link",
			"options": "HD Ticket Type",
			"insert_after": "team",
			"description": "Empty: the default of HD Settings.",
		},
		{
			"fieldname": "priority",
			"label": "Priority",
			"fieldtype": "Link",
			"options": "HD Ticket Priority",
			"insert_after": "column_break_routing",
			"description": "Empty: the ticket type's priority.",
		},
		{
			"fieldname": "ticket_template",
			"label": "Ticket Template",
			"fieldtype": "Link",
			"options": "HD Ticket Template",
			"insert_after": "priority",
			"description": "Empty: Helpdesk's default template.",
		},
	],
}


def after_install() -> None:
	after_migrate()
	contacts.mark_self_entered()


def after_migrate() -> None:
	"""Add the fields that this version has and the one before had not."""
	# Before anybody stores a secret: every process that starts later knows the same key.
	site_config.keep_encryption_key()
	site_identity.settle()
	create_custom_fields(CONTACT_FIELDS)
	contacts.read_again_if_needed()
	if HELPDESK in frappe.get_installed_apps():
		join_helpdesk()


def after_app_install(app: str) -> None:
	"""Helpdesk installed after this app: add what links to its DocTypes."""
	if app == HELPDESK:
		join_helpdesk()


def join_helpdesk() -> None:
	create_custom_fields(HELPDESK_FIELDS)
	helpdesk_screen.put_script()
