"""The steps of the set-up that the workspace begins with."""

import json
from pathlib import Path

import frappe

FOLDER = Path(__file__).parents[1] / "twilio_sms_channel" / "onboarding_step"


def leave() -> None:
	"""After the app was uninstalled: Frappe removes what is of its module, which steps have none of."""
	for file in FOLDER.glob("*/*.json"):
		name = json.loads(file.read_text(encoding="utf-8"))["name"]
		frappe.delete_doc("Onboarding Step", name, force=True, ignore_missing=True)
