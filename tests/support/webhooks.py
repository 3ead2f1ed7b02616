"""Webhooks as Twilio sends them, put together by the tests themselves."""

import base64
import hashlib
import hmac
import secrets

import frappe
import requests
from twilio.request_validator import RequestValidator

from support.stack import INBOUND, Stack

STATUS = "/api/method/twilio_sms_channel.api.webhooks.status"


def inbound_params(stack: Stack, **changes: str) -> dict[str, str]:
	"""The parameters of an inbound text with a new SID."""
	return {
		"MessageSid": "SM" + secrets.token_hex(16),
		"AccountSid": stack.account_sid,
		"From": "+19075550199",
		"To": stack.number,
		"Body": "Hello",
		"NumMedia": "0",
		"NumSegments": "1",
		**changes,
	}


def post_signed(stack: Stack, params: dict[str, str]) -> requests.Response:
	"""Post an inbound webhook with Twilio's signature."""
	url = stack.web + INBOUND
	signature = RequestValidator(stack.auth_token).compute_signature(url, params)
	return requests.post(url, data=params, headers={"X-Twilio-Signature": signature}, timeout=60)


def sid(prefix="SM"):
	return prefix + secrets.token_hex(16)


def signed(stack, path, params, token=None, http="POST", fragment="", base=None):
	"""Send a webhook the way Twilio does, signed with code of the test's own."""
	url = (base or stack.web) + path
	if http == "GET":
		url = requests.Request("GET", url, params=params).prepare().url
		text = url + fragment
	else:
		text = url + fragment + "".join(k + params[k] for k in sorted(params))
	digest = hmac.new((token or stack.auth_token).encode(), text.encode(), hashlib.sha1).digest()
	headers = {"X-Twilio-Signature": base64.b64encode(digest).decode()}
	if http == "GET":
		return requests.get(url, headers=headers, timeout=30)
	return requests.post(stack.web + path, data=params, headers=headers, timeout=30)


def text(stack, **changes):
	"""Parameters of an inbound text; None leaves one out."""
	return {k: v for k, v in inbound_params(stack, **changes).items() if v is not None}


def stored(message_sid):
	frappe.db.rollback()
	return frappe.db.exists("Twilio SMS Message", {"twilio_sid": message_sid})


def rejections(since):
	frappe.db.rollback()
	return frappe.get_all(
		"Twilio SMS Rejected Webhook",
		filters={"creation": (">=", since)},
		fields=["http_status", "reason", "account_sid", "to_number"],
		order_by="creation",
	)
