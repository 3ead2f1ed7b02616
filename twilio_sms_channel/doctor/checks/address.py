"""Can Twilio reach this site: its public address by name, and a message that goes the whole way round."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import frappe
from frappe import _

from twilio_sms_channel.doctor import self_test
from twilio_sms_channel.doctor.checks import site
from twilio_sms_channel.doctor.context import ACCOUNT, AccountContext
from twilio_sms_channel.doctor.findings import AT_RISK, BROKEN, Finding, NotDone
from twilio_sms_channel.infra import clock, public_url, site_identity

SETTINGS = "Twilio SMS Settings"
ONLY_SENDS = "Alphanumeric Sender"


def check_address() -> Iterator[Finding]:
	address = public_url.base()
	if getattr(frappe.local, "request", None) and {*public_url.noted().values()} - {address}:
		public_url.note_again()
	for process, other in public_url.noted().items():
		if other != address:
			yield Finding(
				"address.differs",
				BROKEN,
				_("Not all processes use the same public address: {0} here, {1} in the {2} process.").format(
					public_url.without_login(address), public_url.without_login(other), process
				),
				_("Webhooks are rejected, delivery reports get lost, and files cannot be fetched."),
				_(
					"Enter the address under which the site is reached from the internet as Public Base URL in the Twilio SMS Settings: it holds for all of them."
				),
				SETTINGS,
				SETTINGS,
			)
			break
	if reason := public_url.why_no_login(address):
		yield Finding(
			"address.login",
			BROKEN,
			_("The public address {0} holds a user name or password.").format(
				public_url.without_login(address)
			),
			_("It stands in every webhook, status callback and link to a file, for customers to read."),
			reason,
			SETTINGS,
			SETTINGS,
		)
	if not public_url.is_reachable():
		yield Finding(
			"address.private",
			BROKEN,
			_(
				"Twilio cannot reach this site under {0}: that address is known on this machine or network only."
			).format(address),
			_("Messages do not arrive, and the status of sent ones is learned late."),
			_(
				"Enter the address under which the site is reached from the internet as Public Base URL in the Twilio SMS Settings. On a computer of your own a tunnel gives it one."
			),
			SETTINGS,
			SETTINGS,
		)
	elif urlsplit(address).scheme != "https" and not frappe.conf.get("twilio_sms_api_base_url"):
		yield Finding(
			"address.not_https",
			AT_RISK,
			_("The public address {0} is without HTTPS.").format(address),
			_("Anybody on the way can read customers' messages and files."),
			_(
				"Give the site a certificate (on the server: bench setup lets-encrypt), enter the https:// address as Public Base URL in the Twilio SMS Settings, and set the numbers' webhooks again."
			),
			SETTINGS,
			SETTINGS,
		)


def check_round_trip(account_context: AccountContext) -> Iterator[Finding]:
	"""A signed message out of the site, through the public URL, into a row, and away again."""
	number, token = to_test_with(account_context)
	outcome = self_test.run(account_context.doc.account_sid, token, number)
	if outcome.kind == "arrived":
		return
	what, how = _said(outcome)
	yield Finding(
		"round_trip.failed",
		# Behind some routers a server cannot reach its own public address, though everybody else can.
		AT_RISK
		if outcome.kind in ("timeout", "connection") and _messages_arrive(account_context.name)
		else BROKEN,
		_("A test message of this site to itself did not arrive: {0}").format(what),
		_("Twilio's messages go the same way."),
		how,
		ACCOUNT,
		account_context.name,
	)


def to_test_with(account_context: AccountContext) -> tuple[str, str]:
	"""A number of the account that messages can be sent to, and the token that signs them.

	:raises NotDone: nothing would arrive, and another check says why
	"""
	number = next((row.name for row in account_context.numbers if row.number_type != ONLY_SENDS), None)
	if not number:
		raise NotDone(_("the account has no number that receives SMS"))
	if site_identity.is_copy():
		# Its public address may be the original's.
		raise NotDone(_("this site is a copy"))
	if site.blocked_endpoints():
		raise NotDone(_("this site blocks Twilio's requests"))
	if not public_url.is_reachable():
		raise NotDone(_("the site has no public address"))
	token = account_context.secret("auth_token")
	if not token:
		raise NotDone(_("the auth token cannot be read"))
	return number, token


def _said(outcome: self_test.Outcome) -> tuple[str, str]:
	"""What happened, and what to do."""
	address, detail, endpoint = public_url.base(), outcome.detail, public_url.INBOUND
	said = {
		"timeout": (
			_("{0} did not answer in time."),
			_(
				"Check that the address is this server's and that its firewall lets web requests in. A site with a single web process cannot answer itself either: give it another one (gunicorn_workers)."
			),
		),
		"dns": (
			_("the name of {0} is not known ({1})."),
			_("Correct the Public Base URL in the Twilio SMS Settings."),
		),
		"tls": (
			_("the certificate of {0} is not accepted ({1})."),
			_(
				"Renew the certificate, with its whole chain (on the server: bench setup lets-encrypt). Twilio does not accept it either."
			),
		),
		"connection": (
			_("{0} cannot be connected to ({1})."),
			_(
				"Check that the web server is running and that its firewall lets web requests in, or correct the Public Base URL in the Twilio SMS Settings."
			),
		),
		"redirect": (
			_("{0} redirects to {1}, where the message's content gets lost."),
			_(
				"Enter the address that it redirects to as Public Base URL in the Twilio SMS Settings, and set the numbers' webhooks again."
			),
		),
		"refused": (
			_("this site rejected it: {1}."),
			_(
				"The address that Twilio signs and the one that arrives have to be the same: compare the Public Base URL with the address that people use, and check whether a proxy changes the path or the query."
			),
		),
		"forbidden": (
			_("{0} answered {1} before the message came to this app."),
			_(
				"Something in front of the site asks for a login or blocks the request: a firewall for web requests, a password, or another site. It has to hand POST requests to {2} to this site unchanged."
			),
		),
		"not_found": (
			_("{0} does not know the webhook's address (404)."),
			_(
				"Another site answers there, or the host name is not one of this bench's sites. Correct the Public Base URL in the Twilio SMS Settings."
			),
		),
		"error": (
			_("{0} answered with the error {1}."),
			_("Look at the Error Log of the site and at the log of its web server."),
		),
		"elsewhere": (
			_("something other than this site answers at {0}."),
			_(
				"Correct the Public Base URL in the Twilio SMS Settings, or look at the web server or proxy there: it has to hand POST requests to {2} to this site unchanged."
			),
		),
	}
	what, how = said[outcome.kind]
	return what.format(address, detail, endpoint), how.format(address, detail, endpoint)


def _messages_arrive(account: str) -> bool:
	"""Whether Twilio handed over a message within a day."""
	since = clock.ago(days=1)
	filters = {"account": account, "direction": "Inbound", "backfilled": 0, "creation": (">", since)}
	return bool(frappe.db.exists("Twilio SMS Message", filters))
