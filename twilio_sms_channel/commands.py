"""`bench --site SITE twilio-sms …`"""

import click
import frappe
from frappe.commands import get_site, pass_context


@click.group("twilio-sms")
def twilio_sms():
	"""Text messages as a channel of Helpdesk."""


@twilio_sms.command("simulator")
@click.option("--port", default=8421, show_default=True, help="Port on 127.0.0.1; 0 picks a free one.")
@click.option(
	"--connect/--no-connect",
	default=True,
	show_default=True,
	help="Point this site at the simulator, with a practice account and numbers, until it is stopped.",
)
@pass_context
def simulator(context, port: int, connect: bool):
	"""Practice mode: a Twilio on this machine, with handsets in a web page."""
	from twilio_sms_channel import practice

	site = get_site(context)
	frappe.init(site=site)
	frappe.connect()
	try:
		practice.run(port=port, connect=connect)
	except practice.CannotPractise as e:
		raise click.ClickException(str(e))
	finally:
		frappe.destroy()


commands = [twilio_sms]
