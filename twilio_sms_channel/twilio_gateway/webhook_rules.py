"""The account's webhook security settings at Twilio: which rule reaches a URL, and what it has Twilio do.

https://www.twilio.com/docs/usage/webhooks/webhook-configuration. The SDK has classes for them since 9.13 only. The
interface is in public beta: what is not as described is taken for not there.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urldefrag

from twilio_sms_channel.content import outside
from twilio_sms_channel.twilio_gateway.client import NOT_FOUND, Gateway
from twilio_sms_channel.twilio_gateway.errors import Refused

HOST = "webhooks"
EXACT, PREFIX, DEFAULT = "EXACT_MATCH", "PREFIX_MATCH", "DEFAULT"
ORDER = (EXACT, PREFIX, DEFAULT)
PAGE_SIZE = 100
# Twilio allows 50 of each.
MAX_PAGES = 20
MAX_URL = 2048


@dataclass(frozen=True)
class WebhookSetting:
	name: str
	"""its name at Twilio, or its ID"""
	key: str
	"""ID of the shared key that signs, "" where the auth token does"""
	algorithm: str
	"""e.g. HMAC_SHA256, "" without a key"""
	login: str
	"""what Twilio logs in with: BASIC, DIGEST, OAUTH2 or the ID of an auth profile; "" for nothing"""
	retries: int | None
	"""how often it tries again, None where the Setting leaves that to the webhook's URL"""


@dataclass(frozen=True)
class WebhookRule:
	kind: str
	"""one of `ORDER`"""
	pattern: str
	"""the URL, or what it begins with"""
	name: str
	"""its name at Twilio, or its ID"""
	settings: tuple[WebhookSetting, ...]

	def reaches(self, url: str) -> bool:
		if self.kind == DEFAULT:
			return True
		if self.kind == PREFIX:
			return bool(self.pattern) and url.startswith(self.pattern)
		return urldefrag(self.pattern).url == url


def read(gateway: Gateway) -> list[WebhookRule]:
	"""The account's rules, in the order in which Twilio looks at them; [] for an account that has none.

	:raises TwilioProblem:
	"""
	try:
		rules = list(_listed(gateway, "Rules"))
		# Who has no rule needs no second request.
		settings = {_text(one, "id"): _setting(one) for one in _listed(gateway, "Settings")} if rules else {}
	except Refused as e:
		if e.code == NOT_FOUND:
			return []
		raise
	found = [rule for one in rules if (rule := _rule(one, settings))]
	return sorted(found, key=lambda rule: (ORDER.index(rule.kind), -len(rule.pattern)))


def reaching(rules: list[WebhookRule], url: str) -> WebhookRule | None:
	"""The first rule that Twilio applies to a URL.

	:param rules: as `read` gives them
	:param url: what stands behind "#" does not count
	"""
	url = urldefrag(url).url
	return next((rule for rule in rules if rule.reaches(url)), None)


def _listed(gateway: Gateway, resource: str) -> Iterator[dict]:
	from twilio_sms_channel.twilio_gateway.sdk import Domain, Version

	# There is no permission for them that an API key could have.
	own = gateway.with_token()
	version = Version(Domain(own.client, own.host_url(HOST)), "v1")
	params: dict = {"pageSize": PAGE_SIZE}
	for _page in range(MAX_PAGES):
		asked = dict(params)
		said = gateway.call(lambda asked=asked: version.fetch("GET", f"/Webhooks/{resource}", params=asked))
		if not isinstance(said, dict):
			return
		meta = _dict(said, "meta")
		yield from _dicts(said, _text(meta, "key") or resource[0].lower() + resource[1:])
		if not meta.get("nextToken"):
			return
		params["pageToken"] = meta["nextToken"]


def _rule(said: dict, settings: dict[str, WebhookSetting]) -> WebhookRule | None:
	kind = _text(said, "matchType").upper()
	if kind not in ORDER:
		return None
	shares = [one for one in _dicts(said, "settings") if one.get("percentage") != 0]
	named = [_text(one, "settingId") for one in shares]
	return WebhookRule(
		kind=kind,
		pattern={EXACT: _text(said, "value", MAX_URL), PREFIX: _text(said, "prefix", MAX_URL)}.get(kind, ""),
		name=_text(said, "friendlyName") or _text(said, "id"),
		settings=tuple(settings.get(id) or WebhookSetting(id, "", "", "", None) for id in named),
	)


def _setting(said: dict) -> WebhookSetting:
	signature, auth, connection = (_dict(said, name) for name in ("signature", "auth", "connection"))
	scheme = _text(_dict(auth, "value"), "scheme").upper()
	retries = _dict(connection, "retryPolicy").get("retryCount", 0) if connection else None
	return WebhookSetting(
		name=_text(said, "friendlyName") or _text(said, "id"),
		key=_text(signature, "sharedKeyId"),
		algorithm=_text(signature, "algorithm").upper(),
		login=_text(auth, "authProfileId") or ("" if scheme == "NONE" else scheme),
		retries=retries if isinstance(retries, int) else None,
	)


def _text(said: dict, name: str, most: int = outside.KEPT_CHARACTERS) -> str:
	return outside.plain(said.get(name), most) if isinstance(said.get(name), str) else ""


def _dicts(said: dict, name: str) -> list[dict]:
	found = said.get(name)
	return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _dict(said: dict, name: str) -> dict:
	found = said.get(name)
	return found if isinstance(found, dict) else {}
