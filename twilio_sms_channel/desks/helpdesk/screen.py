"""The HD Form Script that brings SMS conversations into Helpdesk's own screen.

Helpdesk hands it to agents with each ticket, and never to the customer portal. It loads the app's components; nothing of
Helpdesk is changed.
"""

from pathlib import Path

import frappe

from twilio_sms_channel.desks.helpdesk import TICKET

DOCTYPE, NAME = "HD Form Script", "Twilio SMS Channel"
SOURCE = Path(__file__).with_name("form_script.js")


def put_script() -> None:
	"""Make the script, or write it anew after an update. One that an admin disabled stays so."""
	script = SOURCE.read_text(encoding="utf-8")
	if not frappe.db.exists(DOCTYPE, NAME):
		frappe.get_doc(
			{
				"doctype": DOCTYPE,
				"name": NAME,
				"__newname": NAME,
				"dt": TICKET,
				"apply_to": "Form",
				"enabled": 1,
				# Standard scripts of Helpdesk can neither be disabled nor deleted.
				"is_standard": 0,
				"script": script,
			}
		).insert(ignore_permissions=True)
	elif frappe.db.get_value(DOCTYPE, NAME, "script") != script:
		frappe.db.set_value(DOCTYPE, NAME, "script", script)


def remove_script() -> None:
	frappe.delete_doc(DOCTYPE, NAME, force=True, ignore_missing=True, ignore_permissions=True)
