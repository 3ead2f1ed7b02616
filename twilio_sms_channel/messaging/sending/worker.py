"""Queued messages go to Twilio.

A job claims what may leave (`claim`), calls Twilio in threads (`calls`) and writes down what became of each call
(`outcomes`). Any number of workers on any number of machines may do so at once: the database keeps them apart, none of
them leads.
"""

import time
from contextlib import suppress
from math import inf

import frappe
from frappe import _

from twilio_sms_channel.infra import jobs, locks
from twilio_sms_channel.messaging.delivery import account_pause
from twilio_sms_channel.messaging.sending import claim, heartbeat, outcomes, reconcile, wake
from twilio_sms_channel.messaging.sending.calls import Calls
from twilio_sms_channel.messaging.sending.claim import ClaimedMessage
from twilio_sms_channel.twilio_gateway import errors

MESSAGE = "Twilio SMS Message"
LOOK_AFTER_ACCOUNTS = "twilio_sms_channel.messaging.sending.worker.look_after_accounts"
LOOK_EVERY_S = 0.25
# A fast number's messages are claimed several at a time.
CLAIM_EVERY_S = 0.05
# A job makes room for others that wait, and ends before the worker thinks that it hangs (Frappe: 300 s).
AT_LEAST_S, AT_MOST_S, OVERLAP_S = 2, 200, 5
OTHERS_EVERY_S, PATIENCE_S = 0.3, 0.3
# The longest message of the GSM alphabet takes a long code 11.6 s. What is due later than this is left to the sweep, or to the next message.
STAYS_FOR_S = 12
# Of several workers that only wait, one stays.
USELESS_AFTER_S, LINGERS = 1.5, "sending lingers"


def run() -> None:
	"""Send what waits, of all numbers, and look up what is unconfirmed (worker)."""
	jobs.as_administrator()
	jobs.release(wake.JOB)
	if not heartbeat.may_send():
		return
	mark_orphaned()
	with SendWorker() as worker:
		worker.run()


def mark_orphaned() -> None:
	"""Have messages looked up whose worker died during the call. Commits."""
	for message in claim.orphaned():
		reconcile.mark_unconfirmed(message, _("The worker stopped while sending."))
		# Others do the same at this moment: nobody holds one while waiting for the next.
		frappe.db.commit()  # nosemgrep


def look_after_accounts() -> None:
	"""Ask Twilio whether paused accounts may send again, and send what waits (worker)."""
	jobs.as_administrator()
	jobs.release(LOOK_AFTER_ACCOUNTS)
	account_pause.look_again()
	wake_if_needed()


def wake_if_needed() -> None:
	"""Wake a worker when something waits whose job was lost (sweep)."""
	waiting = any(frappe.db.exists(MESSAGE, {"status": status}) for status in ("Queued", "Sending"))
	if waiting or reconcile.is_due():
		# Whatever is marked as waiting: a Redis that was restarted forgot the job, another one keeps the mark.
		jobs.enqueue_after_commit(wake.JOB)
		# The job is enqueued after a commit.
		frappe.db.commit()  # nosemgrep


class SendWorker:
	"""One job's work: claims, calls, outcomes. Only the job's own thread speaks to the database."""

	def __init__(self):
		self.calls = Calls()
		self.claim_at: dict[str, float] = {}
		"""by number: when a message may be claimed, as far as it is known"""
		self.search_at: float | None = None
		self.look_at = self.others_at = 0.0
		self.begun = self.useful_at = time.monotonic()
		self.others_since = inf
		self.handed_over = self.lingers = False

	def __enter__(self) -> "SendWorker":
		return self

	def __exit__(self, kind, *exception) -> None:
		if kind:
			# Rows that are locked hold up other workers for as long as calls last. Whatever this raises, the connection is
			# gone then, and what has brought the job here is raised.
			with suppress(Exception):
				frappe.db.rollback()
		self.calls.close()
		if self.lingers:
			locks.release([LINGERS])

	def run(self) -> None:
		"""Work until nothing is due soon any more, or others need this worker."""
		while (wait_s := self._start_what_is_due()) is not None and not self._makes_room():
			self.write_outcomes(min(wait_s, LOOK_EVERY_S))
		while self.calls.in_flight:
			self.write_outcomes(LOOK_EVERY_S)
		if wait_s is not None:
			self._hand_over()

	def _start_what_is_due(self) -> float | None:
		"""Start calls. Seconds until there is something to do, None when this job is not needed any more."""
		now = time.monotonic()
		if now >= self.look_at:
			self._look(now)
		for number, at in list(self.claim_at.items()):
			if at <= now:
				self._claim(number)
		now = time.monotonic()
		if self.calls.in_flight:
			self.useful_at = now
			return max(min([self.look_at, *self.claim_at.values()]) - now, 0)
		soonest = min([*self.claim_at.values(), *([self.search_at] if self.search_at else [])], default=inf)
		if soonest > now + STAYS_FOR_S:
			return None
		if now > self.useful_at + USELESS_AFTER_S and not self._stays():
			return None
		return max(min(self.look_at, soonest) - now, 0)

	def _look(self, now: float) -> None:
		self.look_at = now + LOOK_EVERY_S
		for search in reconcile.due():
			self._start(self.calls.search, search)
		next_s = reconcile.next_in()
		self.search_at = None if next_s is None else now + next_s
		self.claim_at = {number: self.claim_at.get(number, now) for number in claim.numbers_with_backlog()}
		# Ends the transaction: the worker waits now, and the next look has to see what others commit.
		frappe.db.commit()  # nosemgrep

	def _claim(self, number: str) -> None:
		most = self.calls.room(number)
		if most <= 0:
			self.claim_at[number] = self.look_at
			return
		claimed = claim.claim(number, most)
		if claimed.wait_s is None:
			# All that waits has to follow something that is under way: this job's own outcomes, or the next look, tell.
			self.claim_at.pop(number)
			return
		self.claim_at[number] = time.monotonic() + max(claimed.wait_s, CLAIM_EVERY_S)
		for message in claimed.messages:
			self._start(self.calls.send, message)
		# Last: other apps hear of it, whose code may take long, or commit.
		for message, refused in claimed.refusals.items():
			claim.refuse(message, refused)
			# Message by message: code of other apps runs in between, which may fail.
			frappe.db.commit()  # nosemgrep

	def _start(self, call, about: ClaimedMessage | reconcile.Search) -> None:
		try:
			call(about)
		except errors.TwilioProblem as e:
			outcomes.record_one(about, e)
			frappe.db.commit()
			_release([about])

	def write_outcomes(self, wait_s: float) -> None:
		"""Wait for a call to end, and write down what became of all that have ended."""
		ended = self.calls.ended(wait_s)
		if not ended:
			return
		if outcomes.record(ended):
			self.look_at = 0
		_release([call.about for call in ended])
		for call in ended:
			# What was written after it may leave now.
			self.claim_at.setdefault(call.about.number, 0)

	def _stays(self) -> bool:
		self.lingers = self.lingers or bool(locks.take([LINGERS]))
		return self.lingers

	def _makes_room(self) -> bool:
		"""Whether to end although there is work left: other jobs wait for a worker, or this one has lasted long enough."""
		now = time.monotonic()
		if now > self.begun + AT_MOST_S:
			self._hand_over()
			return now > self.begun + AT_MOST_S + OVERLAP_S
		if now < self.others_at:
			return False
		self.others_at = now + OTHERS_EVERY_S
		if not jobs.has_backlog():
			self.others_since = inf
			return False
		self.others_since = min(self.others_since, now)
		# Not all at once: it takes a while until the next job has begun.
		waited = now >= self.others_since + PATIENCE_S
		return waited and (not self.calls.in_flight or now > self.begun + AT_LEAST_S)

	def _hand_over(self) -> None:
		"""Have another job go on, once."""
		if not self.handed_over:
			self.handed_over = True
			jobs.enqueue_after_commit(wake.JOB, queue="default", dedupe_key=wake.JOB)
			# The job is enqueued after a commit: this one goes on for a while.
			frappe.db.commit()  # nosemgrep


def _release(about: list[ClaimedMessage | reconcile.Search]) -> None:
	locks.release([lock for one in about if isinstance(one, ClaimedMessage) for lock in one.locks])
