"""Webhooks that did not get through: refused by this site, or given up by Twilio."""

from collections import Counter
from collections.abc import Iterator

import frappe
from frappe import _
from frappe.query_builder.functions import Count, Max

from twilio_sms_channel.doctor.context import ACCOUNT, NUMBER, AccountContext
from twilio_sms_channel.doctor.findings import AT_RISK, BROKEN, NOTICE, Finding
from twilio_sms_channel.infra import clock, public_url
from twilio_sms_channel.messaging.inbound import rejected_webhooks, unread_webhooks
from twilio_sms_channel.people import phone
from twilio_sms_channel.twilio_gateway import standing

MESSAGE = "Twilio SMS Message"
# So many in a day are more than a restart, even where nothing got lost.
MANY_ALERTS = 20
MOST_STRANGERS = 5
FORGED_OR_MISREAD = 403


def check_refused(account_context: AccountContext) -> Iterator[Finding]:
	"""Webhooks of the account that this site turned away within a day, unless a later message to the number came in."""
	names, of_account = {row.name for row in account_context.numbers}, False
	for row in _refused(account_context.doc.account_sid):
		if account_context.one_number and row.to_number != account_context.one_number:
			continue
		if row.to_number and _came_in(row.to_number, row.last):
			continue
		is_ours = row.to_number in names
		if not is_ours and of_account:
			continue
		of_account = of_account or not is_ours
		yield Finding(
			f"refused.{row.http_status}",
			# Of other numbers of the account nothing is expected here.
			BROKEN if is_ours else NOTICE,
			_("This site rejected {0} webhooks of the last day about {1}: {2}").format(
				row.count, phone.display(row.to_number) if row.to_number else account_context.name, row.reason
			),
			_(
				"Messages and delivery reports in them are missing. Messages are recovered from Twilio's list within an hour."
			),
			rejected_webhooks.how_to_mend(row.code)
			if row.code == rejected_webhooks.UNKNOWN_KEY
			else _(
				"Compare the Auth Token with the one in the Twilio console, and the Public Base URL in the Twilio SMS Settings with the address that Twilio has for the number: the signature depends on both."
			)
			if row.http_status == FORGED_OR_MISREAD
			else _(
				"Import the account's numbers, or take this site's address off those that do not belong here in the Twilio console."
			),
			NUMBER if is_ours else ACCOUNT,
			row.to_number if is_ours else account_context.name,
		)


def check_unread(account_context: AccountContext) -> Iterator[Finding]:
	"""Webhooks that Twilio signed and this app could not read, or that are for a Messaging Service that is not set up here."""
	Unread = frappe.qb.DocType(unread_webhooks.UNREAD)
	counted = (
		frappe.qb.from_(Unread)
		.select(Unread.service_sid, Count(Unread.name), Max(Unread.creation))
		.where(Unread.account == account_context.name)
		.groupby(Unread.service_sid)
		.orderby(Count(Unread.name), order=frappe.qb.desc)
	).run()
	if for_services := [(sid, count) for sid, count, _latest in counted if sid]:
		yield _of_unknown_services(account_context, for_services)
	for sid, count, latest in counted:
		if not sid:
			yield _of_unreadable(account_context, count, latest)


def _of_unreadable(account_context: AccountContext, count: int, latest) -> Finding:
	reason = frappe.get_all(
		unread_webhooks.UNREAD,
		{"account": account_context.name, "service_sid": ("is", "not set")},
		pluck="reason",
		order_by="creation desc",
		limit=1,
	)
	return Finding(
		"unread.webhooks",
		BROKEN,
		_("{0} webhooks signed by Twilio could not be read, the latest at {1}: {2}").format(
			count, frappe.format(latest, "Datetime"), "".join(reason)
		),
		_(
			"The messages and delivery reports in them are in no ticket. They are not lost: they are kept as they came."
		),
		_(
			"Fix It reads them again; each update of the app does so as well. What is left is in the list of Twilio SMS Unread Webhook: each shows its sender and what it says. Report the reason to whoever maintains the app."
		),
		ACCOUNT,
		account_context.name,
		"read_again",
	)


def _of_unknown_services(account_context: AccountContext, services: list[tuple[str, int]]) -> Finding:
	return Finding(
		"unread.services",
		BROKEN,
		_("{0} messages came by RCS to Messaging Services that are not set up here: {1}").format(
			sum(count for _sid, count in services),
			", ".join(sid for sid, _count in services[:MOST_STRANGERS]),
		),
		_("They are in no ticket, and nobody answers these customers. They are kept as they came."),
		_(
			"Import these Messaging Services: on the Twilio SMS Account, press Import Numbers. The messages are then read by themselves."
		),
		ACCOUNT,
		account_context.name,
	)


def check_strangers() -> Iterator[Finding]:
	"""Webhooks of accounts that are not set up here, mostly subaccounts."""
	Log, Account = frappe.qb.DocType(rejected_webhooks.LOG), frappe.qb.DocType(ACCOUNT)
	found = (
		frappe.qb.from_(Log)
		.left_join(Account)
		.on(Account.account_sid == Log.account_sid)
		.select(Log.account_sid)
		.where((Log.creation > _a_day_ago()) & (Log.http_status == 404) & Account.name.isnull())
		.groupby(Log.account_sid)
		.orderby(Count(Log.name), order=frappe.qb.desc)
		.limit(MOST_STRANGERS)
	).run(pluck=True)
	if found:
		yield Finding(
			"strangers.accounts",
			NOTICE,
			_("Twilio accounts that are not set up here post to this site: {0}").format(", ".join(found)),
			_(
				"Their messages are rejected. It may be a subaccount of yours, which has a SID and an auth token of its own."
			),
			_("Connect the account here, or take this site's address off its numbers in the Twilio console."),
		)


def check_alerts(account_context: AccountContext) -> Iterator[Finding]:
	"""What Twilio could not hand over to this site within a day and nobody made up for."""
	# Another site of the same account has alerts of its own.
	endpoints = tuple(public_url.base() + endpoint for endpoint in (public_url.INBOUND, public_url.STATUS))
	ours = [
		alert
		for alert in standing.alerts(account_context.gateway, _a_day_ago())
		if alert.url.startswith(endpoints)
	]
	compared = [row.backfilled_until for row in account_context.numbers]
	settled = min(compared) if compared and all(compared) else None
	open_ones = [alert for alert in ours if not settled or alert.at > settled]
	if not open_ones and len(ours) < MANY_ALERTS:
		return
	codes = Counter(alert.code for alert in ours).most_common()
	yield Finding(
		"alerts.webhooks",
		AT_RISK,
		_(
			"Twilio could not hand over {0} requests to this site within the last day (errors: {1}), the latest at {2}."
		).format(
			len(ours),
			", ".join(code for code, _count in codes),
			frappe.format(max(alert.at for alert in ours), "Datetime"),
		),
		_(
			"Messages in them are missing until they are taken from Twilio's list, which happens once an hour."
		),
		_(
			"Fix It recovers what is missing now. If it keeps happening, look at the site's Error Log and its web server, and whether the server is overloaded."
		),
		ACCOUNT,
		account_context.name,
		"compare",
	)


def _refused(account_sid: str) -> list:
	Log = frappe.qb.DocType(rejected_webhooks.LOG)
	return (
		frappe.qb.from_(Log)
		.select(
			Log.to_number,
			Log.http_status,
			Max(Log.reason).as_("reason"),
			Max(Log.code).as_("code"),
			Count(Log.name).as_("count"),
			Max(Log.creation).as_("last"),
		)
		.where((Log.account_sid == account_sid) & (Log.creation > _a_day_ago()))
		.groupby(Log.to_number, Log.http_status)
		.orderby(Count(Log.name), order=frappe.qb.desc)
	).run(as_dict=True)


def _came_in(number: str, since) -> bool:
	filters = {"number": number, "direction": "Inbound", "backfilled": 0, "creation": (">", since)}
	return bool(frappe.db.exists(MESSAGE, filters))


def _a_day_ago():
	return clock.ago(days=1)
