"""Whether an account sends more in a day than its admin expects: a loop, a stolen key, a campaign nobody planned."""

from collections.abc import Iterator
from dataclasses import dataclass

import frappe
from frappe import _
from frappe.query_builder.functions import Count, Sum
from frappe.utils import fmt_money, get_datetime, today

from twilio_sms_channel.doctor.context import ACCOUNT, AccountContext
from twilio_sms_channel.doctor.findings import NOTICE, Finding

MESSAGE = "Twilio SMS Message"


@dataclass(frozen=True)
class Usage:
	"""An account's messages of one day."""

	messages: int
	"""that Twilio took"""
	amount: float
	"""what these and those that were received cost, as far as Twilio has told"""
	currency: str


def check_usage(account_context: AccountContext) -> Iterator[Finding]:
	"""More messages today, or more money, than the account's usage alert allows."""
	account = account_context.doc
	if not (account.alert_messages or account.alert_amount):
		return
	used = of_today(account.name)
	why = _("Somebody may send what nobody planned, and Twilio charges for it.")
	how = _(
		"Look at Twilio SMS Traffic, grouped by number. If it is as planned, raise the Usage Alert of the account; if not, clear Enabled there, and nothing more is sent."
	)
	if account.alert_messages and used.messages > account.alert_messages:
		yield _of(
			account_context,
			"usage.messages",
			_("{0} messages were sent through the Twilio account {1} today, more than {2}.").format(
				used.messages, account.name, account.alert_messages
			),
			why,
			how,
		)
	if account.alert_amount and used.amount > account.alert_amount:
		amount, limit = (
			fmt_money(value, currency=used.currency) for value in (used.amount, account.alert_amount)
		)
		yield _of(
			account_context,
			"usage.amount",
			_("The messages of the Twilio account {0} cost {1} today, more than {2}.").format(
				account.name, amount, limit
			),
			why,
			how,
		)


def of_today(account: str) -> Usage:
	"""
	:param account: name of a Twilio SMS Account
	"""
	Message = frappe.qb.DocType(MESSAGE)
	of_day = frappe.qb.from_(Message).where(
		(Message.account == account) & (Message.creation >= get_datetime(today()))
	)
	sent = of_day.where((Message.direction == "Outbound") & Message.twilio_sid.isnotnull())
	((messages,),) = sent.select(Count("*")).run()
	# An account is billed in one currency.
	amount = Sum(Message.price)
	priced = of_day.where(Message.price_unit != "").select(amount, Message.price_unit)
	rows = priced.groupby(Message.price_unit).orderby(amount, order=frappe.qb.desc).limit(1).run()
	spent, currency = rows[0] if rows else (0, "")
	return Usage(messages, float(spent or 0), currency)


def _of(account_context: AccountContext, check: str, what: str, why: str, how: str) -> Finding:
	return Finding(check, NOTICE, what, why, how, ACCOUNT, account_context.name)
