"""How much of what is not Twilio's gets in: little, and it costs little."""

import base64
import secrets
import time
from urllib.parse import urlencode

import frappe
import pytest
import requests
from support.stack import INBOUND
from support.webhooks import rejections, signed, stored, text


def test_the_log_of_rejected_webhooks_is_limited(stack, now):
	for _ in range(40):
		requests.post(stack.web + INBOUND, data=text(stack), timeout=30)
	# The minute may have changed on the way: then two limits count.
	assert len(rejections(now)) < 40 or frappe.utils.now_datetime().minute != now.minute
	assert len(rejections(now)) <= 60


def posted(stack, path: str, body: bytes) -> tuple[int, float]:
	"""HTTP status of a form with a made-up signature, and how long the answer took."""
	headers = {
		"Content-Type": "application/x-www-form-urlencoded",
		"X-Twilio-Signature": base64.b64encode(b"0" * 20).decode(),
	}
	began = time.monotonic()
	answer = requests.post(stack.web + path, data=body, headers=headers, timeout=120)
	return answer.status_code, time.monotonic() - began


@pytest.mark.parametrize("much", ["parameters", "the same parameter", "one long value", "a few hundred"])
def test_what_is_too_much_for_a_text_is_refused_before_its_signature_is_looked_at(stack, now, much):
	known = urlencode(text(stack)).encode()
	more = {
		"parameters": b"&".join(b"%x=" % n for n in range(120_000)),
		"the same parameter": b"&".join([b"a="] * 120_000),
		"one long value": b"Body=" + b"x" * 8_000_000,
		"a few hundred": b"&".join(b"%x=" % n for n in range(600)),
	}[much]
	status, took_s = posted(stack, INBOUND, known + b"&" + more)
	assert status == 413
	(line,) = rejections(now)
	assert "it has more than" in line.reason or "it is larger than" in line.reason
	# Frappe itself has parsed it by then.
	_status, frappes_s = posted(stack, "/api/method/ping", known + b"&" + more)
	assert took_s < 2 * frappes_s + 2


def test_what_twilio_may_send_is_not_too_much(stack, now):
	longest = text(stack, Body="😀" * 16_000, **{f"Later{n}": "v" * 50 for n in range(200)})
	assert signed(stack, INBOUND, longest).status_code == 200
	assert stored(longest["MessageSid"])


def test_the_refused_are_limited_by_account_and_together_the_signed_are_not(stack, now):
	def refused(sids: list[str]) -> list[int]:
		return [
			requests.post(stack.web + INBOUND, data=text(stack, AccountSid=s), timeout=30).status_code
			for s in sids
		]

	strangers = refused(["AC" + secrets.token_hex(16) for _ in range(40)])
	ours = refused([stack.account_sid] * 40)
	params = text(stack)
	assert signed(stack, INBOUND, params).status_code == 200
	assert stored(params["MessageSid"])
	lines = [row.account_sid for row in rejections(now)]
	if frappe.utils.now_datetime().minute == now.minute:
		assert strangers == [404] * 30 + [429] * 10
		assert ours == [403] * 30 + [429] * 10
		assert lines.count(stack.account_sid) == 30
		assert refused([stack.account_sid]) == [429]
	assert len(lines) <= 120
