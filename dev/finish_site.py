"""What a person does on a new site before working on it; run by the bench's Python, in its sites folder."""

import sys

import frappe
from frappe.utils.scheduler import toggle_scheduler


def finish(has_scheduler: bool):
	"""Answer the setup wizard, and keep Desk's tours and news from standing before what is to be seen."""
	frappe.db.set_single_value(
		"System Settings",
		{
			"setup_complete": 1,
			"country": "United States",
			"language": "en",
			"time_zone": "Etc/UTC",
			"enable_onboarding": 0,
			"enable_telemetry": 0,
			"disable_system_update_notification": 1,
			"disable_change_log_notification": 1,
		},
	)
	if frappe.db.has_column("Installed Application", "is_setup_complete"):
		frappe.db.set_value(
			"Installed Application", {"parent": "Installed Applications"}, "is_setup_complete", 1
		)
	frappe.db.set_default("country", "United States")
	# They were made in the time zone of a site without one, and the scheduler would wait until they are past.
	now = frappe.utils.now_datetime()
	JobType = frappe.qb.DocType("Scheduled Job Type")
	frappe.qb.update(JobType).set(JobType.creation, now).where(JobType.creation > now).run()
	frappe.db.set_default("desktop:home_page", "workspace")
	frappe.db.set_value("User", "Administrator", "time_zone", "Etc/UTC")
	toggle_scheduler(has_scheduler)
	frappe.db.commit()
	frappe.clear_cache()


if __name__ == "__main__":
	frappe.init(site=sys.argv[1])
	frappe.connect()
	try:
		finish(sys.argv[2] == "yes")
	finally:
		frappe.destroy()
