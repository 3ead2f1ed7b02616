"""Queued texts go to Twilio.

A job claims what may leave (`claims`), calls Twilio from threads of its own and writes down what became of each call. Any
number of workers on any number of machines may do so at once: the database keeps them apart, none of them leads.
"""

import queue
import sys
import threading
import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from math import inf

import frappe
from frappe import _
from redis.exceptions import RedisError
from rq.timeouts import JobTimeoutException

from twilio_sms_channel.content import media_links
from twilio_sms_channel.infra import (
	asking,
	clock,
	conditional_update,
	jobs,
	locks,
	public_url,
	site_identity,
	statuses,
)
from twilio_sms_channel.infra.listeners import ask
from twilio_sms_channel.messaging.conversation import consent
from twilio_sms_channel.messaging.delivery import account_pause, message_status, polling
from twilio_sms_channel.messaging.sending import claims, heartbeat, rate_limit, reconcile, wake
from twilio_sms_channel.twilio_gateway import errors
from twilio_sms_channel.twilio_gateway.client import (
	CALL_ERRORS,
	NOT_FOUND,
	Accepted,
	Departure,
	DidNotLeave,
	Gateway,
	Login,
	create,
	creation,
	problem,
)

MESSAGE, CONVERSATION = "Twilio SMS Message", "Twilio SMS Conversation"
LOOK_AFTER_ACCOUNTS = "twilio_sms_channel.messaging.sending.dispatch.look_after_accounts"
MAX_CALLS, MAX_CALLS_OF_A_NUMBER = 150, 50
LOOK_EVERY_S = 0.25
# The outcomes of many calls are written together.
FEW_CALLS, GATHERED_FOR_S = 3, 0.02
# A job makes room for others that wait, and ends before the worker thinks that it hangs (Frappe: 300 s).
AT_LEAST_S, AT_MOST_S, OVERLAP_S = 2, 200, 5
OTHERS_EVERY_S, PATIENCE_S, KEEPERS_PATIENCE_S = 0.3, 0.3, 2
MAY_BE_LATE_S = 0.025
SWITCH_INTERVAL_S = 0.0002
# What is due later than this is left to the sweep, or to the next text.
STAYS_FOR_S = 10
USELESS_AFTER_S = 1.5


class MayHaveArrived(frappe.ValidationError):
	"""A text that is to be sent again may be on the customer's phone; the message says why and what to do."""


class Stopped(errors.TwilioProblem):
	"""Another app does not want a text to be sent."""


def pump() -> None:
	"""Send what waits, of all numbers, and look up what is unconfirmed (worker)."""
	jobs.as_administrator()
	jobs.begun(wake.JOB)
	if not heartbeat.may_send():
		return
	recover()
	with Pump() as running:
		running.run()


def recover() -> None:
	"""Have texts looked up whose worker died during the call. Commits."""
	for message in claims.abandoned():
		reconcile.begin(message, _("The worker stopped while sending."))
		# Others do the same at this moment: nobody holds one while waiting for the next.
		frappe.db.commit()


def look_after_accounts() -> None:
	"""Ask Twilio whether paused accounts may send again, and send what waits (worker)."""
	jobs.as_administrator()
	jobs.begun(LOOK_AFTER_ACCOUNTS)
	account_pause.look_again()
	wake_if_needed()


def wake_if_needed() -> None:
	"""Wake a worker when something waits whose job was lost (sweep)."""
	waiting = any(frappe.db.exists(MESSAGE, {"status": status}) for status in ("Queued", "Sending"))
	if waiting or reconcile.is_due():
		# Whatever is marked as waiting: a Redis that was restarted forgot the job, another one keeps the mark.
		jobs.later(wake.JOB)
		frappe.db.commit()


def retry(message: str) -> None:
	"""Queue a text again that failed for good, or that an agent has to decide about, at the agent's wish. Others that are
	unconfirmed are never repeated.

	:raises home.IsCopy: nothing is sent from here
	:raises MayHaveArrived: it has arrived meanwhile, or may have: the first time the agent is told
	"""
	site_identity.refuse_on_copy()
	doc = frappe.get_doc(MESSAGE, message)
	if not _may_be_repeated(doc):
		return
	_refuse_to_send_twice(doc)
	known_sid = doc.twilio_sid
	doc = frappe.get_doc(MESSAGE, message, for_update=True)
	if not _may_be_repeated(doc) or doc.twilio_sid != known_sid:
		return
	doc.db_set(
		{
			"status": "Queued",
			# Delivery reports of the earlier attempt may still come.
			"earlier_sids": "\n".join(filter(None, (doc.earlier_sids, doc.twilio_sid))) or None,
			"twilio_sid": None,
			"twilio_status": None,
			"needs_decision": 0,
			"attempts": 0,
			"tried_since": None,
			"next_attempt": None,
			"error_code": None,
			"error_message": None,
			"turn": rate_limit.turn_for(doc.number, doc.conversation, by=frappe.session.user),
		}
	)
	message_status.show(doc)
	wake.wake()


def _may_be_repeated(doc) -> bool:
	failed = doc.status in statuses.NOT_DELIVERED or (doc.status == "Unconfirmed" and doc.needs_decision)
	return doc.direction == "Outbound" and failed and not doc.sent_as_email


def _refuse_to_send_twice(doc) -> None:
	why = _why_it_may_have_arrived(doc)
	if not why:
		return
	if not _may_be_repeated(doc):
		frappe.throw(why, MayHaveArrived, title=_("It was not sent again"))
	asking.first(
		f"send_again:{doc.name}",
		_("{0} To send it anyway, press Send Again once more.").format(why),
		MayHaveArrived,
		_("Send it a second time?"),
	)


def _why_it_may_have_arrived(doc) -> str:
	"""What speaks against sending a text again, "" for nothing. Networks give back what arrives after all: Twilio is
	asked. When it has arrived that is written down; commits."""
	if doc.needs_decision:
		return _("It may have been sent, and would arrive twice.")
	if not doc.twilio_sid:
		return ""
	try:
		account = frappe.get_doc("Twilio SMS Account", doc.account)
		found, _code, _words = Gateway(account).read_message(doc.twilio_sid)
	except errors.TwilioProblem as e:
		if e.code == NOT_FOUND:
			return ""
		return _("Twilio cannot be asked at the moment whether it has arrived meanwhile: {0}").format(
			e.message
		)
	except (frappe.AuthenticationError, frappe.ValidationError) as e:
		return _("Twilio cannot be asked whether it has arrived meanwhile: {0}").format(e)
	status = statuses.OUR_STATUS.get(found.twilio_status, "")
	if status in statuses.ARRIVED:
		message_status.report(doc.name, found.twilio_status, sid=found.sid)
		frappe.db.commit()
		doc.reload()
		return _("Twilio now says that it arrived after all.")
	if status in statuses.FINAL:
		return ""
	return _("Twilio says that it is still on its way ({0}).").format(found.twilio_status)


@dataclass
class Call:
	"""A call to Twilio that is under way: sends a text, or looks for one in Twilio's list."""

	about: claims.Text | reconcile.Search
	login: Login
	work: tuple
	"""what a thread does, with what"""
	answer: Future


class Pump:
	"""One job's work: claims, calls in threads, outcomes. Only the job's own thread speaks to the database."""

	def __init__(self):
		self.threads = ThreadPoolExecutor(MAX_CALLS, thread_name_prefix="twilio")
		self.stopping = threading.Event()
		self.ended: queue.SimpleQueue[Call] = queue.SimpleQueue()
		self.under_way: Counter[str] = Counter()
		self.gateways: dict[tuple, Gateway] = {}
		self.claim_at: dict[str, float] = {}
		"""by number: when a text may be claimed, as far as it is known"""
		self.search_at: float | None = None
		self.look_at = self.others_at = 0.0
		self.begun = self.useful_at = time.monotonic()
		self.others_since = inf
		self.handed_over = False
		self.keeper = Keeper()

	def __enter__(self) -> "Pump":
		# A thread whose moment to send has come waits that long for its turn; by default half a text's time.
		rate_limit.compare_clocks()
		self.switch_interval_s = sys.getswitchinterval()
		sys.setswitchinterval(SWITCH_INTERVAL_S)
		return self

	def __exit__(self, *exception) -> None:
		# Should the database be gone: what has not left must not leave any more; the next job has it looked up.
		self.stopping.set()
		self.threads.shutdown(cancel_futures=True)
		self.keeper.leave()
		sys.setswitchinterval(self.switch_interval_s)

	def run(self) -> None:
		"""Work until nothing is due soon any more, or others need this worker."""
		while (wait_s := self._start_what_is_due()) is not None and not self._makes_room():
			self._write_outcomes(min(wait_s, LOOK_EVERY_S))
		while self.under_way:
			self._write_outcomes(LOOK_EVERY_S)
		if wait_s is not None:
			self._hand_over()

	# What is due

	def _start_what_is_due(self) -> float | None:
		"""Start calls. Seconds until there is something to do, None when this job is not needed any more."""
		now = time.monotonic()
		if now >= self.look_at:
			self._look(now)
		for number, at in list(self.claim_at.items()):
			if at <= now:
				self._claim(number)
		now = time.monotonic()
		if self.under_way:
			self.useful_at = now
			return max(min([self.look_at, *self.claim_at.values()]) - now, 0)
		soonest = min([*self.claim_at.values(), *([self.search_at] if self.search_at else [])], default=inf)
		if soonest > now + STAYS_FOR_S:
			return None
		if now > self.useful_at + USELESS_AFTER_S and not self.keeper.stays():
			return None
		return max(min(self.look_at, soonest) - now, 0)

	def _look(self, now: float) -> None:
		self.look_at = now + LOOK_EVERY_S
		for search in reconcile.due():
			self._start(search, search.account)
		next_s = reconcile.next_in()
		self.search_at = None if next_s is None else now + next_s
		self.claim_at = {number: self.claim_at.get(number, now) for number in claims.numbers()}
		frappe.db.commit()

	def _claim(self, number: str) -> None:
		most = min(MAX_CALLS - self.under_way.total(), MAX_CALLS_OF_A_NUMBER - self.under_way[number])
		if most <= 0:
			self.claim_at[number] = self.look_at
			return
		claim = claims.claim(number, most)
		if claim.wait_s is None:
			# All that waits has to follow something that is under way: this job's own outcomes, or the next look, tell.
			self.claim_at.pop(number)
			return
		self.claim_at[number] = time.monotonic() + max(claim.wait_s - claims.AHEAD_S / 2, 0)
		for text in claim.texts:
			self._start(text, text.sender.account)

	def _makes_room(self) -> bool:
		"""Whether to end although there is work left: other jobs wait for a worker, or this one has lasted long enough."""
		now = time.monotonic()
		if now > self.begun + AT_MOST_S:
			self._hand_over()
			return now > self.begun + AT_MOST_S + OVERLAP_S
		if now < self.others_at:
			return False
		self.others_at = now + OTHERS_EVERY_S
		if not jobs.others_wait():
			self.others_since = inf
			return False
		self.others_since = min(self.others_since, now)
		# Not all at once: it takes a while until the next job has begun.
		patience_s = KEEPERS_PATIENCE_S if self.keeper.stays() else PATIENCE_S
		return now >= self.others_since + patience_s and (not self.under_way or now > self.begun + AT_LEAST_S)

	def _hand_over(self) -> None:
		"""Have another job go on, once."""
		if not self.handed_over:
			self.handed_over = True
			jobs.later(wake.JOB, queue="default", once_for=wake.JOB)
			frappe.db.commit()

	# Calls

	def _start(self, about: claims.Text | reconcile.Search, account: str) -> None:
		try:
			login = self._gateway(account, getattr(about, "account_modified", None)).login
			work = (
				self._sending(about, login) if isinstance(about, claims.Text) else self._search(about, login)
			)
		except errors.TwilioProblem as e:
			self._settle(about, e)
			frappe.db.commit()
			self._let_go(about)
			return
		self.under_way[about.number] += 1
		self._submit(about, login, work)

	def _submit(self, about: claims.Text | reconcile.Search, login: Login, work: tuple) -> None:
		call = Call(about, login, work, self.threads.submit(*work))
		call.answer.add_done_callback(lambda _answer: self.ended.put(call))

	def _sending(self, text: claims.Text, login: Login) -> tuple:
		if frappe.get_hooks("twilio_sms_before_send"):
			_ask_other_apps(text.name)
		by_service = text.sender.number_type == "Messaging Service"
		options = creation(
			text.customer_number,
			text.body,
			sender="" if by_service else text.number,
			service_sid=text.sender.messaging_service_sid,
			media_urls=_media_urls(text.name) if text.has_media else None,
			status_callback=public_url.status_callback(text.name),
		)
		return self._departing(text, _send, login, options)

	def _departing(self, text: claims.Text, *work) -> tuple:
		# Late texts would arrive together with those whose place it is then.
		latest = text.leaves_at + max(MAY_BE_LATE_S, text.seconds / 2)
		return *work[:3], Departure(text.leaves_at, latest, self.stopping)

	def _search(self, search: reconcile.Search, login: Login) -> tuple:
		return reconcile.look, login, search

	def _gateway(self, account: str, modified: datetime | None) -> Gateway:
		modified = modified or frappe.db.get_value("Twilio SMS Account", account, "modified")
		if (account, modified) not in self.gateways:
			try:
				self.gateways[account, modified] = Gateway(frappe.get_doc("Twilio SMS Account", account))
			except (frappe.AuthenticationError, frappe.ValidationError) as e:
				# No token, or one that this site's key does not open, as in a restored copy.
				raise errors.Refused(str(e), errors.AUTHENTICATION_FAILED) from None
		return self.gateways[account, modified]

	# Outcomes

	def _write_outcomes(self, wait_s: float) -> None:
		"""Wait for a call to end, and write down what became of all that have ended."""
		try:
			ended = [self.ended.get(timeout=wait_s)]
			if self.under_way.total() > FEW_CALLS:
				time.sleep(GATHERED_FOR_S)
			while not self.ended.empty():
				ended.append(self.ended.get())
		except queue.Empty:
			return
		taken, again, others, recovered = [], [], [], {}
		for call in ended:
			result = _result(call)
			if isinstance(result, DidNotLeave):
				again.append(call)
			elif isinstance(result, Accepted):
				next_look = polling.first_at(has_callback=public_url.is_reachable())
				taken.append(call.about.taken(result, next_look))
				if call.about.after_failures:
					known = recovered.get(call.about.number, call.about.claimed_at)
					recovered[call.about.number] = max(known, call.about.claimed_at)
			else:
				others.append((call.about, result))
		message_status.accept(*taken)
		frappe.db.commit()
		# Other jobs write to the same numbers and accounts, in another order: nobody holds one while waiting for the next.
		for number, claimed_at in recovered.items():
			rate_limit.recover(number, claimed_at)
			frappe.db.commit()
		for about, result in others:
			self._settle(about, result)
			frappe.db.commit()
		if others:
			# There may be something to look up now, or to send again.
			self.look_at = 0
		if again:
			soon = claims.take_other_places([call.about for call in again])
			for call in again:
				if call.about in soon:
					ended.remove(call)
					self._submit(call.about, call.login, self._departing(call.about, *call.work))
		locks.release([call.about.lock for call in ended if isinstance(call.about, claims.Text)])
		for call in ended:
			self.under_way[call.about.number] -= 1
			# What was written after it may leave now.
			self.claim_at.setdefault(call.about.number, 0)
		self.under_way += Counter()

	def _settle(self, about: claims.Text | reconcile.Search, result) -> None:
		if isinstance(about, reconcile.Search):
			_settle_search(about, result)
		else:
			_settle_text(about, result)

	def _let_go(self, about: claims.Text | reconcile.Search) -> None:
		if isinstance(about, claims.Text):
			locks.release([about.lock])


class Keeper:
	"""Of several jobs that wait for the next text's time, one stays. That two stay does no harm."""

	SECONDS = 3

	def __init__(self):
		self.key = frappe.cache().make_key("twilio_sms_keeper")
		self.token = frappe.generate_hash(length=10).encode()

	def stays(self) -> bool:
		cache = frappe.cache()
		try:
			if cache.set(self.key, self.token, nx=True, ex=self.SECONDS):
				return True
			return cache.get(self.key) == self.token and bool(cache.expire(self.key, self.SECONDS))
		except RedisError:
			return True

	def leave(self) -> None:
		try:
			if frappe.cache().get(self.key) == self.token:
				frappe.cache().delete(self.key)
		except RedisError:
			pass


# In a thread of a pump, without the site


def _send(login: Login, options: dict, departure: Departure) -> Accepted:
	return create(login.thread_client(), options, departure)


# In the job's own thread


def _ask_other_apps(message: str) -> None:
	try:
		ask("twilio_sms_before_send", frappe.get_doc(MESSAGE, message))
	except JobTimeoutException:
		# The job's time is over, whatever it was spent on: nobody objects to the text.
		frappe.db.rollback()
		raise
	except Exception as e:
		# Another app's code can raise anything, and says so that the text is not to be sent.
		frappe.db.rollback()
		raise Stopped(str(e)) from None


def _media_urls(message: str) -> list[str]:
	return media_links.urls_for_twilio(frappe.get_doc(MESSAGE, message))


def _result(call: Call):
	"""What a call brought: Twilio's answer, a TwilioProblem, or DidNotLeave."""
	error = call.answer.exception()
	if error is None:
		return call.answer.result()
	if isinstance(error, DidNotLeave):
		return error
	if isinstance(error, CALL_ERRORS):
		return problem(error, call.login.timeout_s)
	return errors.OutcomeUnknown(f"{type(error).__name__}: {error}")


def _settle_text(text: claims.Text, result) -> None:
	if isinstance(result, Stopped):
		message_status.settle(text.name, "Blocked", reason=result.message)
	elif isinstance(result, errors.TryAgain):
		rate_limit.back_off(text.number, text.claimed_at, result.message, text.sender.segments_per_second)
		_queue_again(text, result)
	elif isinstance(result, errors.OutcomeUnknown):
		rate_limit.back_off(text.number, text.claimed_at, result.message, text.sender.segments_per_second)
		reconcile.begin(text.name, result.message, result.code)
	elif isinstance(result, errors.Refused) and result.code in account_pause.CODES:
		account_pause.pause(text.sender.account, result.code, result.message)
		_queue_again(text, result)
	elif isinstance(result, errors.Refused) and result.code == errors.OPTED_OUT:
		consent.opt_out(frappe.get_doc(CONVERSATION, text.conversation), "Twilio's Refusal", text.name)
		message_status.settle(text.name, "Blocked", code=result.code, reason=errors.explain(result.code))
	elif isinstance(result, errors.Refused):
		reason = errors.explain(result.code, result.message)
		message_status.settle(text.name, "Failed", code=result.code, reason=reason)


def _settle_search(search: reconcile.Search, result) -> None:
	if isinstance(result, errors.TwilioProblem):
		reconcile.put_off(search, result)
	else:
		reconcile.conclude(search, result)


def _queue_again(text: claims.Text, problem: errors.TwilioProblem) -> None:
	reason = errors.explain(problem.code, problem.message)
	if clock.passed(text.tried_since, clock.utc())[0] > reconcile.TOO_LATE_AFTER_HOURS * 3600:
		message_status.settle(text.name, "Failed", code=problem.code, reason=reason)
		return
	why = {"status": "Queued", "error_code": problem.code or None, "error_message": reason}
	if conditional_update.update(MESSAGE, text.name, why, status="Sending"):
		message_status.show(frappe._dict(name=text.name, status="Queued"))
