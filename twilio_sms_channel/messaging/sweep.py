"""With each tick of the scheduler: take up what a crash, a restart or a full queue left lying.

Frappe's scheduler ticks each minute on v15 and every four minutes on v16, unless `scheduler_tick_interval` says otherwise.
"""

import time

import frappe

from twilio_sms_channel.messaging import (
	consent_order,
	dispatch,
	intake,
	jobs,
	media,
	onboarding,
	pausing,
	polling,
	public_url,
	standstill,
)

FOR_POLLING_S, FOR_MEDIA_S = 20, 30


def run() -> None:
	"""Resume inbound texts, outbound texts and media whose worker was lost (scheduler)."""
	jobs.swept()
	public_url.note("worker")
	for message in intake.waiting():
		intake.resume(message)
	if standstill.may_send():
		pausing.look_again()
		consent_order.ask_again()
		dispatch.wake_if_needed()
		polling.run(time.monotonic() + FOR_POLLING_S)
	# Files that cannot be had must not keep the next minute's texts waiting.
	enough = time.monotonic() + FOR_MEDIA_S
	for take_up, messages in ((media.fetch, media.waiting()), (media.delete_at_twilio, media.undeleted())):
		for message in messages:
			if time.monotonic() < enough:
				take_up(message)
	onboarding.note_what_is_done()
	frappe.db.commit()
