"""`bench --site SITE twilio-sms …`"""

import re
import sys
from contextlib import redirect_stdout

import click
import frappe
from frappe.commands import get_site, pass_context


@click.group("twilio-sms")
def twilio_sms():
	"""Text messages as a channel of Helpdesk and ERPNext."""


@twilio_sms.command("simulator")
@click.option("--port", default=8421, show_default=True, help="Port on 127.0.0.1; 0 picks a free one.")
@click.option(
	"--connect/--no-connect",
	default=True,
	show_default=True,
	help="Point this site at the simulator, with a practice account and numbers, until it is stopped.",
)
@click.option(
	"--empty",
	is_flag=True,
	help="Connect nothing beforehand: the guided page does it, with the SID and token on the simulator's page.",
)
@pass_context
def simulator(context, port: int, connect: bool, empty: bool):
	"""Practice mode: a Twilio on this machine, with handsets in a web page."""
	from twilio_sms_channel import practice

	site = get_site(context)
	frappe.init(site=site)
	frappe.connect()
	try:
		practice.run(port=port, connect=connect, empty=empty)
	except practice.CannotPractise as e:
		raise click.ClickException(str(e))
	finally:
		frappe.destroy()


@twilio_sms.command("backfill")
@click.option(
	"--since", help="From when: 2h, 3d, or a date or time such as 2026-11-21 or '2026-11-21 09:30'."
)
@click.option("--number", help="Only this number; default: all.")
@pass_context
def backfill(context, since: str | None, number: str | None):
	"""Compare with Twilio's list of messages: take in what is missing, repair lost delivery reports.

	Without --since, from where the last comparison ended. Ends with 1 when a number could not be compared.
	"""
	from twilio_sms_channel.messaging.upkeep import backfill as comparison

	site = get_site(context)
	frappe.init(site=site)
	frappe.connect()
	try:
		begin = _moment(since) if since else None
		if number and not frappe.db.exists("Twilio SMS Number", number):
			raise click.ClickException(
				f"{number} is not a number of this site. Write it as its form shows it."
			)

		shown = set()

		def show(name: str, until, result) -> None:
			line = f"{name}: up to {until:%Y-%m-%d %H:%M}, {result.seen} messages, {result.taken_in} taken in"
			if line not in shown:
				click.echo(line)
			shown.add(line)

		results = comparison.run(number, begin, show)
		for result in results:
			click.echo(f"{result.number}: {result}")
		if not results:
			click.echo("There is no number to compare.")
		if any(result.error for result in results):
			raise SystemExit(1)
	finally:
		frappe.destroy()


@twilio_sms.command("doctor")
@click.option("--account", help="Only this account; default: all that are switched on.")
@click.option("--number", help="Only this number and its account.")
@click.option("--json", "as_json", is_flag=True, help="For monitoring: findings and checks as JSON.")
@pass_context
def doctor(context, account: str | None, number: str | None, as_json: bool):
	"""Look for everything that is wrong with the channel.

	Ends with 0 when nothing is (notices do not count), 1 when something is at risk, 2 when something is broken, 3 when
	there is no such account or number: what Nagios and its relatives expect.
	"""
	from twilio_sms_channel.doctor import cli

	site = get_site(context)
	frappe.init(site=site)
	frappe.connect()
	try:
		# Frappe prints a word of its own now and then, which no program could read.
		with redirect_stdout(sys.stderr):
			code, lines = cli.examine(account, number, as_json)
		# Frappe commits at the end of requests and jobs, not of commands.
		frappe.db.commit()  # nosemgrep
		click.echo(lines)
		raise SystemExit(code)
	finally:
		frappe.destroy()


def _moment(text: str):
	"""A point in time out of "2h", "3d" or a date."""
	from frappe.utils import add_to_date, get_datetime, now_datetime

	if ago := re.fullmatch(r"(\d{1,4})([mhd])", text.strip()):
		unit = {"m": "minutes", "h": "hours", "d": "days"}[ago[2]]
		return add_to_date(now_datetime(), **{unit: -int(ago[1])})
	try:
		return get_datetime(text)
	except (ValueError, OverflowError):
		raise click.BadParameter(f"{text!r} is not a time. Write 2h, 3d or 2026-11-21.") from None


commands = [twilio_sms]
