"""May this site speak with Twilio: SID, auth token, API key, the account's state and what it can pay for."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import frappe
from frappe import _
from frappe.query_builder.functions import Sum
from frappe.utils import fmt_money

from twilio_sms_channel.doctor.context import ACCOUNT, AccountContext
from twilio_sms_channel.doctor.findings import AT_RISK, BROKEN, NOTICE, Finding, NotDone
from twilio_sms_channel.infra import clock
from twilio_sms_channel.twilio_gateway import account_check, errors, key_permissions, regions, standing

MESSAGE = "Twilio SMS Message"
SECRETS = {
	"auth_token": "Auth Token",
	"next_auth_token": "Next Auth Token",
	"api_key_secret": "API Key Secret",
	"shared_key": "Shared Key",
	"second_shared_key": "Second Shared Key",
}
BALANCE_LASTS_DAYS = 7


def check_accounts() -> Iterator[Finding]:
	"""Where none is switched on, that nothing is wrong would say too much."""
	if not frappe.db.exists(ACCOUNT, {"enabled": 1}):
		raise NotDone(_("no Twilio account is switched on here"))
	yield from ()


def check_secrets(account_context: AccountContext) -> Iterator[Finding]:
	"""Passwords are encrypted with a key of the site config, which a database backup does not bring along."""
	needed = [field for field in SECRETS if field == "auth_token" or account_context.doc.get(field)]
	unreadable = [_(SECRETS[field]) for field in needed if account_context.secret(field) is None]
	if unreadable:
		account_context.silent = _("its secrets cannot be read")
		yield _of(
			account_context,
			"secrets.unreadable",
			BROKEN,
			_("{0} of the account {1} cannot be decrypted.").format(
				", ".join(unreadable), account_context.name
			),
			_(
				"Nothing is sent, and every message that arrives is rejected. It happens after a backup is restored without its encryption key."
			),
			_(
				"Enter them again on the account, or put the encryption_key of the old site_config.json into this site's."
			),
		)


def check_login(account_context: AccountContext) -> Iterator[Finding]:
	"""Whether Twilio lets this account in. Where it does not, nothing else is asked."""
	verdict = account_context.verdict
	if verdict.status == account_check.ACTIVE:
		return
	account_context.silent = verdict.detail
	if verdict.status == account_check.UNREACHABLE:
		yield unreachable(account_context, verdict.detail)
	elif verdict.status == account_check.WRONG:
		is_key = verdict.field.startswith("api_key")
		yield _of(
			account_context,
			"login.api_key" if is_key else "login.credentials",
			BROKEN,
			_("Twilio rejects the API key of the account {0}.").format(account_context.name)
			if is_key
			else _("Twilio rejects the credentials of the account {0}.").format(account_context.name),
			_("Nothing is sent. Messages still arrive.")
			if is_key
			else _(
				"Nothing is sent, and messages that arrive are rejected where their signature cannot be checked."
			),
			verdict.detail,
		)
	else:
		yield _of(
			account_context,
			"login.suspended",
			BROKEN,
			_("Twilio has suspended or closed the account {0}.").format(account_context.name),
			_("Nothing is sent, and Twilio does not hand over messages that arrive."),
			_(
				"Open the Twilio console: it says why, mostly an unpaid bill or a question of Twilio's. Messages that wait here leave by themselves afterwards."
			),
		)


def unreachable(account_context: AccountContext, detail: str) -> Finding:
	return _of(
		account_context,
		"login.unreachable",
		BROKEN,
		_("Twilio does not answer this site: {0}").format(detail),
		_("Messages wait here until it does. Those that arrive are recovered later."),
		_(
			"Look at status.twilio.com. If Twilio is well, this server's way out (firewall, proxy, DNS) is not: it has to reach {0} by HTTPS."
		).format(urlsplit(regions.url("api", account_context.doc.get("region") or regions.US1)).hostname),
	)


def check_trial(account_context: AccountContext) -> Iterator[Finding]:
	if account_context.verdict.account_type == "Trial":
		yield _of(
			account_context,
			"trial.limits",
			NOTICE,
			_("{0} is a trial account.").format(account_context.name),
			_(
				"It only texts numbers that were verified at Twilio, puts a note before each message, and ends after some messages."
			),
			_("Upgrade it in the Twilio console before customers are to be answered."),
		)


def check_paused(account_context: AccountContext) -> Iterator[Finding]:
	doc = account_context.doc
	if doc.paused_since and doc.paused_code == errors.MISSING_PERMISSION:
		yield _of(
			account_context,
			"paused.permission",
			BROKEN,
			_("The messages of the account {0} have waited since {1}: {2}").format(
				account_context.name, frappe.format(doc.paused_since, "Datetime"), doc.paused_reason or ""
			),
			_("Agents' answers do not leave."),
			_("Add the permission to the API key in the Twilio console, and press Fix It."),
			remedy="resume",
		)
	elif doc.paused_since:
		yield _of(
			account_context,
			"paused.account",
			BROKEN,
			_("The messages of the account {0} have waited since {1}: {2}").format(
				account_context.name,
				frappe.format(account_context.doc.paused_since, "Datetime"),
				account_context.doc.paused_reason or "",
			),
			_("Agents' answers do not leave."),
			_(
				"Twilio accepts this account now, so they can go on. This happens by itself within some minutes where the scheduler runs."
			),
			remedy="resume",
		)


def check_permissions(account_context: AccountContext) -> Iterator[Finding]:
	"""A restricted API key may do what was chosen when it was made, and nothing else."""
	gateway = account_context.gateway
	if not gateway.has_api_key:
		return
	if lacking := key_permissions.missing(gateway):
		yield _of(
			account_context,
			"permissions.missing",
			AT_RISK,
			_("The API key of the account {0} lacks permissions: {1}").format(
				account_context.name, ", ".join(lacking)
			),
			_("What needs them fails: looking up messages, fetching files, importing numbers, these checks."),
			_("Add them to the key in the Twilio console. Or use a Standard key, which has all of them."),
		)


def check_balance(account_context: AccountContext) -> Iterator[Finding]:
	balance = standing.balance(account_context.gateway)
	week = _cost(account_context.name, balance.currency)
	amount = fmt_money(balance.amount, currency=balance.currency)
	how = _("Add funds in the Twilio console under Billing, or switch auto-recharge on there.")
	if balance.amount <= 0:
		yield _of(
			account_context,
			"balance.empty",
			BROKEN,
			_("The balance of the Twilio account {0} is used up ({1}).").format(account_context.name, amount),
			_("Twilio suspends accounts without balance: nothing is sent or received any more."),
			how,
		)
	elif balance.amount < week:
		yield _of(
			account_context,
			"balance.low",
			AT_RISK,
			_(
				"The balance of the Twilio account {0} is {1}; the messages of the last {2} days cost {3}."
			).format(
				account_context.name, amount, BALANCE_LASTS_DAYS, fmt_money(week, currency=balance.currency)
			),
			_("It will not last another week like that, and Twilio suspends accounts without balance."),
			how,
		)


def _cost(account: str, currency: str) -> float:
	"""What the account's messages of the last days cost, as far as Twilio told their prices in this currency."""
	Message = frappe.qb.DocType(MESSAGE)
	since = clock.ago(days=BALANCE_LASTS_DAYS)
	found = (
		frappe.qb.from_(Message)
		.select(Sum(Message.price))
		.where((Message.account == account) & (Message.price_unit == currency))
		.where(Message.creation > since)
	).run(pluck=True)
	return found[0] or 0


def _of(
	account_context: AccountContext,
	check: str,
	severity: str,
	what: str,
	why: str,
	how: str,
	remedy: str = "",
) -> Finding:
	return Finding(check, severity, what, why, how, ACCOUNT, account_context.name, remedy)


def explained(problem: errors.TwilioProblem) -> str:
	return errors.explain(problem.code, problem.message)
