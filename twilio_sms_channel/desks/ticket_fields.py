"""The fields that this app adds to a ticket, whichever ticket system it is of."""

import frappe

# What the ticket's conversation says, so that lists of tickets can be filtered by it.
OPTED_OUT, REGION = "twilio_sms_opted_out", "twilio_sms_region"

# By which a contact's tickets are found. Not of the contact alone: Frappe's migrate drops such an index.
INDEX, INDEXED = "twilio_sms_contact", ("contact", "modified")


def add_index(doctype: str) -> None:
	frappe.db.add_index(doctype, list(INDEXED), INDEX)


def drop_index(doctype: str) -> None:
	if frappe.db.table_exists(doctype) and frappe.db.has_index(f"tab{doctype}", INDEX):
		# There is no other way to drop one. The names are constants of this app.
		frappe.db.sql_ddl(f"alter table `tab{doctype}` drop index `{INDEX}`")  # nosemgrep


def after(field: str) -> list[dict]:
	"""
	:param field: of the ticket's form, behind which they stand
	"""
	return [
		{
			"fieldname": "twilio_sms_reply_channel",
			"label": "Reply Channel",
			"fieldtype": "Select",
			"options": "\nSMS\nEmail",
			"insert_after": field,
			"read_only": 1,
			"in_standard_filter": 1,
			"depends_on": "twilio_sms_conversation",
			"translatable": 0,
		},
		{
			"fieldname": "twilio_sms_conversation",
			"label": "SMS Conversation",
			"fieldtype": "Link",
			"options": "Twilio SMS Conversation",
			"insert_after": "twilio_sms_reply_channel",
			"read_only": 1,
			"search_index": 1,
			"depends_on": "twilio_sms_conversation",
		},
		{
			"fieldname": OPTED_OUT,
			"label": "Opted Out",
			"fieldtype": "Check",
			"insert_after": "twilio_sms_conversation",
			"read_only": 1,
			"no_copy": 1,
			"in_standard_filter": 1,
			"depends_on": "twilio_sms_conversation",
		},
		{
			"fieldname": REGION,
			"label": "Region of the Number",
			"fieldtype": "Data",
			"insert_after": OPTED_OUT,
			"read_only": 1,
			"no_copy": 1,
			"depends_on": REGION,
			"description": "Where the number was issued, which need not be where the person is.",
		},
	]
