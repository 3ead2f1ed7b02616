"""Twilio's REST API, the part that a texting app uses (https://www.twilio.com/docs/messaging/api).

JSON only. The shapes are those of Twilio's OpenAPI descriptions. Each kind of resource has a module of its own, with
`RULES` whose endpoints are functions `(context, request, account, …)`.
"""

import time
from email.utils import format_datetime

from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import BaseConverter, Map, Rule
from werkzeug.wrappers import Request, Response

from twilio_sms_channel.simulator import key_policy
from twilio_sms_channel.simulator.errors import UNKNOWN_USER, RestError
from twilio_sms_channel.simulator.faults import HungUp
from twilio_sms_channel.simulator.models import Account, ApiKey, RestRequest, now
from twilio_sms_channel.simulator.rest import (
	accounts,
	alerts,
	campaigns,
	channel_senders,
	geo_permissions,
	lookups,
	media,
	messages,
	numbers,
	services,
	short_codes,
	verifications,
	webhook_security,
)
from twilio_sms_channel.simulator.rest.answers import json_answer
from twilio_sms_channel.simulator.rest.context import READ_AT, Context

RETRY_AFTER_S = 1
MAIN_KEY = "Main"


class SidConverter(BaseConverter):
	regex = r"[A-Za-z]{2}[0-9A-Za-z]+"


def _without_head(rules: list[Rule]) -> list[Rule]:
	"""werkzeug lets HEAD in wherever GET is; Twilio's descriptions of these resources know no HEAD."""
	for rule in rules:
		rule.methods.discard("HEAD")
	return rules


URLS = Map(
	[
		*_without_head(accounts.RULES),
		*_without_head(numbers.RULES),
		*_without_head(messages.RULES),
		*_without_head(media.RULES),
		*short_codes.RULES,
		*services.RULES,
		*campaigns.RULES,
		*channel_senders.RULES,
		*verifications.RULES,
		*geo_permissions.RULES,
		*lookups.RULES,
		*alerts.RULES,
		*webhook_security.RULES,
	],
	converters={"sid": SidConverter},
	strict_slashes=True,
)


class RestApi:
	"""Answers requests under /2010-04-01.

	:param slow_s: how much longer a slow answer takes
	:param latency_s: how long every answer takes
	"""

	def __init__(self, context: Context, slow_s: float, latency_s: float):
		self.context = context
		self.world = context.world
		self.faults = context.faults
		self._slow_s = slow_s
		self.latency_s = latency_s
		self.under_way: set[int] = set()

	def answer(self, request: Request) -> Response:
		"""Answer one request and note it in the journal.

		:raises HungUp: a fault closes the connection
		"""
		entry = _journal_entry(request)
		started = request.environ[READ_AT] = time.monotonic()
		self.under_way.add(id(entry))
		try:
			# One half on the way there, one on the way back: a client may be gone by either.
			self._travel()
			response = self._answer_or_refuse(request, entry)
			response.headers["Date"] = format_datetime(now() + self.context.clock_ahead, usegmt=True)
			self._travel()
			return response
		finally:
			self.under_way.remove(id(entry))
			entry.latency_ms = round((time.monotonic() - started) * 1000)
			self.world.record(entry)

	def _travel(self) -> None:
		if self.latency_s:
			self.context.pause(self.latency_s / 2)

	def _answer_or_refuse(self, request: Request, entry: RestRequest) -> Response:
		try:
			response = self._answer(request, entry)
			entry.status_code = response.status_code
			return response
		except RestError as e:
			entry.status_code, entry.error_code = e.status, e.code
			response = json_answer(e.as_json(), e.status)
			if e.status == 401:
				response.headers["WWW-Authenticate"] = 'Basic realm="Twilio API"'
			if e.status == 429:
				response.headers["Retry-After"] = str(RETRY_AFTER_S)
			return response

	def _answer(self, request: Request, entry: RestRequest) -> Response:
		if self.faults.strikes("connection_closed"):
			raise HungUp
		if self.faults.strikes("rate_limit"):
			raise RestError(20429)
		if self.faults.strikes("outage"):
			raise RestError(20503)
		if self.faults.strikes("slow_api"):
			self.context.pause(self._slow_s)
		account, key = self._log_in(request, entry)
		try:
			endpoint, arguments = URLS.bind_to_environ(request.environ).match()
		except MethodNotAllowed:
			raise RestError(20004)
		except HTTPException:
			raise RestError(20404, request.path)
		if arguments.pop("account_sid", account.sid) != account.sid:
			raise RestError(20404, request.path)
		if account.status != "active":
			raise RestError(20403)
		if endpoint is accounts.fetch_account and key and key.type != MAIN_KEY:
			# Twilio, Key resource: Standard keys reach everything except API keys and Account resources.
			raise RestError(20003)
		if key:
			key_policy.check(key, request.method, request.path)
		return endpoint(self.context, request, account, **arguments)

	def _log_in(self, request: Request, entry: RestRequest) -> tuple[Account, ApiKey | None]:
		"""The account of the credentials, and their API key if they are one's."""
		given = request.authorization
		if not given or given.type != "basic":
			raise RestError(20003)
		user, password = given.username or "", given.password or ""
		known = False
		with self.world.lock:
			for account in self.world.accounts.values():
				key = account.api_keys.get(user)
				known = known or user == account.sid or bool(key)
				if (user == account.sid and account.lets_in(password)) or (key and key.secret == password):
					entry.user = user
					return account, key
		raise RestError(20003) if known else RestError(20003, message=UNKNOWN_USER)


def _journal_entry(request: Request) -> RestRequest:
	return RestRequest(
		method=request.method,
		path=request.path,
		query=request.args.to_dict(flat=False),
		form=request.form.to_dict(flat=False),
		headers={k: v for k, v in request.headers.items() if k.lower() not in ("authorization", "cookie")},
	)
