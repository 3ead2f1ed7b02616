"""Customers, our number, and Twilio's part: texts as webhooks, signed."""

from __future__ import annotations

import itertools
import secrets
from urllib.parse import urlencode

import frappe
from twilio.request_validator import RequestValidator

from twilio_sms_channel.infra import public_url
from twilio_sms_channel.twilio_gateway.payloads import InboundMessage, read_inbound
from twilio_sms_channel.twilio_gateway.signature import RETRY_FRAGMENT

BASE_URL = "https://bench.example.com"
OUR_NUMBER = "+14155550100"
API_USER = "bench-inbound@example.com"
# What four texts of a customer say; none of them is a keyword of Twilio's.
WORDS = (
	"Hello, my order 4711 has not arrived yet. Can you tell me where it is?",
	"It was two books and a lamp, paid by card on Monday.",
	"The address is right, my neighbours have had theirs since yesterday.",
	"Thank you, then I will wait until tomorrow 👍",
)
FIRST_FILLED, FIRST_NEW = 2_000_000, 5_000_000
_new = itertools.count(FIRST_NEW)


def filled_customer(place: int) -> str:
	"""The phone number of a customer who is on the site once it is filled; `place` counts from 0."""
	return f"+1907{FIRST_FILLED + place}"


def new_customer() -> str:
	"""The phone number of somebody who has never texted."""
	return f"+1907{next(_new)}"


class Twilio:
	"""An account of Twilio's that is set up on the site, with one number."""

	def __init__(self):
		self.auth_token = secrets.token_hex(16)
		self.account_sid = "AC" + secrets.token_hex(16)
		self.name = f"Benchmark {self.account_sid[-6:]}"
		self.run = secrets.token_hex(6)
		self.texts = itertools.count()

	def set_up(self):
		"""Make the account, the number and the public address on the site. Commits."""
		frappe.db.set_single_value("Twilio SMS Settings", "public_base_url", BASE_URL)
		account = {"doctype": "Twilio SMS Account", "account_name": self.name}
		frappe.get_doc(account | {"account_sid": self.account_sid, "auth_token": self.auth_token}).insert()
		frappe.get_doc(
			{"doctype": "Twilio SMS Number", "phone_number": OUR_NUMBER, "account": self.name}
		).insert()
		frappe.db.commit()
		self.url = public_url.inbound() + RETRY_FRAGMENT
		self.path = public_url.INBOUND

	def parameters(self, customer: str, body: str) -> dict[str, str]:
		"""A new text as Twilio posts it."""
		sid = f"SM{self.run}{next(self.texts):020x}"
		place = {"City": "JUNEAU", "State": "AK", "Zip": "99801", "Country": "US"}
		return {
			**{f"{end}{part}": value for end in ("From", "To") for part, value in place.items()},
			**{name: sid for name in ("MessageSid", "SmsSid", "SmsMessageSid")},
			"AccountSid": self.account_sid,
			"From": customer,
			"To": OUR_NUMBER,
			"Body": body,
			"NumMedia": "0",
			"NumSegments": "1",
			"SmsStatus": "received",
			"ApiVersion": "2010-04-01",
		}

	def text(self, customer: str, body: str) -> InboundMessage:
		"""A new text as `messaging.inbound.intake.receive` takes it."""
		return read_inbound(self.parameters(customer, body))

	def webhook(self, customer: str, body: str) -> tuple[dict[str, str], str]:
		"""A new text's webhook: headers and form."""
		parameters = self.parameters(customer, body)
		headers = {
			"User-Agent": "TwilioProxy/1.1",
			"Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
			"X-Twilio-Signature": RequestValidator(self.auth_token).compute_signature(self.url, parameters),
			"I-Twilio-Idempotency-Token": secrets.token_hex(18),
		}
		return headers, urlencode(parameters)

	def stored(self) -> int:
		"""How many of this run's texts are in the database, for everybody to see."""
		frappe.db.rollback()
		return frappe.db.count("Twilio SMS Message", {"twilio_sid": ("like", f"SM{self.run}%")})


def api_token() -> str:
	"""The `Authorization` of a user who may make ToDos through the REST API. Commits."""
	key, secret = secrets.token_hex(8), secrets.token_hex(8)
	user = frappe.get_doc(
		{"doctype": "User", "email": API_USER, "first_name": "Benchmark", "send_welcome_email": 0}
	)
	user.update({"api_key": key, "api_secret": secret, "roles": [{"role": "System Manager"}]})
	user.insert()
	frappe.db.commit()
	return f"token {key}:{secret}"
