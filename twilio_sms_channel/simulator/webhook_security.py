"""An account's webhook security settings: who signs and logs in how, by the webhook's URL.

https://www.twilio.com/docs/usage/webhooks/webhook-configuration, with the names of Twilio's SDK 9.13. Changes hold at once;
at Twilio they take up to a minute.
"""

import base64
import random
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urldefrag

from twilio_sms_channel.simulator.signing import SHA1, SHA256, sign

EXACT, PREFIX, DEFAULT = "EXACT_MATCH", "PREFIX_MATCH", "DEFAULT"
BASIC, DIGEST, OAUTH = "BASIC", "DIGEST", "OAUTH2"
ID_CHARACTERS = 26


def new_id(kind: str) -> str:
	return f"webhooks_{kind}_{secrets.token_hex(ID_CHARACTERS // 2)}"


@dataclass
class SharedKey:
	secret: str
	friendly_name: str = ""
	id: str = field(default_factory=lambda: new_id("sharedkey"))


@dataclass
class AuthProfile:
	type: str
	"""BASIC, DIGEST or OAUTH2"""
	username: str = ""
	password: str = ""
	access_token: str = ""
	"""what the OAuth server of the profile would hand out"""
	friendly_name: str = ""
	id: str = field(default_factory=lambda: new_id("authprofile"))

	def header(self) -> str:
		if self.type == OAUTH:
			return f"Bearer {self.access_token}"
		if self.type == BASIC:
			return "Basic " + base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
		return f'Digest username="{self.username}", realm="", nonce="", uri="", response=""'


@dataclass
class Setting:
	key: SharedKey | None = None
	"""what signs; None leaves it to the auth token"""
	algorithm: str = SHA256
	profile: AuthProfile | None = None
	connection: dict | None = None
	friendly_name: str = ""
	id: str = field(default_factory=lambda: new_id("setting"))


@dataclass
class Rule:
	match_type: str
	pattern: str
	"""the URL, or what it begins with; "" for the default rule"""
	settings: list[tuple[Setting, int]]
	"""with the percentage of webhooks that each is for"""
	friendly_name: str = ""
	id: str = field(default_factory=lambda: new_id("rule"))

	def reaches(self, url: str) -> bool:
		if self.match_type == EXACT:
			return url == self.pattern
		return self.match_type == DEFAULT or url.startswith(self.pattern)


@dataclass
class WebhookSecurity:
	keys: dict[str, SharedKey] = field(default_factory=dict)
	profiles: dict[str, AuthProfile] = field(default_factory=dict)
	settings: dict[str, Setting] = field(default_factory=dict)
	rules: dict[str, Rule] = field(default_factory=dict)

	def add_key(self, friendly_name: str = "", secret: str = "") -> SharedKey:
		key = SharedKey(secret or secrets.token_urlsafe(32), friendly_name)
		self.keys[key.id] = key
		return key

	def add_profile(self, type: str, **fields: str) -> AuthProfile:
		profile = AuthProfile(type, **fields)
		self.profiles[profile.id] = profile
		return profile

	def add_setting(self, **fields) -> Setting:
		"""For the fields see `Setting`."""
		setting = Setting(**fields)
		self.settings[setting.id] = setting
		return setting

	def add_rule(self, match_type: str, pattern: str, *settings: Setting, friendly_name: str = "") -> Rule:
		"""Several settings share the webhooks evenly.

		:raises ValueError: Basic credentials would go to every destination (Twilio, error 59202)
		"""
		if match_type == DEFAULT and any(each.profile and each.profile.type == BASIC for each in settings):
			raise ValueError("The default rule cannot use Basic authentication.")
		shares = [(setting, 100 // len(settings)) for setting in settings]
		rule = Rule(match_type, pattern, shares, friendly_name)
		self.rules[rule.id] = rule
		return rule

	def clear(self) -> None:
		for held in (self.rules, self.settings, self.profiles, self.keys):
			held.clear()

	def rule_for(self, url: str) -> Rule | None:
		"""Exact rules first, then prefixes, the longest first, then the default rule."""
		url = urldefrag(url).url
		order = (EXACT, PREFIX, DEFAULT)
		found = [rule for rule in self.rules.values() if rule.reaches(url)]
		return min(found, key=lambda rule: (order.index(rule.match_type), -len(rule.pattern)), default=None)

	def setting_for(self, url: str) -> Setting | None:
		rule = self.rule_for(url)
		if not rule:
			return None
		settings, shares = zip(*rule.settings, strict=True)
		return random.choices(settings, shares)[0]


@dataclass(frozen=True)
class Signer:
	"""What Twilio adds to a webhook of an account.

	:param auth_token: signs what no rule says more about
	:param spoil: have each signature be a wrong one
	"""

	auth_token: str
	security: WebhookSecurity
	spoil: bool = False

	def headers(self, url: str, signed_url: str, params: Mapping[str, str] | None) -> dict[str, str]:
		"""
		:param url: as it is configured, which rules go by
		:param signed_url: the same with the parameters of a GET
		:param params: the form fields of a POST
		"""
		setting = self.security.setting_for(url) or Setting()
		key, algorithm = setting.key, setting.algorithm if setting.key else SHA1
		secret = key.secret if key else self.auth_token
		if self.spoil:
			secret = secret[::-1] + "x"
		headers = {"X-Twilio-Signature": sign(secret, signed_url, params, algorithm)}
		if key:
			headers["X-Twilio-Webhooks-Signature-Settings"] = f"key={key.id},algorithm={algorithm}"
		if setting.profile:
			headers["Authorization"] = setting.profile.header()
		return headers
