"""Practice mode: the site talks to a simulator on this machine instead of Twilio."""

import hashlib
import secrets
import signal
import threading
from zoneinfo import ZoneInfo

import click
import frappe
import requests
from frappe.utils.data import get_system_timezone

from twilio_sms_channel.content import files
from twilio_sms_channel.infra import own_writes, public_url, site_config, site_identity, ways

ACCOUNT, NUMBER, MESSAGE = "Twilio SMS Account", "Twilio SMS Number", "Twilio SMS Message"
MEDIA = "Twilio SMS Media"
PRACTICE_ACCOUNT = "Practice"
CONFIG_KEY = site_config.BASE_URL_KEY
ANSWERS_WITHIN_S = 3
# What the page shows at most.
MOST_REMEMBERED = 1000
REMEMBERED = (
	*("name", "twilio_sid", "direction", "number", "customer_number", "body", "segments", "twilio_status"),
	*("error_code", "error_message", "creation", "received_at", "sent_at", "way"),
)
GUIDED_PAGE = "/app/twilio-sms-setup"
# What Twilio gives a number that is new.
NEW_NUMBERS_WEBHOOK = "https://demo.twilio.com/welcome/sms/reply"
# Numbers of the range that is set aside for fiction (+1 … 555 01xx).
NUMBERS = {
	"+14155550100": "Support (practice)",
	"+14155550101": "Sales (practice)",
}


RCS = "rcs:"


class CannotPractise(Exception):
	"""Why practice mode cannot start, and what to do."""


def run(port: int = 0, connect: bool = True, empty: bool = False) -> None:
	"""Serve the simulator until Ctrl-C or a termination signal.

	:param port: on 127.0.0.1, 0 for a free one
	:param connect: point the site of the running `frappe` session at it meanwhile
	:param empty: leave it to a person to connect the simulator's account, with the guided page
	:raises CannotPractise: the site has a real account, practises already, or the port is taken
	"""
	from twilio_sms_channel.simulator import Simulator

	if connect:
		_refuse_real_accounts()
		_refuse_second_simulator()
	simulator = Simulator(host="127.0.0.1", port=port)
	_fill(simulator, site_account() if empty else set_up_site())
	try:
		simulator.start()
	except OSError as e:
		raise CannotPractise(f"Port {port} cannot be used ({e.strerror}). Choose another one with --port.")
	stop = threading.Event()
	for name in (signal.SIGINT, signal.SIGTERM):
		signal.signal(name, lambda *_: stop.set())
	try:
		if connect:
			site_config.write(**{CONFIG_KEY: simulator.base_url, site_identity.PRACTICE_KEY: 1})
		_tell_where(simulator.base_url, connect)
		# An open transaction would keep `bench migrate` and `drop-site` waiting as long as practice mode runs.
		frappe.db.rollback()
		stop.wait()
	finally:
		simulator.stop()
		# Not if somebody has pointed the site elsewhere meanwhile.
		if connect and _connected_to() == simulator.base_url:
			site_config.write(**{CONFIG_KEY: None, site_identity.PRACTICE_KEY: None})
		click.echo("Practice mode ended.")


def _tell_where(simulator_url: str, connect: bool) -> None:
	click.echo(f"Simulator: {simulator_url}")
	click.echo(f"Site:      {public_url.base()}" + ("" if connect else " (not connected)"))
	if connect and not site_account():
		click.echo(f"Connect:   {public_url.base()}{GUIDED_PAGE}")
		click.echo("Copy the Account SID and auth token from the simulator's page into Connect Twilio.")
	click.echo("Open the simulator in a browser and text as a customer. Ctrl-C ends practice mode.")


def _refuse_real_accounts() -> None:
	real = frappe.get_all(ACCOUNT, filters={"enabled": 1, "is_practice": 0}, pluck="name")
	if real:
		raise CannotPractise(
			f"This site has the Twilio account {real[0]}, whose messages would end in the simulator. "
			"Practise on another site, or switch that account off first."
		)


def _refuse_second_simulator() -> None:
	"""One that was killed leaves its address in the config; it answers no more."""
	url = _connected_to()
	if not url:
		return
	try:
		requests.get(url, timeout=ANSWERS_WITHIN_S)
	except requests.RequestException:
		return
	raise CannotPractise(
		f"This site already talks to {url}, as site_config.json says in {CONFIG_KEY}. "
		"End practice mode there first, or start this one with --no-connect."
	)


def _connected_to() -> str:
	return frappe.get_site_config().get(CONFIG_KEY) or ""


def _fill(simulator, account) -> None:
	"""Give the simulator the site's practice account, or one that is still to be connected, and our numbers."""
	known = {"sid": account.account_sid, "auth_token": account.get_password("auth_token")} if account else {}
	at_twilio = simulator.add_account(
		**(known or {"sid": "AC" + secrets.token_hex(16), "auth_token": secrets.token_hex(16)}),
		friendly_name=account.account_name if account else PRACTICE_ACCOUNT,
		is_shown=True,
	)
	for number, name in NUMBERS.items():
		description = frappe.db.get_value(NUMBER, number, "description") or name
		# As an account that is set up well: each number is registered for texting in the United States.
		service = simulator.add_service(
			at_twilio.sid,
			_lasting_sid("MG", at_twilio.sid, number),
			friendly_name=description,
			use_inbound_webhook_on_number=True,
			campaign_status="VERIFIED",
		)
		is_ours = frappe.db.exists(NUMBER, {"name": number, "webhook_url": ("is", "set")})
		webhook = public_url.inbound() if is_ours else NEW_NUMBERS_WEBHOOK
		simulator.add_number(
			at_twilio.sid,
			number,
			friendly_name=description,
			sms_url=webhook,
			sms_fallback_url=webhook if is_ours else "",
			service_sid=service.sid,
			sid=_lasting_sid("PN", at_twilio.sid, number),
		)
		if is_ours:
			simulator.add_rcs_sender(
				at_twilio.sid,
				rcs_sender_of(number),
				friendly_name=description,
				sms_url=webhook,
				service_sid=service.sid,
				sid=_lasting_sid("XE", at_twilio.sid, number),
			)
	if account:
		_remember(simulator, account)


def _remember(simulator, account) -> None:
	"""Have the phones show what they showed before, as far as the site still has it."""
	from twilio_sms_channel.simulator.models import Message

	rows = frappe.get_all(
		MESSAGE,
		{"account": account.name, "number": ("in", list(NUMBERS)), "twilio_sid": ("is", "set")},
		REMEMBERED,
		order_by="creation desc",
		limit_page_length=MOST_REMEMBERED,
	)
	zone = ZoneInfo(get_system_timezone())
	for row in reversed(rows):
		is_inbound = row.direction == "Inbound"
		parties = (row.customer_number, row.number)
		if row.way == ways.RCS:
			parties = (RCS + row.customer_number, rcs_sender_of(row.number))
			simulator.add_handset(row.customer_number, rcs=True)
		from_, to = parties if is_inbound else reversed(parties)
		at = (row.received_at or row.sent_at or row.creation).replace(tzinfo=zone)
		message = Message(
			sid=row.twilio_sid,
			account_sid=account.account_sid,
			direction="inbound" if is_inbound else "outbound-api",
			from_=from_,
			to=to,
			body=row.body or "",
			status="received" if is_inbound else row.twilio_status or "sent",
			num_segments=row.segments or 1,
			error_code=int(row.error_code) if row.error_code else None,
			error_message=row.error_message if row.error_code else None,
			created=at,
			updated=at,
			sent=at,
		)
		simulator.remember(message, _media(row.name))


def _media(message: str) -> list[tuple[str, bytes]]:
	found = []
	for item in frappe.get_all(
		MEDIA, {"parent": message, "file": ("is", "set")}, ["file", "file_name"], order_by="idx"
	):
		try:
			found.append((item.file_name or item.file, files.content_of(frappe.get_doc("File", item.file))))
		except (OSError, frappe.DoesNotExistError):
			# It was deleted here; the message stays.
			continue
	return found


def rcs_sender_of(number: str) -> str:
	"""The RCS sender in the Messaging Service of one of practice mode's numbers."""
	return f"{RCS}practice_{number[-4:]}_agent"


def _lasting_sid(prefix: str, account_sid: str, number: str) -> str:
	"""The same whenever practice mode starts: the site keeps the SIDs of what it has connected."""
	return prefix + hashlib.sha256(f"{prefix}:{account_sid}:{number}".encode()).hexdigest()[:32]


def site_account():
	"""The site's practice account, None before it is connected."""
	name = frappe.db.get_value(ACCOUNT, {"is_practice": 1}, order_by="creation")
	return frappe.get_doc(ACCOUNT, name) if name else None


def set_up_site():
	"""Have the site know a practice account with its numbers, as if they had been connected. Returns the account; commits."""
	account = site_account() or _add_account()
	for number, description in NUMBERS.items():
		in_service = {
			"messaging_service_sid": _lasting_sid("MG", account.account_sid, number),
			"rcs_sender": rcs_sender_of(number),
			"rcs_status": "ONLINE",
		}
		# It may have been set up before there was RCS.
		without = {"name": number, "account": account.name, "rcs_sender": ("is", "not set")}
		if frappe.db.exists(NUMBER, without):
			frappe.db.set_value(NUMBER, number, in_service)
		if not frappe.db.exists(NUMBER, number):
			frappe.get_doc(
				{
					"doctype": NUMBER,
					"phone_number": number,
					"description": description,
					"account": account.name,
					"mms_enabled": 1,
					"webhook_url": public_url.inbound(),
					**in_service,
				}
			).insert()
	# Frappe commits at the end of requests and jobs, not of commands.
	frappe.db.commit()  # nosemgrep
	return account


def _add_account():
	name = PRACTICE_ACCOUNT
	if frappe.db.exists(ACCOUNT, name):
		name = f"{name} ({secrets.token_hex(2)})"
	account = frappe.get_doc(
		{
			"doctype": ACCOUNT,
			"account_name": name,
			"account_sid": "AC" + secrets.token_hex(16),
			"auth_token": secrets.token_hex(16),
			"is_practice": 1,
			"status": "Active",
		}
	)
	return own_writes.ours(account).insert()
