"""Twilio's endpoints: inbound messages and status callbacks.

Both are open to guests, so the order matters: who does this claim to be from, is it signed by them, is it well formed;
only then anything is written. Add both to `allowed_custom_endpoints` where `block_endpoints` is on in the site config.
"""

from collections.abc import Callable
from contextlib import contextmanager, suppress
from itertools import product
from typing import Any

import frappe
from frappe import _
from werkzeug.wrappers import Response

from twilio_sms_channel.messaging.delivery import callbacks
from twilio_sms_channel.messaging.inbound import (
	intake,
	rejected_webhooks,
	self_test_webhook,
	unread_webhooks,
	webhook_auth,
)
from twilio_sms_channel.messaging.setup import webhook_config
from twilio_sms_channel.twilio_gateway import payloads
from twilio_sms_channel.twilio_gateway.signature import (
	algorithm_of,
	find_fragment,
	fragments,
	is_signed,
	settings_of,
	signature_of,
)

# The longest message that is taken in has some 190 kB when each of its characters is quoted; Twilio sends about 60 parameters.
MAX_BYTES, MAX_PARAMETERS = 256 * 1024, 500


class Rejected(Exception):
	"""A webhook that is answered with an error: why, as one of `rejected_webhooks.HTTP_STATUS` and as a sentence."""

	def __init__(self, code: str, reason: str):
		super().__init__(reason)
		self.code, self.reason = code, reason


@frappe.whitelist(allow_guest=True, xss_safe=True, methods=["GET", "POST"])
def inbound(**kwargs: Any) -> Response:
	"""A message from a customer. Answers empty TwiML once the message is durably stored.

	What is signed and cannot be read is stored as it came, and answered alike.

	403: not signed by Twilio · 404: account or number not set up here · 413: too large for a message · 429: one of very
	many that were refused within a minute; what is signed is never limited
	"""
	return _answer(_take_in_message)


@frappe.whitelist(allow_guest=True, xss_safe=True, methods=["GET", "POST"])
def status(**kwargs: Any) -> Response:
	"""What became of a message of ours. 204 once it is stored; the query says which message it is about."""
	return _answer(_take_in_status)


def _take_in_message(caller: webhook_auth.WebhookContext, params) -> Response:
	if payloads.is_report(params):
		# The console lets people enter this URL for delivery reports as well. It is no message of ours to ourselves.
		return _take_in_status(caller, params)
	is_self_test = self_test_webhook.is_one(params)
	if self_test_webhook.PARAMETER in params and not is_self_test:
		raise Rejected(
			rejected_webhooks.UNEXPECTED_SELF_TEST, "a self-test that this site does not expect (any more)"
		)
	if self_test_webhook.is_rejecting(params):
		return Response(status=self_test_webhook.REJECTED_WITH)
	try:
		intake.receive(
			caller.account, payloads.read_inbound(params), number=caller.number, dry_run=is_self_test
		)
	except intake.UnknownService:
		raise
	except intake.UnknownNumber as e:
		raise Rejected(rejected_webhooks.UNKNOWN_NUMBER, f"{e} is not set up on this site")
	return _nothing_to_say()


def _take_in_status(caller: webhook_auth.WebhookContext, params) -> Response:
	if payloads.is_message(params):
		# The other way round: a customer's words must not be taken for a report about nothing.
		return _take_in_message(caller, params)
	report = payloads.read_status(params)
	try:
		with _as_administrator():
			callbacks.take_in(caller.account, report, frappe.request.args.get("message") or "")
	except callbacks.UnknownMessage as e:
		raise Rejected(rejected_webhooks.UNKNOWN_MESSAGE, str(e))
	return Response(status=204)


def _answer(take_in: Callable) -> Response:
	request, params = frappe.request, {}
	if _is_looked_at(request):
		return _explanation()
	try:
		try:
			_refuse_too_much(request)
			params = request.form if request.method == "POST" else request.args
			return _checked(take_in, request, params)
		except Rejected as e:
			frappe.db.rollback()
			if self_test_webhook.is_one(params):
				self_test_webhook.refused(params, e.reason)
			elif not rejected_webhooks.note(request, e.code, e.reason, params):
				return Response(status=429)
			return Response(status=rejected_webhooks.HTTP_STATUS[e.code])
	except Exception:
		# Frappe answers many of its errors with 4xx, which Twilio takes for final. This one may be over in a second.
		return _not_now()


def _checked(take_in: Callable, request, params) -> Response:
	caller, token = _signed_by(request, params)
	try:
		response = take_in(caller, params)
	except (payloads.MalformedWebhook, intake.UnknownService, frappe.db.DataError) as e:
		# What came by RCS goes to a service alone: Twilio would give it up, where it sends SMS to another URL.
		# Also what the database takes for no value of its field: trying again would not help, a later version may.
		response = _keep_unread(caller, params, e, at_status_url=take_in is _take_in_status)
	if self_test_webhook.is_one(params):
		self_test_webhook.arrived(params)
	else:
		webhook_auth.note_use(caller, token)
	return response


def _keep_unread(caller, params, error: Exception, *, at_status_url: bool) -> Response:
	if self_test_webhook.is_one(params):
		raise Rejected(rejected_webhooks.MALFORMED, str(error))
	about = frappe.request.args.get("message") or ""
	is_report = unread_webhooks.is_report(params, at_status_url=at_status_url)
	unread_webhooks.keep(caller.account, params, error, is_report=is_report, message=about)
	return _nothing_to_say()


def _nothing_to_say() -> Response:
	return Response('<?xml version="1.0" encoding="UTF-8"?><Response/>', content_type="text/xml")


def _not_now() -> Response:
	"""The webhook cannot be taken in at this moment: Twilio tries again, and then at the fallback URL."""
	trace = frappe.get_traceback()
	frappe.logger("twilio_sms").error(trace)
	with suppress(Exception):
		frappe.db.rollback()
		frappe.clear_messages()
		if rejected_webhooks.within_limit():
			frappe.log_error(title="A webhook could not be taken in", message=trace)
			# Twilio can be set to use GET, at whose end Frappe rolls back.
			frappe.db.commit()  # nosemgrep
	return Response(status=503)


def _is_looked_at(request) -> bool:
	"""Whether somebody has opened the URL in a browser, to see whether it works."""
	return (
		request.method == "GET"
		and not signature_of(request)
		and "text/html" in (request.headers.get("Accept") or "")
	)


def _explanation() -> Response:
	words = (
		_("This address is for Twilio"),
		_(
			"Twilio posts here: messages of customers, and what became of messages to them. Every request is signed with the account's auth token. A browser cannot sign, so it is rejected (403). Nothing is wrong."
		),
		_(
			"You see this page, so the address reaches this site. To see whether messages arrive, text one of your numbers, or press Check Everything on the Twilio SMS Account."
		),
	)
	title, *paragraphs = (frappe.utils.escape_html(each) for each in words)
	body = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
	page = f"<!DOCTYPE html><meta charset=utf-8><title>{title}</title><h1>{title}</h1>{body}"
	return Response(page, status=403, content_type="text/html; charset=utf-8")


def _refuse_too_much(request) -> None:
	"""What cannot be Twilio's is refused before a signature is computed over it, which takes long.

	Frappe has read and parsed it by now; docs/network.md says how a proxy refuses it earlier.
	"""
	if (request.content_length or 0) > MAX_BYTES or len(request.get_data()) > MAX_BYTES:
		raise Rejected(rejected_webhooks.TOO_LARGE, f"it is larger than {MAX_BYTES // 1024} kB")
	params = request.form if request.method == "POST" else request.args
	if sum(len(values) for values in params.listvalues()) > MAX_PARAMETERS:
		raise Rejected(rejected_webhooks.TOO_LARGE, f"it has more than {MAX_PARAMETERS} parameters")


def _signed_by(request, params) -> tuple[webhook_auth.WebhookContext, webhook_auth.Token]:
	"""The account that signed the request, and the token or shared key it did so with.

	Looked up by AccountSid before anything else: numbers in a Messaging Service's pool post its SID along, although
	the service need not be known here. A subaccount signs with its own auth token, so it is an account of its own.
	"""
	sid = params.get("AccountSid") or ""
	if not payloads.ACCOUNT_SID.match(sid):
		raise Rejected(rejected_webhooks.NOT_SIGNED, "not signed: AccountSid is missing or malformed")
	caller = webhook_auth.caller(sid, params.get("To") or "")
	if not caller:
		raise Rejected(
			rejected_webhooks.UNKNOWN_ACCOUNT, "the account (or subaccount) is not set up on this site"
		)
	tokens = list(webhook_auth.signing_tokens(caller))
	if not tokens:
		raise frappe.ValidationError(f"No auth token of {caller.account} can be read")
	bases = caller.public_base_urls
	for token, base in product(tokens, bases):
		if is_signed(request, base, token.value, fragments(caller.number_urls)):
			return webhook_auth.signed_for(caller, token), token
	if signature_of(request):
		# Somebody may have changed the URL at Twilio since it was read: what stands behind "#" never arrives here.
		webhook_config.read_again_later(caller, params)
		for token, base in product(tokens, bases):
			if find_fragment(request, base, token.value):
				return webhook_auth.signed_for(caller, token), token
	raise _wrongly_signed(request, caller)


def _wrongly_signed(request, caller: webhook_auth.WebhookContext) -> Rejected:
	key = settings_of(request).key
	if key and not any(key in context.shared_key_ids for context in (caller, *caller.twins)):
		return Rejected(
			rejected_webhooks.UNKNOWN_KEY,
			f"it names the shared key {key}, which the account does not have here",
		)
	if signature_of(request) and not algorithm_of(request):
		return Rejected(
			rejected_webhooks.WRONG_SIGNATURE, "the signature is neither HMAC-SHA1 nor HMAC-SHA256"
		)
	token = f"shared key {key}" if key else "auth token"
	return Rejected(
		rejected_webhooks.WRONG_SIGNATURE,
		f"the signature does not fit the account's {token} and the Public Base URL",
	)


@contextmanager
def _as_administrator():
	user = frappe.session.user
	# Twilio's signature was checked before this; a guest may not write anything.
	frappe.set_user("Administrator")  # nosemgrep
	try:
		yield
	finally:
		# Back to who it was.
		frappe.set_user(user)  # nosemgrep
