"""Once a minute: take up what a crash, a restart or a full queue left lying."""

import frappe

from twilio_sms_channel.messaging import dispatch, intake, media


def run() -> None:
	"""Resume inbound texts, outbound texts and media whose worker was lost (scheduler)."""
	for message in dispatch.abandoned():
		dispatch.give_up_on(message)
	for message in intake.waiting():
		intake.process(message)
	for message in dispatch.waiting():
		dispatch.send_waiting(message)
	for message in media.waiting():
		media.fetch(message)
	frappe.db.commit()
