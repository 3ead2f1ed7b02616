"""Have a worker send what waits."""

from twilio_sms_channel.infra import jobs

JOB = "twilio_sms_channel.messaging.sending.worker.run"


def wake() -> None:
	"""Have a worker send what waits, after the commit of the running transaction."""
	jobs.enqueue_after_commit(JOB, dedupe_key=JOB)
