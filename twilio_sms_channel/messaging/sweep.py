"""Once a minute: take up what a crash, a restart or a full queue left lying."""

import time

import frappe

from twilio_sms_channel.messaging import dispatch, intake, media

FOR_MEDIA_S = 30


def run() -> None:
	"""Resume inbound texts, outbound texts and media whose worker was lost (scheduler)."""
	for message in dispatch.abandoned():
		dispatch.give_up_on(message)
	for message in intake.waiting():
		intake.resume(message)
	for message in dispatch.waiting():
		dispatch.send_waiting(message)
	# Files that cannot be had must not keep the next minute's texts waiting.
	enough = time.monotonic() + FOR_MEDIA_S
	for take_up, messages in ((media.fetch, media.waiting()), (media.delete_at_twilio, media.undeleted())):
		for message in messages:
			if time.monotonic() < enough:
				take_up(message)
	frappe.db.commit()
