"""Connecting a Twilio account: what Twilio says of its credentials, and which field to mend."""

import frappe
from frappe import _
from frappe.utils import escape_html

from twilio_sms_channel.desks.registry import desk_or_none_of
from twilio_sms_channel.infra import clock, field_errors, site_config
from twilio_sms_channel.people import phone
from twilio_sms_channel.twilio_gateway import account_check

ACCOUNT, CONVERSATION, MESSAGE = "Twilio SMS Account", "Twilio SMS Conversation", "Twilio SMS Message"
MAX_NAME_CHARACTERS = 100
LATEST_WITHIN_HOURS = 1


def connect(credentials: dict, account_name: str | None):
	"""Make a Twilio SMS Account out of credentials that Twilio accepts; nothing is saved when it does not.

	:param credentials: account_sid, auth_token, region, api_key_sid, api_key_secret, shared_key_id, shared_key as people paste them
	:param account_name: how it is called here; default: as at Twilio
	:raises frappe.ValidationError: naming the field and the reason
	"""
	account = frappe.new_doc(ACCOUNT)
	account.update(credentials)
	account.check_form()
	account.refuse_twin(frappe.DuplicateEntryError)
	if account_name and frappe.db.exists(ACCOUNT, account_name.strip()):
		field_errors.refuse(
			"account_name",
			_("Name: another account is called {0}. Choose another name.").format(
				frappe.bold(escape_html(account_name))
			),
			frappe.DuplicateEntryError,
			title=_("Name taken"),
		)
	verdict = account_check.ask(account)
	if verdict.status != account_check.ACTIVE:
		field_errors.refuse(verdict.field, verdict.detail, title=_(verdict.status))
	account.account_name = (account_name or "").strip() or _free_name(account, verdict.friendly_name)
	account.update(verdict.facts())
	account.is_practice = int(site_config.practises())
	return account.insert()


def latest_message(account: str) -> dict:
	"""The newest message of the last hour that arrived at a number of the account and is in its ticket, {} without one."""
	found = frappe.get_all(
		MESSAGE,
		{
			"account": account,
			"direction": "Inbound",
			"status": "Threaded",
			"creation": (">", clock.ago(hours=LATEST_WITHIN_HOURS)),
		},
		["name as message", "customer_number", "number", "conversation"],
		order_by="creation desc",
		limit=1,
	)
	if not found:
		return {}
	message = found[0]
	about = frappe.db.get_value(
		CONVERSATION, message.pop("conversation"), ["ticket_doctype", "ticket"], as_dict=True
	)
	if not about or not about.ticket or not desk_or_none_of(about.ticket_doctype):
		return {}
	return {
		**message,
		"customer_number": phone.display(message.customer_number),
		**about,
		"may_read": frappe.has_permission(about.ticket_doctype, doc=about.ticket),
	}


def _free_name(account, friendly_name: str) -> str:
	"""The account's name at Twilio, told apart from one that is here already."""
	# Frappe refuses angle brackets in names.
	name = friendly_name.replace("<", "").replace(">", "").strip()[:MAX_NAME_CHARACTERS] or "Twilio"
	sid_end = account.account_sid[-4:]
	is_twin = frappe.db.exists(ACCOUNT, {"account_sid": account.account_sid})
	own = f"{name} ({account.region if is_twin else sid_end})"
	names = (name, own, f"{name} ({sid_end} {account.region})")
	return next((free for free in names if not frappe.db.exists(ACCOUNT, free)), names[-1])
