"""With each tick of the scheduler: have workers take up what a crash, a restart or a full queue left lying.

Frappe's scheduler ticks each minute on v15 and every four minutes on v16, unless `scheduler_tick_interval` says otherwise.
"""

import frappe

from twilio_sms_channel.infra import jobs, public_url, way_out
from twilio_sms_channel.infra.courtesies import courtesy
from twilio_sms_channel.messaging.conversation import consent, consent_order
from twilio_sms_channel.messaging.delivery import account_pause, held, polling
from twilio_sms_channel.messaging.inbound import intake, keyword_order, media, unread_webhooks
from twilio_sms_channel.messaging.inbound.threading import MEDIA_QUEUE
from twilio_sms_channel.messaging.sending import heartbeat, worker
from twilio_sms_channel.messaging.upkeep import catch_up, onboarding
from twilio_sms_channel.twilio_gateway import client


def run() -> None:
	"""Queue jobs for outbound messages, inbound messages and media whose worker was lost (scheduler); what is sent goes first.

	No work is done here: it would be one worker's alone, while others are idle.
	"""
	jobs.swept()
	public_url.note("worker")
	way_out.note_of_worker(client.api_base_url())
	may_send = heartbeat.may_send()
	if may_send:
		worker.wake_if_needed()
	for job, queue, is_needed in (
		(worker.LOOK_AFTER_ACCOUNTS, "short", lambda: may_send and account_pause.paused()),
		(heartbeat.CATCH_UP, "long", lambda: may_send and catch_up.is_due()),
		(intake.TAKE_UP, "default", intake.waiting),
		(unread_webhooks.READ_WAITING, "default", unread_webhooks.waiting),
		(keyword_order.ASK_AGAIN, "default", lambda: may_send and consent_order.waits_for_twilio()),
		(consent.CANCEL_HELD, "short", lambda: may_send and held.of_opted_out()),
		(polling.TAKE_UP, "long", lambda: may_send and polling.is_due()),
		(media.TAKE_UP, MEDIA_QUEUE, media.waiting),
		(media.CLEAN_UP, MEDIA_QUEUE, media.undeleted),
	):
		if is_needed():
			jobs.enqueue_after_commit(job, queue=queue, dedupe_key=job)
	# The jobs are enqueued after a commit, whatever comes of the next step.
	frappe.db.commit()  # nosemgrep
	with courtesy("The steps of the onboarding could not be ticked"):
		onboarding.note_what_is_done()
