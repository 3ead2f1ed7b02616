"""The site manager's endpoints: connecting accounts and numbers."""

from dataclasses import asdict
from typing import Any

import frappe
from frappe import _

from twilio_sms_channel import doctor
from twilio_sms_channel.api import arguments
from twilio_sms_channel.infra import public_url, redaction, site_identity
from twilio_sms_channel.messaging.delivery import account_pause
from twilio_sms_channel.messaging.inbound import unread_webhooks
from twilio_sms_channel.messaging.sending import wake
from twilio_sms_channel.messaging.setup import connecting, disconnecting, importing, webhook_config
from twilio_sms_channel.messaging.upkeep import takeover
from twilio_sms_channel.twilio_gateway import account_check
from twilio_sms_channel.twilio_gateway.errors import AUTHENTICATION_FAILED, TwilioProblem, explain

ACCOUNT, NUMBER = "Twilio SMS Account", "Twilio SMS Number"
BACKFILL_TIMEOUT_S = 2 * 3600


@frappe.whitelist(methods=["POST"])
def connect(
	account_sid: str,
	auth_token: str,
	account_name: str | None = None,
	api_key_sid: str | None = None,
	api_key_secret: str | None = None,
	shared_key_id: str | None = None,
	shared_key: str | None = None,
	region: str | None = None,
) -> dict[str, Any]:
	"""Make an account out of credentials that Twilio accepts. Nothing is saved when it does not.

	:param account_name: how it is called here; default: its name at Twilio
	:param region: Twilio's region that the token is of: US1 (default), IE1 or AU1
	:return: `{"account": its name here, "detail": what to know, such as what a trial account limits, or ""}`
	"""
	frappe.only_for("System Manager")
	keys = {"api_key_sid": api_key_sid, "api_key_secret": api_key_secret}
	keys |= {"shared_key_id": shared_key_id, "shared_key": shared_key, "region": region}
	with redaction.logged_without_values("Connecting a Twilio account"):
		account = connecting.connect(
			{"account_sid": account_sid, "auth_token": auth_token, **keys}, account_name
		)
	return {"account": account.name, "detail": account.status_detail or ""}


@frappe.whitelist(methods=["POST"])
def check_credentials(
	account_sid: str,
	auth_token: str,
	api_key_sid: str | None = None,
	api_key_secret: str | None = None,
	account: str | None = None,
	region: str | None = None,
) -> dict[str, Any]:
	"""Ask Twilio about credentials before a form is saved; nothing is saved here.

	:param account: the account that the form is of; what it holds stands in for secrets given as asterisks
	:return: `{"status", "detail", "field": the one to mend or "", "account_type", "friendly_name"}`
	"""
	frappe.only_for("System Manager")
	with redaction.logged_without_values("Checking a Twilio account's credentials"):
		doc = frappe.get_doc(ACCOUNT, account) if account else frappe.new_doc(ACCOUNT)
		doc.update({"account_sid": account_sid, "auth_token": auth_token, "region": region or doc.region})
		doc.update({"api_key_sid": api_key_sid, "api_key_secret": api_key_secret})
		doc.check_form()
		return asdict(doc.check())


@frappe.whitelist(methods=["POST"])
def verify(account: str) -> dict[str, Any]:
	"""Ask Twilio whether the account's credentials work, and keep what it says.

	:return: `{"status", "detail"}`; status is one of the account's
	"""
	frappe.only_for("System Manager")
	doc = frappe.get_doc(ACCOUNT, account)
	verdict = doc.check()
	account_pause.keep(doc.name, verdict)
	if verdict.status == account_check.ACTIVE:
		wake.wake()
	return {"status": verdict.status, "detail": verdict.detail}


@frappe.whitelist(methods=["POST"])
def available_numbers(account: str) -> dict[str, Any]:
	"""What the Twilio account owns: numbers, short codes, alphanumeric senders and Messaging Services.

	:return: `{"numbers": [{"address", "display", "kind", "name", "country_name", "region", "reach": here, abroad
		or none, as a phone of the site's country texts it, "sms", "mms", "words": what its webhook is now, "whose": none, demo, ours, elsewhere or other, "webhook_by_service", "here": whether it was imported,
		"refused": why it cannot be, or "", "suggested", …}], "rcs_senders": [{"address", "name", "status": Twilio's word,
		"is_online", "service_sid": the Messaging Service that has it in its pool, "" for none, "words"}], "public_base_url", "trouble": why Twilio cannot be told to post
		messages to it, or "", "teams": the DocType of teams that new tickets can go to, or ""}`
	"""
	frappe.only_for("System Manager")
	doc = frappe.get_doc(ACCOUNT, account)
	public_url.keep_what_is_shown()
	return {
		**_ask(lambda: importing.available(doc)),
		"public_base_url": public_url.base(),
		"trouble": public_url.trouble(),
		"teams": importing.team_doctype(),
	}


@frappe.whitelist(methods=["POST"])
def import_numbers(
	account: str, numbers: list | str | None = None, team: str | None = None
) -> dict[str, Any]:
	"""Take over numbers from Twilio; those that are here already are brought up to date, whether named or not.

	:param numbers: which of the new ones, as `available_numbers` spells their addresses; all without it
	:param team: Helpdesk's team for new tickets from them; who has one keeps it
	:return: `{"added": [...], "updated": [...], "returned": [...], "released": those gone from the account, "refused":
		{number: reason}, "is_switched_off": whether the account is, so that they send nothing}`
	"""
	frappe.only_for("System Manager")
	doc = frappe.get_doc(ACCOUNT, account)
	chosen = None
	if numbers is not None:
		why_not = _(
			'The numbers are not a list. Name each as it is called at Twilio, for example ["+14155550132"].'
		)
		chosen = arguments.names(numbers, why_not, frappe.ValidationError)
	result = _ask(lambda: importing.take_over(doc, chosen, team))
	return {**asdict(result), "is_switched_off": not doc.enabled}


@frappe.whitelist(methods=["POST"])
def look_at_webhook(number: str) -> dict[str, Any]:
	"""Read from Twilio where it posts a number's messages now. Nothing changes there.

	:return: as `configure_webhooks`, and `"previous"`: the URL that `restore_webhook` would put back, or ""
	"""
	frappe.only_for("System Manager")
	doc = frappe.get_doc(NUMBER, number)
	return {**asdict(webhook_config.look(doc)), "previous": webhook_config.previous_url(doc)}


@frappe.whitelist(methods=["POST"])
def configure_webhooks(number: str, replace: bool = False) -> dict[str, Any]:
	"""Make Twilio post the number's messages to this site.

	:param replace: also when another system's URL stands there; without it that URL is returned and nothing changes
	:return: `{"url": what stands at Twilio now, "replaced": whether that is this site's, "other": another system's URL or
		"", "words": the same as a sentence, "problem": why Twilio could not be asked or "", "copy": what to enter in its
		console by hand}`
	"""
	frappe.only_for("System Manager")
	site_identity.refuse_on_copy()
	doc = frappe.get_doc(NUMBER, number)
	return asdict(webhook_config.configure(doc, replace=frappe.utils.sbool(replace)))


@frappe.whitelist(methods=["POST"])
def configure_numbers(account: str, numbers: dict | str) -> list[dict[str, Any]]:
	"""The same for several numbers of an account at once.

	:param numbers: each with whether another system's URL is replaced
	:return: what `configure_webhooks` returns, for each number that can have a webhook
	"""
	frappe.only_for("System Manager")
	site_identity.refuse_on_copy()
	doc = frappe.get_doc(ACCOUNT, account)
	# One string: the backslash quotes an apostrophe.
	why_not = _(  # nosemgrep
		'Say for each number whether another system\'s URL is replaced, for example {"+14155550132": false}.'
	)
	replaced = arguments.by_name(numbers, why_not, frappe.ValidationError)
	return [asdict(outcome) for outcome in _ask(lambda: webhook_config.configure_all(doc, replaced))]


@frappe.whitelist(methods=["POST"])
def restore_webhook(number: str) -> dict[str, Any]:
	"""Put back what stood there before this site took over from another system.

	:return: as `configure_webhooks`
	"""
	frappe.only_for("System Manager")
	site_identity.refuse_on_copy()
	return asdict(webhook_config.restore(frappe.get_doc(NUMBER, number)))


@frappe.whitelist(methods=["POST"])
def before_disconnect(number: str | None = None, account: str | None = None) -> dict[str, Any]:
	"""What `disconnect` will do. Nothing changes.

	:return: `{"numbers": [{"number", "display", "conversations", "waiting": messages that will be canceled, "previous": the
		URL that Twilio will post to again, or ""}], "may_delete": whether they can be deleted as well}`
	"""
	frappe.only_for("System Manager")
	return disconnecting.outlook([doc.name for doc in _numbers_of(number, account)])


@frappe.whitelist(methods=["POST"])
def disconnect(
	number: str | None = None, account: str | None = None, delete: bool | int | str = False
) -> dict[str, Any]:
	"""Take a number, or an account with its numbers, out of this site: webhooks at Twilio are put back, waiting messages
	canceled, nothing is sent any more. Conversations, messages and opt-outs stay.

	:param delete: delete them here as well, which numbers without conversations and opt-outs allow
	:return: `{"numbers": [{"number", "display", "words": where Twilio posts its messages now, "still_here", "problem",
		"canceled", "deleted"}], "deleted"}`
	:raises frappe.LinkExistsError: what would be deleted has conversations or opt-outs
	"""
	frappe.only_for("System Manager")
	site_identity.refuse_on_copy()
	delete = bool(frappe.utils.sbool(delete))
	if account and not number:
		return disconnecting.as_dict(
			disconnecting.disconnect_account(frappe.get_doc(ACCOUNT, account), delete)
		)
	left = disconnecting.as_dict(disconnecting.disconnect_number(frappe.get_doc(NUMBER, number), delete))
	return {"numbers": [left], "deleted": left["deleted"]}


def _numbers_of(number: str | None, account: str | None) -> list:
	if number:
		return [frappe.get_doc(NUMBER, number)]
	names = frappe.get_all(NUMBER, {"account": frappe.get_doc(ACCOUNT, account).name}, pluck="name")
	return [frappe.get_doc(NUMBER, name) for name in names]


@frappe.whitelist(methods=["GET"])
def latest_text(account: str) -> dict[str, Any]:
	"""The newest message that arrived at any of the account's numbers and is in its ticket.

	:return: `{"message", "customer_number", "number", "ticket_doctype", "ticket", "may_read": whether the caller may open
		the ticket}`, {} without one
	"""
	frappe.only_for("System Manager")
	frappe.get_doc(ACCOUNT, account)
	return connecting.latest_message(account)


@frappe.whitelist(methods=["POST"])
def confirm_home(waiting: str = takeover.CANCEL) -> dict[str, Any]:
	"""Say that this site takes over from the one that its data was restored from: from now on it sends messages.

	:param waiting: what becomes of messages that waited in the backup: "cancel" them, or "look_up" which of them Twilio has
		and send the others
	:return: `{"waiting", "texts": how many}`
	"""
	frappe.only_for("System Manager")
	if waiting not in (takeover.CANCEL, takeover.LOOK_UP):
		frappe.throw(_("Messages that wait are either canceled (cancel) or looked up at Twilio (look_up)."))
	messages = takeover.confirm(waiting)
	wake.wake()
	# Nothing is written any more, so Frappe may end the request without, and no job would be enqueued.
	frappe.db.commit()  # nosemgrep
	return {"waiting": waiting, "texts": messages}


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
		"twilio_sms_channel.messaging.upkeep.backfill.for_button",
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
		title = _("Wrong credentials") if e.code == AUTHENTICATION_FAILED else _("Rejected by Twilio")
		frappe.throw(explain(e.code, e.message), title=title)


@frappe.whitelist(methods=["POST"])
def diagnose(account: str | None = None, number: str | None = None) -> dict[str, Any]:
	"""Look for everything that is wrong with the channel. The list of findings is brought up to date.

	:param account: only this account and the site; default: all that are switched on
	:param number: only this number, its account and the site
	:return: `{"findings": [{"name", "check", "severity", "what", "why", "how", "about_doctype", "about", "remedy"}],
		"checked": [{"check", "title", "account", "done", "why_not"}]}`, the worst first; progress is told as
		`twilio_sms_doctor` on the caller's screen
	"""
	frappe.only_for("System Manager")

	def tell(title: str, done: int, of: int) -> None:
		event = {"title": title, "done": done, "of": of}
		frappe.publish_realtime("twilio_sms_doctor", event, user=frappe.session.user)

	return doctor.examine(account, number, tell).as_dict()


@frappe.whitelist(methods=["POST"])
def mend(finding: str) -> dict[str, bool]:
	"""Mend what a finding says, where it has a remedy, and look again.

	:param finding: name of a Twilio SMS Finding
	:return: `{"mended": bool, "in_background": bool}`: whether it is gone, or may be in a while
	"""
	frappe.only_for("System Manager")
	return doctor.mend(finding)


@frappe.whitelist(methods=["POST"])
def read_again(webhook: str) -> None:
	"""Have a webhook that could not be read read again, in the background: its row goes when that goes well.

	:param webhook: name of a Twilio SMS Unread Webhook
	"""
	frappe.only_for("System Manager")
	unread_webhooks.read_again_later(name=frappe.get_doc(unread_webhooks.UNREAD, webhook).name)
