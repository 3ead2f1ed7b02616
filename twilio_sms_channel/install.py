"""What the app adds to a site, and takes away again."""

import frappe
from frappe.custom.doctype.custom_field.custom_field import create_custom_fields

from twilio_sms_channel.desks import helpdesk_screen
from twilio_sms_channel.messaging import home
from twilio_sms_channel.overview import steps

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
		}
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
	frappe.enqueue(
		"twilio_sms_channel.messaging.contacts.backfill_e164", queue="long", enqueue_after_commit=True
	)


def after_migrate() -> None:
	"""Add the fields that this version has and the one before had not."""
	home.settle()
	create_custom_fields(CONTACT_FIELDS)
	if HELPDESK in frappe.get_installed_apps():
		_join_helpdesk()


def after_app_install(app: str) -> None:
	"""Helpdesk installed after this app: add what links to its DocTypes."""
	if app == HELPDESK:
		_join_helpdesk()


def before_app_uninstall(app: str) -> None:
	"""Helpdesk goes, this app stays: take away what links to its DocTypes."""
	if app == HELPDESK:
		_leave_helpdesk()


def before_uninstall() -> None:
	# Frappe removes the app's DocTypes; fields on other apps' DocTypes are ours to take away, columns included.
	remove(CONTACT_FIELDS)
	home.leave()
	steps.leave()
	if HELPDESK in frappe.get_installed_apps():
		_leave_helpdesk()
	else:
		remove(HELPDESK_FIELDS)


def _join_helpdesk() -> None:
	create_custom_fields(HELPDESK_FIELDS)
	helpdesk_screen.put_script()


def _leave_helpdesk() -> None:
	remove(HELPDESK_FIELDS)
	helpdesk_screen.remove_script()


def remove(fields: dict[str, list[dict]]) -> None:
	"""Delete custom fields and their columns."""
	for doctype, rows in fields.items():
		for row in rows:
			name = frappe.db.get_value("Custom Field", {"dt": doctype, "fieldname": row["fieldname"]})
			if not name:
				continue
			frappe.delete_doc("Custom Field", name, force=True, ignore_missing=True)
			if frappe.db.table_exists(doctype) and frappe.db.has_column(doctype, row["fieldname"]):
				frappe.db.sql_ddl(f"alter table `tab{doctype}` drop column `{row['fieldname']}`")
		frappe.clear_cache(doctype=doctype)
