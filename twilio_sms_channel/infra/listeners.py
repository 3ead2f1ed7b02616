"""Hooks for other apps: `twilio_sms_message_received`, `twilio_sms_status_changed`, `twilio_sms_before_send`."""

import frappe

from twilio_sms_channel.infra.courtesies import courtesy


def notify(hook: str, message) -> None:
	"""Call every dotted path that other apps registered under `hook`, with the message document.

	A failing listener is logged, what it wrote is taken back, and it does not hold up the message: a message that was
	received or sent stays so.

	:raises frappe.QueryDeadlockError: the database has undone the whole transaction, this app's part too
	:raises rq.timeouts.JobTimeoutException: the worker's time is up
	"""
	for path in frappe.get_hooks(hook):
		with courtesy(f"{hook}: {path}"):
			frappe.get_attr(path)(message)


def guard(hook: str, message) -> None:
	"""Like `notify`, but a listener may stop the message by raising (`frappe.throw`)."""
	for path in frappe.get_hooks(hook):
		frappe.get_attr(path)(message)
