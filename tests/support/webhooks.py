"""Webhooks as Twilio sends them, put together by the tests themselves."""

import secrets

import requests
from twilio.request_validator import RequestValidator

from support.stack import INBOUND, Stack


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
