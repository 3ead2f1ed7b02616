"""What the workspace brings along that does not go with the app's module: steps of the set-up, entries of v16's Desk."""

import json
from pathlib import Path

import frappe

APP = "twilio_sms_channel"
FOLDER = Path(__file__).parents[1] / "twilio_sms_channel" / "onboarding_step"


def leave() -> None:
	"""After the app was uninstalled, before the commit: Frappe removes what is of its module only.

	It deletes the entries of Desk as well, in a transaction that it does not commit (v16.4, `remove_app`).
	"""
	for file in FOLDER.glob("*/*.json"):
		name = json.loads(file.read_text(encoding="utf-8"))["name"]
		frappe.delete_doc("Onboarding Step", name, force=True, ignore_missing=True)
	for doctype in ("Desktop Icon", "Workspace Sidebar"):
		if frappe.db.exists("DocType", doctype):
			for name in frappe.get_all(doctype, {"app": APP}, pluck="name"):
				frappe.delete_doc(doctype, name, force=True, ignore_missing=True)
