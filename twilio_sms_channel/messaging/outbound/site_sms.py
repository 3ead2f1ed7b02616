"""SMS that Frappe and other apps send by themselves (Notification, SMS Center): through a number of ours, when a site
wants that, so that opt-outs hold for them and each has its record.

They are in no ticket; what a customer answers opens one.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import frappe
from frappe import _

from twilio_sms_channel.content import outside, segments, text
from twilio_sms_channel.messaging.conversation import conversations
from twilio_sms_channel.messaging.outbound import outbox, reply_line, start_checks
from twilio_sms_channel.people import phone

SETTINGS, MESSAGE = "Twilio SMS Settings", "Twilio SMS Message"
# Their messages take turns as those of one user do who writes very many: agents' replies go before what is left of them.
BY = "site"
# How many are queued in one transaction. A request does not wait for more.
AT_ONCE = 100
SENDING = "twilio_sms_sends_for_site"
DAY_S = 24 * 3600


def number() -> str | None:
	"""Name of the Twilio SMS Number that they leave from; None while the site's own gateway sends them."""
	if not frappe.db.get_single_value(SETTINGS, "send_site_sms"):
		return None
	return frappe.db.get_single_value(SETTINGS, "site_sms_number")


def send(receivers: list[str], body: str) -> None:
	"""Queue a message to each of these numbers, in any spelling and once each. Commits nothing; very many are left to a
	worker.

	Whoever opted out is not sent it: the worker that would send it says so on its record.

	:raises outbox.CannotText: it is empty or too long
	"""
	ours, body = number(), text.clean(body)
	if not body:
		outbox.refuse(_("The message is empty. Write something or attach a file."))
	body = reply_line.add(body, frappe.get_cached_doc("Twilio SMS Number", ours))
	if len(body) > segments.MAX_CHARACTERS:
		outbox.refuse(
			_(
				"The message has {0} characters; Twilio sends at most {1}. Shorten it, or send it as e-mail."
			).format(len(body), segments.MAX_CHARACTERS)
		)
	if len(receivers) > AT_ONCE:
		_leave_to_worker(read_and_queue, ours=ours, receivers=receivers, body=body)
	else:
		read_and_queue(ours, receivers, body)


def read_and_queue(ours: str, receivers: list[str], body: str) -> None:
	"""Find out which numbers are meant, and queue a message to each (in a worker where they are many)."""
	with _sending():
		read, unread = [], []
		for receiver in receivers:
			try:
				read.append(start_checks.customer_number(receiver, ours))
			except outbox.CannotText:
				frappe.clear_last_message()
				unread.append(receiver)
		if unread:
			_tell_of_unsent(_("Not sent, because these are no phone numbers: {0}"), unread)
		queue(ours, list(dict.fromkeys(read)), body)


def queue(ours: str, numbers: list[str], body: str) -> None:
	"""Queue a message to the first of these numbers (E.164). What is left, another job queues when these are committed."""
	with _sending():
		undecided = []
		for to in numbers[:AT_ONCE]:
			if outbox.ask_first(conversations.get_or_new(ours, to)):
				undecided.append(to)
			else:
				outbox.write_for_site(conversations.get_or_create(ours, to), body, by=BY)
		if undecided:
			_tell_of_unsent(
				_(
					"Not sent, because these may want no more messages. Agents decide that in their tickets: {0}"
				),
				undecided,
			)
	if left := numbers[AT_ONCE:]:
		_leave_to_worker(queue, ours=ours, numbers=left, body=body)


def would_not_end(doc) -> bool:
	"""Whether an SMS about this document would be about one of these SMS, which the next one would be about."""
	if frappe.flags.get(SENDING):
		return True
	is_sent = doc.doctype == MESSAGE and doc.direction == "Outbound"
	return is_sent and not (doc.communication or doc.automatic or doc.sent_by)


def log_endless(notification: str) -> None:
	"""Say in the Error Log that a notification of this name sends nothing about SMS that the site sends itself: once a day."""
	cache = frappe.cache()
	if cache.set(cache.make_key(f"twilio_sms_endless:{notification}"), b"1", nx=True, ex=DAY_S):
		frappe.log_error(
			title="Notifications by SMS were not sent",
			message=_(
				"Notification {0} sends an SMS about SMS that this site sends by itself, and so would never end. Give it a condition, for example that the message is Inbound."
			).format(notification),
		)


@contextmanager
def _sending() -> Iterator[None]:
	"""Notifications run while documents are inserted."""
	before = frappe.flags.get(SENDING)
	frappe.flags[SENDING] = True
	try:
		yield
	finally:
		frappe.flags[SENDING] = before


def _leave_to_worker(job: Callable[..., None], **args: Any) -> None:
	frappe.enqueue(job, queue="long", enqueue_after_commit=True, **args)


def _tell_of_unsent(said: str, receivers: list[str]) -> None:
	said = said.format(", ".join(outside.harmless(phone.cleaned(receiver)) for receiver in receivers))
	frappe.log_error(title="Notifications by SMS were not sent", message=said)
	frappe.msgprint(said)
