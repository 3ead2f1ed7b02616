"""What is wrong with the channel, why it matters, and how to mend it.

`CHECKS_OF_SITE` and `CHECKS_OF_ACCOUNT` are the table of contents: a check is a function that yields a `Finding` for each
thing that is wrong, and a module holds a family of them. On a healthy site none yields anything.
"""

from collections.abc import Callable

import frappe
from frappe import _

from twilio_sms_channel.doctor import repairs, store
from twilio_sms_channel.doctor.checks import (
	address,
	at_twilio,
	clocks,
	credentials,
	numbers,
	people,
	proxies,
	registration,
	reverse_proxy,
	sender_names,
	site,
	traffic,
	usage,
	webhook_rules,
	webhooks,
)
from twilio_sms_channel.doctor.context import account_contexts
from twilio_sms_channel.doctor.runner import Check, Report
from twilio_sms_channel.infra import jobs

CHECKS_OF_SITE = (
	Check("home", site.check_home),
	Check("desk", site.check_desk),
	Check("country", site.check_country),
	Check("workers", site.check_workers),
	Check("scheduler", site.check_scheduler),
	Check("endpoints", site.check_endpoints),
	Check("proxy", proxies.check_proxy),
	Check("simulator", site.check_simulator),
	Check("address", address.check_address),
	Check("accounts", credentials.check_accounts),
	Check("strangers", webhooks.check_strangers),
	Check("contacts", people.check_contacts),
)
# In this order: where Twilio does not let an account in, what asks it is left out.
CHECKS_OF_ACCOUNT = (
	Check("secrets", credentials.check_secrets),
	Check("login", credentials.check_login, asks_twilio=True),
	Check("trial", credentials.check_trial, asks_twilio=True),
	Check("paused", credentials.check_paused, asks_twilio=True),
	Check("permissions", credentials.check_permissions, asks_twilio=True),
	Check("balance", credentials.check_balance, asks_twilio=True),
	Check("clocks", clocks.check_clocks, asks_twilio=True, once=True),
	Check("round_trip", address.check_round_trip),
	Check("reverse_proxy", reverse_proxy.check_reverse_proxy),
	Check("ownership", numbers.check_ownership, asks_twilio=True),
	Check("webhooks", numbers.check_webhooks, asks_twilio=True),
	Check("webhook_rules", webhook_rules.check_webhook_rules, asks_twilio=True),
	Check("capabilities", numbers.check_capabilities, asks_twilio=True),
	Check("countries", registration.check_countries, asks_twilio=True),
	Check("us_registration", registration.check_us_registration, asks_twilio=True),
	Check("toll_free", registration.check_toll_free, asks_twilio=True),
	Check("sender_names", sender_names.check_sender_names),
	Check("usage", usage.check_usage),
	Check("errors", traffic.check_errors),
	Check("stuck", traffic.check_stuck),
	Check("failed", traffic.check_failed),
	Check("unconfirmed", traffic.check_unconfirmed),
	Check("held", at_twilio.check_held),
	Check("comparison", at_twilio.check_comparison),
	Check("refused", webhooks.check_refused),
	Check("unread", webhooks.check_unread),
	Check("alerts", webhooks.check_alerts, asks_twilio=True),
)
DOCTYPE = "Twilio SMS Finding"


def titles() -> dict[str, str]:
	"""What each check looks at, for people."""
	return {
		"home": _("Original or copy"),
		"desk": _("Ticket system"),
		"country": _("Country of the site"),
		"workers": _("Background workers"),
		"scheduler": _("Scheduler"),
		"endpoints": _("Endpoints reachable by Twilio"),
		"proxy": proxies.title(),
		"simulator": _("Practice mode"),
		"address": _("Public address"),
		"accounts": _("Accounts set up"),
		"strangers": _("Unknown accounts"),
		"contacts": _("Phone numbers of contacts"),
		"secrets": _("Stored secrets"),
		"login": _("Account SID, auth token and API key"),
		"trial": _("Account type"),
		"paused": _("Account paused"),
		"permissions": _("Permissions of the API key"),
		"balance": _("Balance"),
		"clocks": _("Clocks"),
		"round_trip": _("Round-trip test"),
		"reverse_proxy": _("Errors behind the proxy"),
		"ownership": _("Numbers still owned"),
		"webhooks": _("Webhooks"),
		"webhook_rules": _("Webhook security settings"),
		"capabilities": _("SMS and MMS of the numbers"),
		"countries": _("Countries switched on"),
		"us_registration": _("Registration in the United States (10DLC)"),
		"toll_free": _("Verification of toll-free numbers"),
		"sender_names": _("Registered sender names"),
		"usage": _("Usage of the day"),
		"errors": _("Errors of the last messages"),
		"stuck": _("Waiting messages"),
		"failed": _("Messages without a ticket"),
		"unconfirmed": _("Unconfirmed messages"),
		"held": _("Messages held by Twilio"),
		"comparison": _("Comparison with Twilio's list"),
		"refused": _("Rejected webhooks"),
		"unread": _("Unread webhooks"),
		"alerts": _("Twilio's alerts"),
	}


def examine(
	account: str | None = None,
	number: str | None = None,
	progress: Callable[[str, int, int], None] | None = None,
	only: str = "",
) -> Report:
	"""Do all checks, and keep the list of findings in step. Writes nothing else, and leaves committing to the caller.

	:param account: only this Twilio SMS Account and the site; default: all that are switched on
	:param number: only this Twilio SMS Number, its account and the site
	:param progress: called before each check with its title, how many are done, and how many there are
	:param only: the name of one check
	:raises frappe.DoesNotExistError: no such account or number
	"""
	asked = account_contexts(account, number)
	report = Report(titles(), whole=not (account or number), only=only)
	steps = [(check, None) for check in CHECKS_OF_SITE]
	steps += [(check, account_context) for account_context in asked for check in CHECKS_OF_ACCOUNT]
	steps = [step for step in steps if only in ("", step[0].name)]
	is_silent = site.is_left_by_simulator()
	for done, (check, account_context) in enumerate(steps):
		if progress:
			progress(report.titles[check.name], done, len(steps))
		if account_context is None:
			report.site(check)
			continue
		if check.once and report.is_done(check):
			continue
		if is_silent:
			account_context.silent = _("Practice mode is not running.")
		report.account(check, account_context)
	store.keep(report)
	return report


def mend(finding: str) -> dict[str, bool]:
	"""Mend what a finding says, and look again.

	:param finding: name of a Twilio SMS Finding
	:return: whether it is gone ("mended"), or may be in a while ("in_background")
	:raises frappe.ValidationError: the app cannot mend it, or Twilio refused
	"""
	row = frappe.get_doc(DOCTYPE, finding)
	if row.remedy not in repairs.REPAIRS:
		frappe.throw(_("The app cannot fix this by itself. The finding says what to do."))
	repairs.REPAIRS[row.remedy](row.about)
	# Workers and the web server, which the check asks, have to see it.
	frappe.db.commit()  # nosemgrep
	scope = {"Twilio SMS Account": "account", "Twilio SMS Number": "number"}.get(row.about_doctype)
	examine(**({scope: row.about} if scope else {}), only=row.check_name.partition(".")[0])
	mended = not frappe.db.exists(DOCTYPE, finding)
	return {"mended": mended, "in_background": not mended and row.remedy in repairs.IN_BACKGROUND}


def nightly() -> None:
	"""Once a day (scheduler): look, and tell the managers of what is newly broken."""
	jobs.as_administrator()
	store.tell(examine())
