"""Where our numbers were issued, as their digits tell."""

import frappe
import phonenumbers

from twilio_sms_channel.infra import jobs

NUMBER, JOB = "Twilio SMS Number", "places of numbers"


def fill_in_later() -> None:
	"""Have a worker fill in the region of numbers that have none, after the commit of the running transaction."""
	jobs.enqueue_after_commit(
		"twilio_sms_channel.messaging.setup.number_region.fill_in", queue="long", dedupe_key=JOB
	)


def fill_in() -> None:
	"""Fill in the region of numbers that have none, in English ("San Francisco, CA"). Commits."""
	# Not at the top, and in a worker only: its tables take seconds to load, and 190 MB until the process ends.
	from phonenumbers import geocoder

	jobs.release(JOB)
	for name in frappe.get_all(
		NUMBER, {"number_type": "Long Code", "region": ("is", "not set")}, pluck="name"
	):
		try:
			place = geocoder.description_for_number(phonenumbers.parse(name), "en")
		except phonenumbers.NumberParseException:
			continue
		if place:
			frappe.db.set_value(NUMBER, name, "region", place[:140], update_modified=False)
