"""The site manager's doors: connecting accounts and numbers."""

from typing import Any

import frappe
from frappe import _

from twilio_sms_channel.messaging import public_url
from twilio_sms_channel.twilio_gateway.errors import AUTHENTICATION_FAILED, TwilioProblem, explain

ACCOUNT, NUMBER = "Twilio SMS Account", "Twilio SMS Number"
BACKFILL_TIMEOUT_S = 2 * 3600


@frappe.whitelist(methods=["POST"])
def verify(account: str) -> dict[str, Any]:
	"""Ask Twilio whether the account's credentials work, and keep what it says.

	:return: `{"status", "detail"}`; status is one of the account's
	"""
	frappe.only_for("System Manager")
	doc = frappe.get_doc(ACCOUNT, account)
	status, detail = doc.check()
	doc.db_set({"status": status, "status_detail": detail, "last_checked": frappe.utils.now_datetime()})
	return {"status": status, "detail": detail}


@frappe.whitelist(methods=["POST"])
def import_numbers(account: str) -> dict[str, Any]:
	"""Take over the account's phone numbers from Twilio; those that are here already are brought up to date.

	:return: `{"added": [...], "updated": [...]}` in E.164
	"""
	frappe.only_for("System Manager")
	doc = frappe.get_doc(ACCOUNT, account)
	added, updated = [], []
	for number in _ask(lambda: doc.gateway().list_numbers()):
		exists = frappe.db.exists(NUMBER, number.phone_number)
		row = frappe.get_doc(NUMBER, number.phone_number) if exists else frappe.new_doc(NUMBER)
		if not exists:
			row.update(
				{
					"phone_number": number.phone_number,
					"account": doc.name,
					"description": number.friendly_name,
				}
			)
		row.take_over(number)
		row.save()
		(updated if exists else added).append(number.phone_number)
	return {"added": added, "updated": updated}


@frappe.whitelist(methods=["POST"])
def configure_webhooks(number: str, replace: bool = False) -> dict[str, Any]:
	"""Make Twilio post the number's texts to this site.

	:param replace: also when another system's URL stands there; without it that URL is returned and nothing changes
	:return: `{"url": what stands at Twilio now, "replaced": bool, "other": another system's URL or ""}`
	"""
	frappe.only_for("System Manager")
	doc = frappe.get_doc(NUMBER, number)
	if not public_url.is_reachable():
		frappe.throw(
			_(
				"Twilio cannot reach {0}. Enter the site's public address in Twilio SMS Settings first."
			).format(public_url.base()),
			title=_("No public address"),
		)
	gateway = frappe.get_doc(ACCOUNT, doc.account).gateway()
	found = _ask(lambda: gateway.find_number(doc.name))
	if not found:
		frappe.throw(
			_("The Twilio account {0} does not own {1}. Check the number and its account.").format(
				doc.account, doc.name
			)
		)
	ours = public_url.inbound()
	other = found.sms_url if found.sms_url and not found.sms_url.startswith(ours) else ""
	if not other or frappe.utils.sbool(replace):
		found = _ask(lambda: gateway.set_webhook(found.sid, ours))
		other = ""
	doc.take_over(found)
	doc.save()
	return {"url": found.sms_url, "replaced": not other, "other": other}


@frappe.whitelist(methods=["POST"])
def promote_token(account: str) -> dict[str, Any]:
	"""Make the next auth token the current one, once Twilio has it as primary. The old one is forgotten.

	:return: `{"status", "detail"}` as Twilio answers to the new one
	"""
	frappe.only_for("System Manager")
	frappe.get_doc(ACCOUNT, account).promote_token()
	return verify(account)


@frappe.whitelist(methods=["POST"])
def backfill(number: str, since: str) -> dict[str, Any]:
	"""Compare a number with Twilio's list in the background, with progress on the caller's screen.

	:param since: date or time in the site's time zone
	:return: `{"since": …}` as understood
	"""
	frappe.only_for("System Manager")
	doc = frappe.get_doc(NUMBER, number)
	try:
		begin = frappe.utils.get_datetime(since)
	except (ValueError, OverflowError):
		begin = None
	if not begin or begin > frappe.utils.now_datetime():
		frappe.throw(_("Choose a time in the past to compare from."))
	frappe.enqueue(
		"twilio_sms_channel.messaging.backfill.for_button",
		queue="long",
		timeout=BACKFILL_TIMEOUT_S,
		number=doc.name,
		since=begin,
		asked_by=frappe.session.user,
	)
	return {"since": begin}


def _ask(request):
	try:
		return request()
	except TwilioProblem as e:
		title = _("Wrong credentials") if e.code == AUTHENTICATION_FAILED else _("Twilio said no")
		frappe.throw(explain(e.code, e.message), title=title)
