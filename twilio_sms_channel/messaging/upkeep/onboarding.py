"""The steps of the workspace's onboarding are done once what they ask for is there, whoever did it and on which page."""

import frappe

STEP = "Onboarding Step"
MESSAGE, NUMBER = "Twilio SMS Message", "Twilio SMS Number"
ANSWERED = ("Accepted", "Sent", "Delivered", "Read")

# By step: the DocType and the filters of what has to be there.
DONE_WHEN = {
	"Twilio SMS Connect Account": ("Twilio SMS Account", {"enabled": 1}),
	"Twilio SMS Import Numbers": (NUMBER, {"enabled": 1}),
	"Twilio SMS Set Webhooks": (NUMBER, {"enabled": 1, "webhook_url": ("is", "set")}),
	"Twilio SMS Text Your Number": (MESSAGE, {"direction": "Inbound", "status": "Threaded"}),
	"Twilio SMS Answer": (MESSAGE, {"direction": "Outbound", "status": ("in", ANSWERED)}),
}


def note_what_is_done() -> None:
	"""Tick the steps whose work is done. The caller commits."""
	for step in frappe.get_all(STEP, {"name": ("in", list(DONE_WHEN)), "is_complete": 0}, pluck="name"):
		doctype, filters = DONE_WHEN[step]
		if frappe.db.exists(doctype, filters):
			frappe.db.set_value(STEP, step, "is_complete", 1, update_modified=False)
