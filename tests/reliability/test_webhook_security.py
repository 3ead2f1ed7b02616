"""Eight ways in which an account can have its webhooks signed and logged in: whatever Twilio sends comes in, and nothing else.

Of each, in short (`make test`) 25 webhooks as the simulated Twilio signs them and 32 forged ones; in full (`make hostile`)
1,000 and 1,250: 10,000 forgeries in all. `make test-twilio-oldest` runs it with the oldest Twilio library.
"""

import base64
import http.client
import itertools
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

import frappe
import pytest
from frappe.core.doctype.user.user import generate_keys
from support.leaks import secret
from support.people import make_system_manager
from support.shared_keys import as_fields, new_key, save, security_of
from support.stack import INBOUND, MESSAGE
from support.twilio_accounts import at_twilio, here
from support.webhooks import STATUS, inbound_params, sid

from twilio_sms_channel.messaging.inbound import rejected_webhooks
from twilio_sms_channel.simulator.signing import HASHES, SHA1, SHA256, sign
from twilio_sms_channel.simulator.webhook_security import (
	BASIC,
	DEFAULT,
	EXACT,
	OAUTH,
	PREFIX,
	Signer,
	WebhookSecurity,
)

AT_ONCE = 4
SIGNED, SIGNED_IN_FULL = 25, 1000
FORGED, FORGED_IN_FULL = 32, 1250
SETTINGS = "X-Twilio-Webhooks-Signature-Settings"
FORM = "application/x-www-form-urlencoded"


@dataclass
class Scene:
	"""The stack's account, keys that it has, and what a forger may have."""

	stack: object
	security: WebhookSecurity
	keys: list
	api_key: str
	"""user:password of somebody who may log in to this site"""
	strangers_token: str
	"""the auth token of another account on this site"""
	strangers_key: object
	"""and its shared key"""
	reply: object
	"""a message that reports are about"""

	@property
	def inbound(self) -> str:
		return self.stack.web + INBOUND

	def signer(self) -> Signer:
		return Signer(self.stack.auth_token, self.security)


# The configurations ------------------------------------------------------------------------------------


def sha1(scene: Scene) -> None:
	"""No rule: the auth token signs."""


def sha256(scene: Scene) -> None:
	apply(scene, setting_with(scene, scene.keys[0]))


def both(scene: Scene) -> None:
	"""Half of the webhooks by SHA-256, half as ever."""
	apply(scene, setting_with(scene, scene.keys[0]), scene.security.add_setting())


def rotation(scene: Scene) -> None:
	apply(scene, *(setting_with(scene, key) for key in scene.keys))


def default_rule(scene: Scene) -> None:
	scene.security.add_rule(DEFAULT, "", setting_with(scene, scene.keys[1]))


def prefix_rule(scene: Scene) -> None:
	scene.security.add_rule(DEFAULT, "", setting_with(scene, scene.security.add_key()))
	scene.security.add_rule(PREFIX, scene.stack.web + "/api/", setting_with(scene, scene.keys[0]))


def basic(scene: Scene) -> None:
	user, _colon, password = scene.api_key.partition(":")
	profile = scene.security.add_profile(BASIC, username=user, password=password)
	scene.security.add_rule(PREFIX, scene.stack.web + "/", scene.security.add_setting(profile=profile))


def oauth(scene: Scene) -> None:
	profile = scene.security.add_profile(OAUTH, access_token="eyJhbGciOiJSUzI1NiJ9.e30.c2ln")
	scene.security.add_rule(DEFAULT, "", scene.security.add_setting(key=scene.keys[1], profile=profile))


CONFIGURATIONS = (sha1, sha256, both, rotation, default_rule, prefix_rule, basic, oauth)


def setting_with(scene: Scene, key):
	return scene.security.add_setting(key=key)


def apply(scene: Scene, *settings) -> None:
	"""To this site alone. URLs of reports end with the message's name, so an exact rule does not reach them."""
	scene.security.add_rule(EXACT, scene.inbound, *settings)
	scene.security.add_rule(PREFIX, scene.stack.web + "/api/method/", *settings)


# The forgeries ------------------------------------------------------------------------------------------


def forged(scene: Scene) -> Iterator[tuple[str, dict, dict]]:
	"""Without end: what it is, its parameters, its headers."""
	stack, (key, other) = scene.stack, scene.keys
	login = "Basic " + base64.b64encode(scene.api_key.encode()).decode()
	worthless = {
		"another account's token": scene.strangers_token,
		"another account's key": scene.strangers_key.secret,
		"the key's ID": key.id,
		"the account's SID": stack.account_sid,
		"no key": "",
		"asterisks": "*" * len(key.secret),
		"the end of the key": key.secret[1:],
		"both keys": key.secret + other.secret,
		"the login": scene.api_key,
	}
	named = [key.id, other.id, scene.strangers_key.id, "webhooks_sharedkey_x", "", "x" * 500, "\xff<script>"]
	algorithms = [*HASHES, "none", "NONE", "HMAC_MD5", "HMAC_SHA512", "", "\xff"]
	while True:
		for (what, forgers), algorithm in itertools.product(worthless.items(), HASHES):
			params = text_of(scene)
			headers = {"X-Twilio-Signature": sign(forgers, scene.inbound, params, algorithm)}
			for settings in (None, f"key={named[0]},algorithm={algorithms[0]}"):
				yield what, params, {**headers, **({SETTINGS: settings} if settings else {})}
			named.append(named.pop(0))
			algorithms.append(algorithms.pop(0))
			yield f"{what}, logged in", params, {**headers, "Authorization": login}
		for secret_of, algorithm in itertools.product((stack.auth_token, key.secret), HASHES):
			params = text_of(scene)
			right = sign(secret_of, scene.inbound, params, algorithm)
			about = {SETTINGS: f"key={key.id},algorithm={algorithm}"}
			digest = base64.b64decode(right)
			yield "another text", {**params, "Body": "Forged"}, {"X-Twilio-Signature": right, **about}
			yield "one parameter more", {**params, "X": "1"}, {"X-Twilio-Signature": right, **about}
			for part in (digest[:20], digest[:16], digest[:-1], digest * 2, digest[::-1], b""):
				spoilt = base64.b64encode(part).decode()
				if spoilt != right:
					yield "a part of the signature", params, {"X-Twilio-Signature": spoilt, **about}
			yield "hexadecimal", params, {"X-Twilio-Signature": digest.hex(), **about}
			swapped = SHA1 if algorithm == SHA256 else SHA256
			for other_name in (swapped, "none", "HMAC_SHA512", "HMAC_SHA256;HMAC_SHA1"):
				headers = {"X-Twilio-Signature": right, SETTINGS: f"key={key.id},algorithm={other_name}"}
				yield "another algorithm is named", params, headers
			elsewhere = sign(secret_of, stack.web + STATUS, params, algorithm)
			yield "signed for another URL", params, {"X-Twilio-Signature": elsewhere, **about}
		params = text_of(scene)
		yield "no signature", params, {SETTINGS: f"key={key.id},algorithm=none", "Authorization": login}
		yield "no signature", params, {"Authorization": login}


def text_of(scene: Scene) -> dict[str, str]:
	return inbound_params(scene.stack, Body="Grüße & 👋 +1%")


# The test -----------------------------------------------------------------------------------------------


class Sender:
	"""Posts over a few connections that stay open."""

	def __init__(self, stack):
		self.port, self.open = urlsplit(stack.web).port, threading.local()
		self.pool = ThreadPoolExecutor(AT_ONCE)

	def all(self, asked: list[tuple[str, dict, dict]]) -> list[int]:
		"""HTTP statuses of webhooks, given as path, parameters and headers."""
		return list(self.pool.map(lambda ask: self._post(*ask), asked))

	def _post(self, path: str, params: dict, headers: dict) -> int:
		if not hasattr(self.open, "connection"):
			self.open.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
		raw = {name: value.encode("latin-1") for name, value in headers.items()}
		for last in (False, True):
			try:
				self.open.connection.request("POST", path, urlencode(params), {"Content-Type": FORM, **raw})
				answer = self.open.connection.getresponse()
				answer.read()
				return answer.status
			except (ConnectionError, http.client.RemoteDisconnected):
				# The server ends connections that idle.
				self.open.connection.close()
				if last:
					raise
		raise AssertionError


@pytest.fixture(scope="module")
def scene(stack):
	sim = stack.simulator
	user = make_system_manager("tsms-forger@example.com")
	password = generate_keys(user)["api_secret"]
	frappe.db.commit()
	api_key = f"{frappe.db.get_value('User', user, 'api_key')}:{password}"
	with stack.without_worker(), security_of(stack) as security:
		stranger, strangers_key = at_twilio(sim), WebhookSecurity().add_key(secret=secret())
		other = here(stranger, **as_fields(strangers_key))
		keys = [new_key(security), new_key(security)]
		save(stack.account, **as_fields(*keys))
		reply = frappe.get_doc(
			{
				"doctype": MESSAGE,
				"direction": "Outbound",
				"status": "Accepted",
				"account": stack.account,
				"number": stack.number,
				"customer_number": "+19075550199",
				"twilio_sid": sid(),
				"body": "Grüße & 👋 back",
			}
		).insert(ignore_permissions=True)
		frappe.db.commit()
		yield Scene(stack, security, keys, api_key, stranger.auth_token, strangers_key, reply)
		frappe.db.set_value("Twilio SMS Account", other.name, "enabled", 0)
		frappe.db.delete(MESSAGE, {"account": stack.account, "body": ("like", "Grüße & 👋%")})
		frappe.db.commit()
		stack.empty_queues()


@pytest.mark.parametrize("configure", CONFIGURATIONS, ids=lambda configure: configure.__name__)
def test_what_twilio_signs_comes_in_and_nothing_else(scene, configure, request, now):
	in_full = request.config.getoption("--in-full")
	security = scene.security
	security.rules.clear()
	configure(scene)
	sender = Sender(scene.stack)

	signed, sids = [], []
	for n in range(SIGNED_IN_FULL if in_full else SIGNED):
		path, params = INBOUND, text_of(scene)
		if n % 5 == 4:
			path, params = f"{STATUS}?message={scene.reply.name}", report_of(scene)
		else:
			sids.append(params["MessageSid"])
		url = scene.stack.web + path
		signed.append((path, params, scene.signer().headers(url, url, params)))
	answered = Counter(sender.all(signed))
	frappe.db.rollback()
	assert answered == {200: len(sids), 204: len(signed) - len(sids)}
	assert frappe.db.count(MESSAGE, {"twilio_sid": ("in", sids)}) == len(sids)
	# It was signed as this configuration says, and not all alike where it says so.
	signatures = {SHA256 if SETTINGS in headers else SHA1 for _path, _params, headers in signed}
	assert signatures == EXPECTED[configure]

	before = frappe.db.count(MESSAGE)
	forgeries = list(itertools.islice(forged(scene), FORGED_IN_FULL if in_full else FORGED))
	if not in_full:
		# Each run of the suite has all kinds, a configuration some of them.
		begin = CONFIGURATIONS.index(configure) * FORGED
		forgeries = list(itertools.islice(forged(scene), begin, begin + FORGED))
	answered = sender.all([(INBOUND, params, headers) for _what, params, headers in forgeries])
	frappe.db.rollback()
	accepted = [what for (what, *_rest), status in zip(forgeries, answered, strict=True) if status < 400]
	assert not accepted
	# 429: one of very many within a minute.
	assert set(answered) <= {403, 429}, Counter(answered)
	assert frappe.db.count(MESSAGE) == before
	assert set(frappe.get_all(rejected_webhooks.LOG, {"creation": (">=", now)}, pluck="owner")) <= {"Guest"}
	print(f"{configure.__name__}: {len(signed)} signed, 0 refused; {len(forgeries)} forged, 0 accepted")


EXPECTED = {
	sha1: {SHA1},
	sha256: {SHA256},
	both: {SHA1, SHA256},
	rotation: {SHA256},
	default_rule: {SHA256},
	prefix_rule: {SHA256},
	basic: {SHA1},
	oauth: {SHA256},
}


def report_of(scene: Scene) -> dict[str, str]:
	return {
		"MessageSid": scene.reply.twilio_sid,
		"AccountSid": scene.stack.account_sid,
		"MessageStatus": "delivered",
		"From": scene.stack.number,
		"To": "+19075550199",
	}
