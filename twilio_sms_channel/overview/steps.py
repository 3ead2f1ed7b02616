"""The steps of the set-up that the workspace begins with."""

import frappe

ONBOARDING = "Twilio SMS"


def leave() -> None:
	"""Before the app is uninstalled: Frappe removes what is of its module, which steps have none of."""
	for step in frappe.get_all("Onboarding Step Map", {"parent": ONBOARDING}, pluck="step"):
		frappe.delete_doc("Onboarding Step", step, force=True, ignore_missing=True)
