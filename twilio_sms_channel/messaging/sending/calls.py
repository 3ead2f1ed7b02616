"""A worker's calls to Twilio, each in a thread of its own."""

import queue
import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

import frappe
from frappe import _
from rq.timeouts import JobTimeoutException

from twilio_sms_channel.content import media_links
from twilio_sms_channel.infra import clock, public_url
from twilio_sms_channel.infra.listeners import guard
from twilio_sms_channel.messaging.conversation import consent, eligibility
from twilio_sms_channel.messaging.sending import claim, reconcile
from twilio_sms_channel.messaging.sending.claim import ClaimedMessage
from twilio_sms_channel.twilio_gateway import (
	errors,
	sdk,  # noqa: F401 (loaded before a call has to leave in time)
)
from twilio_sms_channel.twilio_gateway.client import Gateway, Login, create, creation
from twilio_sms_channel.twilio_gateway.failures import CALL_ERRORS, problem
from twilio_sms_channel.twilio_gateway.models import Accepted
from twilio_sms_channel.twilio_gateway.window import MissedWindow, SlowConnection

MESSAGE = "Twilio SMS Message"
MAX_CALLS, MAX_CALLS_OF_A_NUMBER = 150, 50
# The outcomes of many calls are written together.
FEW_CALLS, GATHERED_FOR_S = 3, 0.02
# Since the claim began. A process that was stopped in between must not send what others look up meanwhile, nor after a
# STOP that waited for it (`consent.WAIT_S`, which is longer).
SEND_WITHIN_S = 5


class Stopped(errors.TwilioProblem):
	"""Another app does not want a message to be sent."""


class SlowToConnect(errors.TryAgain):
	"""Twilio was reached too late for this message. It goes with the next attempt: the connection stands now."""


class NotEligible(errors.TwilioProblem):
	"""While another app was asked, the customer opted out or the number was switched off."""

	def __init__(self, refusal: eligibility.Refusal):
		super().__init__(refusal.reason)
		self.refusal = refusal


@dataclass
class Call:
	"""A call that is under way: sends a message, or looks for one in Twilio's list."""

	about: ClaimedMessage | reconcile.Search
	login: Login
	answer: Future

	@property
	def result(self):
		"""What an ended call brought: Twilio's answer, a TwilioProblem, or MissedWindow."""
		error = self.answer.exception()
		if error is None:
			return self.answer.result()
		if isinstance(error, SlowConnection):
			return SlowToConnect(
				_("Connecting to Twilio took too long. Check this server's name servers and its proxy.")
			)
		if isinstance(error, MissedWindow):
			return error
		if isinstance(error, CALL_ERRORS):
			return problem(error, self.login.timeout_s)
		# A fault of ours or of a library: whether Twilio was reached is not known.
		frappe.logger("twilio_sms").error("A call to Twilio failed unexpectedly", exc_info=error)
		return errors.OutcomeUnknown(f"{type(error).__name__}: {error}")


class Calls:
	"""All calls of one worker. Its threads have no connection to the site."""

	def __init__(self):
		self.threads = ThreadPoolExecutor(MAX_CALLS, thread_name_prefix="twilio")
		self.done: queue.SimpleQueue[Call] = queue.SimpleQueue()
		self.in_flight: Counter[str] = Counter()
		self._gateways: dict[tuple, Gateway] = {}

	def room(self, number: str) -> int:
		"""How many more calls may be made for a number at once."""
		return min(MAX_CALLS - self.in_flight.total(), MAX_CALLS_OF_A_NUMBER - self.in_flight[number])

	def send(self, message: ClaimedMessage) -> None:
		"""Send a message.

		:raises TwilioProblem: nothing was begun
		"""
		login = self._gateway(message.sender.account, message.account_modified).login
		since_s, window_s = message.claimed_s, min(SEND_WITHIN_S, reconcile.absent_after_s() / 2)
		if frappe.get_hooks("twilio_sms_before_send"):
			_ask_other_apps(message.name)
			# That may have taken long.
			since_s = clock.running_s()
			if since_s - message.claimed_s > consent.WAIT_S - window_s:
				# A STOP that waits for this message gives up before long.
				window_s = min(window_s, 1)
			if refused := claim.look_again(message):
				raise NotEligible(refused)
		self._submit(message, login, _send, login, _options(message), since_s + window_s)

	def search(self, search: reconcile.Search) -> None:
		"""Look for a message in Twilio's list.

		:raises TwilioProblem: nothing was begun
		"""
		login = self._gateway(search.account).login
		self._submit(search, login, reconcile.candidates, login, search)

	def ended(self, wait_s: float) -> list[Call]:
		"""Wait for a call to end; all that have ended."""
		try:
			ended = [self.done.get(timeout=wait_s)]
			if self.in_flight.total() > FEW_CALLS:
				time.sleep(GATHERED_FOR_S)
			while not self.done.empty():
				ended.append(self.done.get())
		except queue.Empty:
			return []
		self.in_flight -= Counter(call.about.number for call in ended)
		return ended

	def close(self) -> None:
		self.threads.shutdown(cancel_futures=True)

	def _submit(self, about: ClaimedMessage | reconcile.Search, login: Login, *work) -> None:
		self.in_flight[about.number] += 1
		call = Call(about, login, self.threads.submit(*work))
		call.answer.add_done_callback(lambda _answer: self.done.put(call))

	def _gateway(self, account: str, modified: datetime | None = None) -> Gateway:
		modified = modified or frappe.db.get_value("Twilio SMS Account", account, "modified")
		if (account, modified) not in self._gateways:
			try:
				self._gateways[account, modified] = Gateway(frappe.get_doc("Twilio SMS Account", account))
			except (frappe.AuthenticationError, frappe.ValidationError) as e:
				# No token, or one that this site's key does not open, as in a restored copy.
				raise errors.Refused(str(e), errors.AUTHENTICATION_FAILED) from None
		return self._gateways[account, modified]


def _send(login: Login, options: dict, until: float) -> Accepted:
	try:
		return create(login.thread_client(), options, until)
	except SlowConnection:
		# It is closed with the exception: without another one, no message would ever leave.
		login.connect()
		raise


def _options(message: ClaimedMessage) -> dict:
	sender = message.sender
	is_service = sender.number_type == "Messaging Service"
	# Named as sender, a number of the pool would keep Twilio from using RCS.
	rcs_first = bool(sender.rcs_sender)
	media_urls = None
	if message.has_media:
		media_urls = media_links.urls_for_twilio(frappe.get_doc(MESSAGE, message.name))
	return creation(
		message.customer_number,
		message.body,
		sender="" if is_service or rcs_first else message.number,
		service_sid=sender.messaging_service_sid,
		fallback_from=message.number if rcs_first and not is_service else "",
		media_urls=media_urls,
		status_callback=public_url.status_callback(message.name),
	)


def _ask_other_apps(message: str) -> None:
	try:
		guard("twilio_sms_before_send", frappe.get_doc(MESSAGE, message))
	except JobTimeoutException:
		# The job's time is over, whatever it was spent on: nobody objects to the message.
		frappe.db.rollback()
		raise
	except Exception as e:
		# Another app's code can raise anything, and says so that the message is not to be sent.
		frappe.db.rollback()
		raise Stopped(str(e)) from None
