"""Practice mode: the site talks to a simulator on this machine instead of Twilio."""

import secrets
import signal
import threading

import click
import frappe
import requests

from twilio_sms_channel.infra import public_url, site_config, site_identity

ACCOUNT, NUMBER = "Twilio SMS Account", "Twilio SMS Number"
PRACTICE_ACCOUNT = "Practice"
CONFIG_KEY = "twilio_sms_api_base_url"
ANSWERS_WITHIN_S = 3
# Numbers of the range that is set aside for fiction (+1 … 555 01xx).
NUMBERS = {
	"+14155550100": "Support (practice)",
	"+14155550101": "Sales (practice)",
}


class CannotPractise(Exception):
	"""Why practice mode cannot start, and what to do."""


def run(port: int = 0, connect: bool = True) -> None:
	"""Serve the simulator until Ctrl-C or a termination signal.

	:param port: on 127.0.0.1, 0 for a free one
	:param connect: point the site of the running `frappe` session at it meanwhile
	:raises CannotPractise: the site has a real account, practises already, or the port is taken
	"""
	from twilio_sms_channel.simulator import Simulator

	if connect:
		_refuse_real_accounts()
		_refuse_second_simulator()
	simulator = Simulator(host="127.0.0.1", port=port)
	_fill(simulator)
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
		click.echo(f"Simulator: {simulator.base_url}")
		click.echo(f"Site:      {public_url.base()}" + ("" if connect else " (not connected)"))
		click.echo("Open the simulator in a browser and text as a customer. Ctrl-C ends practice mode.")
		stop.wait()
	finally:
		simulator.stop()
		# Not if somebody has pointed the site elsewhere meanwhile.
		if connect and _connected_to() == simulator.base_url:
			site_config.write(**{CONFIG_KEY: None, site_identity.PRACTICE_KEY: None})
		click.echo("Practice mode ended.")


def _refuse_real_accounts() -> None:
	real = frappe.get_all(ACCOUNT, filters={"enabled": 1, "name": ("!=", PRACTICE_ACCOUNT)}, pluck="name")
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


def _fill(simulator) -> None:
	"""Give the simulator the site's practice account and numbers, making them on the first run."""
	account = _account()
	simulator.add_account(
		sid=account.account_sid,
		auth_token=account.get_password("auth_token"),
		friendly_name=account.account_name,
	)
	webhook = public_url.inbound()
	for number, description in NUMBERS.items():
		# As an account that is set up well: each number is registered for texting in the United States.
		service = simulator.add_service(
			account.account_sid,
			friendly_name=description,
			use_inbound_webhook_on_number=True,
			campaign_status="VERIFIED",
		)
		simulator.add_number(
			account.account_sid,
			number,
			sms_url=webhook,
			sms_fallback_url=webhook,
			service_sid=service.sid,
		)
		if not frappe.db.exists(NUMBER, number):
			frappe.get_doc(
				{
					"doctype": NUMBER,
					"phone_number": number,
					"description": description,
					"account": account.name,
					"mms_enabled": 1,
					"webhook_url": webhook,
				}
			).insert()
	# Frappe commits at the end of requests and jobs, not of commands.
	frappe.db.commit()  # nosemgrep


def _account():
	if frappe.db.exists(ACCOUNT, PRACTICE_ACCOUNT):
		return frappe.get_doc(ACCOUNT, PRACTICE_ACCOUNT)
	return frappe.get_doc(
		{
			"doctype": ACCOUNT,
			"account_name": PRACTICE_ACCOUNT,
			"account_sid": "AC" + secrets.token_hex(16),
			"auth_token": secrets.token_hex(16),
			"status": "Active",
		}
	).insert()
