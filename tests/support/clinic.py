"""A Twilio account in good health, and what can be wrong with it."""

import json
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import frappe
from frappe.utils import add_to_date, now_datetime
from frappe.utils.background_jobs import get_workers

from support.stack import INBOUND, Stack, eventually
from twilio_sms_channel import doctor
from twilio_sms_channel.doctor import repairs
from twilio_sms_channel.messaging.inbound import rejected_webhooks
from twilio_sms_channel.people import countries
from twilio_sms_channel.simulator.models import TOLL_FREE
from twilio_sms_channel.twilio_gateway.signature import RETRY_FRAGMENT

ACCOUNT, NUMBER, MESSAGE = "Twilio SMS Account", "Twilio SMS Number", "Twilio SMS Message"
FINDING = "Twilio SMS Finding"
SWEEP = "twilio_sms_channel.messaging.upkeep.sweep.run"
CUSTOMER = "+14155550132"


@contextmanager
def common_config(bench: Path, **values) -> Iterator[None]:
	"""Something in the config of all sites of the bench, until the end of the block."""
	file = bench / "sites" / "common_site_config.json"
	before = file.read_text()
	_write_whole(file, json.dumps({**json.loads(before), **values}, indent=1))
	try:
		yield
	finally:
		_write_whole(file, before)


def _write_whole(file: Path, text: str) -> None:
	draft = file.with_suffix(".tests")
	draft.write_text(text)
	draft.replace(file)


class Clinic:
	"""An account of its own with a long code that is registered in the United States and a verified toll-free number.

	`heal` makes everything as good as new, at Twilio and on the site.
	"""

	def __init__(self, stack: Stack):
		self.stack, self.sim = stack, stack.simulator
		frappe.db.rollback()
		# A worker that has just been started takes some seconds to say so.
		eventually(get_workers)
		self.had_scheduler = frappe.db.get_single_value("System Settings", "enable_scheduler")
		self.sid, self.token = "AC" + secrets.token_hex(16), secrets.token_hex(16)
		self.account = f"Clinic {self.sid[-6:]}"
		self.number = f"+1415{secrets.randbelow(7_000_000) + 2_000_000}"
		self.toll_free = f"+1888{secrets.randbelow(7_000_000) + 2_000_000}"
		self.webhook = stack.web + INBOUND + RETRY_FRAGMENT
		self.sim.add_account(sid=self.sid, auth_token=self.token, friendly_name=self.account)
		self.service = self.sim.add_service(self.sid, friendly_name="Support pool")
		frappe.get_doc({"doctype": ACCOUNT, "account_name": self.account, **self._account()}).insert()
		for name in (self.number, self.toll_free):
			fields = {"phone_number": name, "account": self.account, **self._number()}
			frappe.get_doc({"doctype": NUMBER, **fields}).insert()
		frappe.db.commit()
		self.bench = ExitStack()
		self.bench.enter_context(common_config(stack.bench, scheduler_tick_interval=60))
		self.heal()

	def _account(self) -> dict:
		return {
			"account_sid": self.sid,
			"auth_token": self.token,
			"api_key_sid": None,
			"api_key_secret": None,
			"shared_key_id": None,
			"shared_key": None,
			"second_shared_key_id": None,
			"second_shared_key": None,
			"enabled": 1,
			"paused_since": None,
		}

	def _number(self) -> dict:
		return {
			"enabled": 1,
			"sms_enabled": 1,
			"mms_enabled": 1,
			"released_on": None,
			"backfilled_until": None,
		}

	def heal(self) -> None:
		frappe.db.rollback()
		at_twilio = self.at_twilio
		at_twilio.status, at_twilio.type, at_twilio.auth_token = "active", "Full", self.token
		at_twilio.balance, at_twilio.geo_permissions = 100.0, None
		at_twilio.webhook_security.clear()
		self.sim.add_service(
			self.sid,
			self.service.sid,
			friendly_name="Support pool",
			use_inbound_webhook_on_number=True,
			campaign_status="VERIFIED",
		)
		hooks = {"sms_url": self.webhook, "sms_fallback_url": self.webhook}
		self.sim.add_number(self.sid, self.number, service_sid=self.service.sid, **hooks)
		self.sim.add_number(self.sid, self.toll_free, kind=TOLL_FREE, **hooks)
		# A report about a message that is gone would be a finding.
		self.sim.wait_idle(10)
		self.sim.world.alerts.clear()
		account = frappe.get_doc(ACCOUNT, self.account)
		account.update(self._account())
		account.save()
		for name in (self.number, self.toll_free):
			frappe.db.set_value(NUMBER, name, self._number())
		frappe.db.delete(MESSAGE, {"account": self.account})
		frappe.db.delete(rejected_webhooks.LOG)
		frappe.db.delete("Twilio SMS Unread Webhook", {"account": self.account})
		frappe.db.delete(FINDING)
		frappe.db.set_single_value("Twilio SMS Settings", "public_base_url", self.stack.web)
		if not countries.default_country():
			frappe.db.set_default("country", "United States")
		frappe.db.set_single_value("System Settings", "enable_scheduler", 1)
		frappe.db.set_value(
			"Scheduled Job Type", {"method": SWEEP}, {"stopped": 0, "last_execution": now_datetime()}
		)
		repairs.reset_job_times("")
		frappe.db.commit()

	def close(self) -> None:
		"""Leave the site as it was."""
		self.heal()
		self.bench.close()
		frappe.db.set_single_value("System Settings", "enable_scheduler", self.had_scheduler)
		for number in (self.number, self.toll_free):
			# A number that has customers is not deleted.
			for doctype in ("Twilio SMS Conversation", "Twilio SMS Consent Event"):
				frappe.db.delete(doctype, {"number": number})
			frappe.delete_doc(NUMBER, number, force=True)
		frappe.delete_doc(ACCOUNT, self.account, force=True)
		frappe.db.commit()

	@property
	def at_twilio(self):
		return self.sim.world.accounts[self.sid]

	def number_at_twilio(self, number: str | None = None):
		return self.sim.world.numbers[number or self.number]

	# What the doctor says

	def findings(self, **scope) -> dict[tuple[str, str], dict]:
		"""The findings by check and what they are about."""
		frappe.db.rollback()
		self.answer = doctor.examine(**(scope or {"account": self.account})).as_dict()
		frappe.db.commit()
		return {(finding["check"], finding["about"]): finding for finding in self.answer["findings"]}

	def only_finding(self, check: str, about: str | None = None) -> dict:
		"""The one finding that there is."""
		found = self.findings()
		assert list(found) == [(check, self.number if about is None else about)], found
		(finding,) = found.values()
		assert finding["what"] and finding["why"] and finding["how"]
		assert "{" not in finding["what"] + finding["why"] + finding["how"].replace("[", "")
		return finding

	def mend(self, finding: dict) -> dict:
		frappe.db.rollback()
		done = doctor.mend(finding["name"])
		frappe.db.commit()
		return done

	# What can be wrong on the site

	def texts(self, count: int = 1, minutes_ago: float = 60, **fields) -> list[str]:
		"""Texts of an hour ago, as they stand in the database."""
		then = add_to_date(now_datetime(), minutes=-minutes_ago)
		names = []
		for _n in range(count):
			row = {
				"direction": "Outbound",
				"status": "Delivered",
				"account": self.account,
				"number": self.number,
				"customer_number": CUSTOMER,
				"body": "Hello",
				**fields,
			}
			name = frappe.get_doc({"doctype": MESSAGE, **row}).insert(ignore_permissions=True).name
			times = {"creation": then, "modified": then}
			frappe.db.set_value(MESSAGE, name, times, update_modified=False)
			names.append(name)
		frappe.db.commit()
		return names

	def set_account(self, **fields) -> None:
		account = frappe.get_doc(ACCOUNT, self.account)
		account.update(fields)
		account.save()
		frappe.db.commit()
