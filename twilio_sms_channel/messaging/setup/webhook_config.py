"""Where Twilio posts a number's messages: what stands there now, setting it to this site, and putting back what was there."""

import json
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

import frappe
from frappe import _
from frappe.utils import escape_html
from redis.exceptions import RedisError

from twilio_sms_channel.infra import compat, jobs, locks, public_url
from twilio_sms_channel.people import phone
from twilio_sms_channel.twilio_gateway.errors import TwilioProblem, explain
from twilio_sms_channel.twilio_gateway.inventory import ALPHANUMERIC, SERVICE, Inventory, Sender, Webhook
from twilio_sms_channel.twilio_gateway.signature import RETRY_FRAGMENT

ACCOUNT, NUMBER = "Twilio SMS Account", "Twilio SMS Number"
# Whose webhook it is.
NOBODYS, DEMO, OURS, ELSEWHERE, OTHERS = "none", "demo", "ours", "elsewhere", "other"
# What Twilio gives to a number that was just bought.
DEMO_HOST = "demo.twilio.com"
READ_AGAIN_EVERY_S = 600
COMPARING_TIMEOUT_S = 3600


@dataclass
class Outcome:
	"""What became of setting one number's webhook."""

	number: str
	url: str = ""
	"""what stands at Twilio now"""
	replaced: bool = False
	"""whether that is this site's"""
	other: str = ""
	"""another system's URL, which was left alone because nobody said to replace it"""
	words: str = ""
	"""what stands at Twilio now, as a sentence"""
	problem: str = ""
	"""why Twilio could not be asked or said no; `copy` has what to enter in its console then"""
	copy: dict | None = None


def whose(webhook: Webhook) -> str:
	"""Whose a webhook is: nobody's, Twilio's demo, this site's, this app's at another address, another system's."""
	if webhook.application_sid:
		return OTHERS
	if not webhook.url:
		return NOBODYS
	if webhook.url.partition("#")[0].partition("?")[0] == public_url.inbound():
		return OURS
	parts = urlsplit(webhook.url)
	if parts.path == public_url.INBOUND:
		return ELSEWHERE
	return DEMO if parts.hostname == DEMO_HOST else OTHERS


def is_complete(sender: Sender) -> bool:
	"""Whether the webhook is this site's to the letter: retries, method and fallback as well."""
	return sender.webhook == wanted(sender)


def wanted(sender: Sender) -> Webhook:
	"""The webhook that a number, short code or service should have."""
	url = public_url.inbound() + RETRY_FRAGMENT
	# Each message of ours names its own callback, which wins; another system's is for messages of its own.
	callback = (
		(sender.webhook.status_callback or public_url.base() + public_url.STATUS)
		if sender.webhook_by_service or sender.kind == SERVICE
		else ""
	)
	return Webhook(url, "POST", url, "POST", callback)


def to_copy() -> dict[str, str]:
	"""What to enter in Twilio's console by hand."""
	url = public_url.inbound() + RETRY_FRAGMENT
	return {
		"webhook": url,
		"fallback": url,
		"method": "POST",
		"status_callback": public_url.base() + public_url.STATUS,
	}


def describe(sender: Sender) -> str:
	"""What the webhook is now, as a sentence."""
	if sender.kind == ALPHANUMERIC:
		return _("Cannot be answered, so nothing arrives")
	if sender.left_to_numbers:
		return _("Its messages go where each of its numbers sends them")
	kind = whose(sender.webhook)
	if sender.webhook_by_service:
		return _in_service(kind, sender)
	words = {
		NOBODYS: _("Nothing is set: messages go nowhere"),
		DEMO: _("Twilio's demo answers"),
		OURS: _("Messages come to this site"),
		ELSEWHERE: _("Messages go to this app at another address: {0}"),
		OTHERS: _("Messages go to another system: {0}"),
	}
	return words[kind].format(_address(sender.webhook))


def _in_service(kind: str, sender: Sender) -> str:
	service = sender.service_name or sender.service_sid
	words = {
		NOBODYS: _("Its Messaging Service {1} has nothing set: messages go nowhere"),
		DEMO: _("Its Messaging Service {1} lets Twilio's demo answer"),
		OURS: _("Messages come to this site, by its Messaging Service {1}"),
		ELSEWHERE: _("Its Messaging Service {1} sends messages to this app at another address: {0}"),
		OTHERS: _("Its Messaging Service {1} sends messages to another system: {0}"),
	}
	return words[kind].format(_address(sender.webhook), service)


def _address(webhook: Webhook) -> str:
	return webhook.application_sid or webhook.url.partition("#")[0]


def look(number) -> Outcome:
	"""What stands at Twilio now for a Twilio SMS Number, which is brought up to date; nothing changes there.

	:raises frappe.ValidationError: it has no webhook, or is not the account's
	"""
	return _each(number, lambda inventory, sender: _outcome(number, sender))


def read_again_later(caller, params) -> None:
	"""Have a worker read a number's webhook again, since what Twilio signs is no longer what this site knows.

	At most once per number in ten minutes: strangers can bring this about.

	:param caller: `webhook_auth.WebhookContext` that the webhook claims to be from
	:param params: the webhook's
	"""
	names = [params.get(name) or "-" for name in ("To", "From", "MessagingServiceSid")]
	number = caller.number or frappe.db.get_value(NUMBER, {"name": ("in", names), "account": caller.account})
	if not number:
		return
	cache = frappe.cache()
	try:
		if cache.set(cache.make_key(f"twilio_sms_read_again:{number}"), 1, nx=True, ex=READ_AGAIN_EVERY_S):
			frappe.enqueue("twilio_sms_channel.messaging.setup.webhook_config.read_again", number=number)
	except (RedisError, OSError, compat.QUEUE_IS_FULL):
		frappe.clear_messages()


def read_again(number: str) -> None:
	"""Read a number's webhook from Twilio. When it was changed, messages may have been refused: the list has them."""
	jobs.as_administrator()
	doc = frappe.get_doc(NUMBER, number)
	doc.flags.read_by_itself = True
	known = doc.webhook_url, doc.webhook_fallback_url
	try:
		outcome = look(doc)
	except frappe.ValidationError:
		# Without a webhook, no longer the account's, or being edited at this moment.
		frappe.db.rollback()
		frappe.clear_messages()
		return
	if outcome.replaced and (doc.webhook_url, doc.webhook_fallback_url) != known:
		frappe.enqueue(
			"twilio_sms_channel.messaging.upkeep.backfill.run",
			queue="long",
			timeout=COMPARING_TIMEOUT_S,
			number=number,
			enqueue_after_commit=True,
		)


def configure(number, replace: bool = False) -> Outcome:
	"""Make Twilio post a number's messages to this site.

	:param number: a Twilio SMS Number document; saved when something is learned of it
	:param replace: also when another system's URL stands there. What stood there is remembered for `restore`.
	:raises frappe.ValidationError: this site has no public address, or the number is not the account's
	"""
	_refuse_without_address()
	return _each(number, lambda inventory, sender: _configure(inventory, number, sender, replace))


def configure_all(account, replace: dict[str, bool]) -> list[Outcome]:
	"""The same for several numbers of an account, which is read once. What cannot be set does not stop the others. Commits
	after each.

	:param replace: whether another system's URL is replaced, by the numbers' names
	"""
	_refuse_without_address()
	inventory = Inventory(account.gateway())
	senders = {sender.address: sender for sender in inventory.all()}

	def configure_one(name: str) -> Outcome:
		number = frappe.get_doc(NUMBER, name)
		# A number before it may have set the service that both are in.
		sender = inventory.as_it_stands(senders[name])
		outcome = _asking(number, lambda: _configure(inventory, number, sender, replace[name]))
		# What Twilio has now is not forgotten here for the sake of another number.
		frappe.db.commit()  # nosemgrep
		return outcome

	receiving = [name for name in replace if name in senders and senders[name].kind != ALPHANUMERIC]
	return [locks.again(lambda name=name: configure_one(name)) for name in receiving]


def restore(number) -> Outcome:
	"""Put back what stood there before this site took over.

	:raises frappe.ValidationError: nothing is remembered, or something else stands there by now
	"""
	if not number.previous_webhook:
		frappe.throw(_("No earlier webhook of {0} is remembered.").format(phone.display(number.name)))
	return _each(number, lambda inventory, sender: _restore(inventory, number, sender))


def withdraw(number) -> Outcome:
	"""Have Twilio post a number's messages here no more: what stood there before this site took over is put back, else nothing
	stands there. The webhook of a Messaging Service stays while other numbers here need it.

	:raises frappe.ValidationError: it has no webhook, or is not the account's
	"""
	return _each(number, lambda inventory, sender: _withdraw(inventory, number, sender))


def previous_url(number) -> str:
	"""The URL that `restore` would put back, "" without one."""
	if not number.previous_webhook:
		return ""
	_sid, webhook = _remembered(number)
	return _address(webhook)


def _refuse_without_address() -> None:
	public_url.keep_what_is_shown()
	if trouble := public_url.trouble():
		frappe.throw(trouble, title=_("No public address"))


def _each(number, work) -> Outcome:
	if number.number_type == "Alphanumeric Sender":
		frappe.throw(
			_("{0} is an alphanumeric sender: customers cannot answer it, so it needs no webhook.").format(
				number.name
			)
		)
	inventory = Inventory(frappe.get_doc(ACCOUNT, number.account).gateway())
	return _asking(number, lambda: work(inventory, _find(inventory, number)))


def _asking(number, work) -> Outcome:
	try:
		return work()
	except TwilioProblem as e:
		return Outcome(number.name, problem=explain(e.code, e.message), copy=to_copy())


def _find(inventory: Inventory, number) -> Sender:
	if sender := inventory.find(number.name, number.messaging_service_sid):
		return sender
	frappe.throw(
		_("The Twilio account {0} does not own {1}. Check the number and its account.").format(
			number.account, phone.display(number.name)
		),
		title=_("Not in this account"),
	)


def _configure(inventory: Inventory, number, sender: Sender, replace: bool) -> Outcome:
	before = whose(sender.webhook)
	if before in (OTHERS, ELSEWHERE):
		if not replace:
			return _outcome(number, sender)
		_remember(number, sender)
	if not is_complete(sender):
		sender = inventory.set_webhook(sender, wanted(sender))
	return _outcome(number, sender)


def _restore(inventory: Inventory, number, sender: Sender) -> Outcome:
	sid, webhook = _remembered(number)
	if whose(sender.webhook) != OURS or _in_charge(sender) != sid:
		frappe.throw(
			_(
				"Nothing was changed: {0} is no longer as this site set it. At Twilio: {1}. Before: {2}. Change it in the Twilio console."
			).format(
				phone.display(number.name),
				escape_html(describe(sender)),
				escape_html(_address(webhook)),
			),
			title=_("Changed meanwhile"),
		)
	sender = inventory.set_webhook(sender, webhook)
	number.previous_webhook = None
	return _outcome(number, sender)


def _withdraw(inventory: Inventory, number, sender: Sender) -> Outcome:
	of_service = sender.webhook_by_service or sender.kind == SERVICE
	in_service = {"messaging_service_sid": sender.service_sid, "name": ("!=", number.name), "enabled": 1}
	if whose(sender.webhook) == OURS and not (of_service and frappe.db.exists(NUMBER, in_service)):
		sid, before = _remembered(number) if number.previous_webhook else ("", None)
		if sid != _in_charge(sender):
			kept = sender.webhook.status_callback
			before = Webhook(status_callback="" if kept == public_url.base() + public_url.STATUS else kept)
		sender = inventory.set_webhook(sender, before)
		number.previous_webhook = None
	return _outcome(number, sender)


def _in_charge(sender: Sender) -> str:
	return sender.service_sid if sender.webhook_by_service else sender.sid


def _remember(number, sender: Sender) -> None:
	"""Commits: once Twilio has the new webhook, nobody else knows the one before, whatever fails after that."""
	number.previous_webhook = json.dumps({"sid": _in_charge(sender), **asdict(sender.webhook)})
	number.save()
	# Before Twilio is told.
	frappe.db.commit()  # nosemgrep


def _remembered(number) -> tuple[str, Webhook]:
	kept = json.loads(number.previous_webhook)
	return kept.pop("sid"), Webhook(**kept)


def _outcome(number, sender: Sender) -> Outcome:
	number.take_over(sender)
	# The document's history is for what people change.
	number.save(ignore_version=number.flags.read_by_itself)
	kind = whose(sender.webhook)
	return Outcome(
		number.name,
		url=_address(sender.webhook),
		replaced=kind == OURS,
		other=_address(sender.webhook) if kind in (OTHERS, ELSEWHERE) else "",
		words=describe(sender),
		copy=to_copy(),
	)
