"""Each number at Twilio: is it still ours, what it can, and where Twilio posts its messages."""

from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

from frappe import _

from twilio_sms_channel.doctor.context import NUMBER, AccountContext
from twilio_sms_channel.doctor.findings import AT_RISK, BROKEN, Finding
from twilio_sms_channel.infra import public_url
from twilio_sms_channel.messaging.setup import webhook_config
from twilio_sms_channel.people import phone
from twilio_sms_channel.twilio_gateway.inventory import ALPHANUMERIC, Sender

# Twilio lists alphanumeric senders of Messaging Services only: that one is not listed says nothing.
UNLISTED = ALPHANUMERIC


def check_ownership(account_context: AccountContext) -> Iterator[Finding]:
	for number in account_context.numbers:
		if number.number_type != UNLISTED and number.name not in account_context.senders:
			yield _of(
				number,
				"ownership.released",
				BROKEN,
				_("The Twilio account {0} does not own {1} any more.").format(
					account_context.name, _shown(number)
				),
				_("Nothing can be sent from it, and messages to it go to nobody, or to its next owner."),
				_(
					"Fix It puts it out of service here. Its conversations stay. If it was moved to another account, choose that account on the number instead."
				),
				"put_out_of_service",
			)


def check_capabilities(account_context: AccountContext) -> Iterator[Finding]:
	for number, sender in _at_twilio(account_context):
		if number.sms_enabled and sender.sms is False:
			yield _of(
				number,
				"capabilities.sms",
				BROKEN,
				_("{0} cannot send or receive SMS, says Twilio.").format(_shown(number)),
				_("Every answer from it fails."),
				_(
					"Fix It switches SMS off for it here, so that agents are told before they write. Twilio has numbers that can: choose one with SMS."
				),
				"switch_sms_off",
			)
		elif number.mms_enabled and sender.mms is False:
			yield _of(
				number,
				"capabilities.mms",
				AT_RISK,
				_(
					"{0} cannot send pictures and files (MMS), says Twilio, but is set up here as if it could."
				).format(_shown(number)),
				_("Answers with a file fail."),
				_(
					"Fix It switches MMS off for this number: files are then rejected before they are sent, or go as a link, as the number's form says."
				),
				"switch_mms_off",
			)


def check_webhooks(account_context: AccountContext) -> Iterator[Finding]:
	"""Where Twilio posts incoming messages. A wrong address makes the rest of it unimportant."""
	for number, sender in _at_twilio(account_context):
		if number.number_type == ALPHANUMERIC or sender.left_to_numbers:
			continue
		if finding := _wrong_address(number, sender):
			yield finding
			continue
		if sender.webhook.method.upper() == "GET":
			yield _of(
				number,
				"webhooks.method",
				AT_RISK,
				_("Twilio delivers messages for {0} by GET.").format(_shown(number)),
				_(
					"Customers' messages then appear in the logs of every web server on the way, and long ones may be cut off."
				),
				_("Fix It sets the method to POST."),
				"set_webhook",
			)
		if not sender.webhook.fallback_url:
			yield _of(
				number,
				"webhooks.fallback",
				AT_RISK,
				_("{0} has no fallback URL at Twilio.").format(_shown(number)),
				_(
					"Twilio does not try again when this site does not answer at once, for example while it restarts. The message then comes up to an hour late."
				),
				_("Fix It sets this site as fallback, too."),
				"set_webhook",
			)


def _wrong_address(number, sender: Sender) -> Finding | None:
	hook, whose = sender.webhook, webhook_config.whose(sender.webhook)
	url = hook.application_sid or _without_secrets(hook.url)
	lost = _("Messages to this number do not get here.")
	mend = _(
		"Fix It makes Twilio post them here. The current webhook is kept on the number and can be put back."
	)
	if whose == webhook_config.OURS:
		return None
	if sender.webhook_by_service:
		return _of(
			number,
			"webhooks.service",
			BROKEN,
			_("The Messaging Service {0} takes the messages for {1}: it posts them to {2}.").format(
				sender.service_name or sender.service_sid, _shown(number), url or _("nobody")
			),
			_(
				"Twilio does not look at the number's own webhook as long as it is in the service's pool. Messages do not get here."
			),
			_(
				"Fix It sets this site as webhook of the service, for all of its numbers. Otherwise set the service to use the numbers' own webhooks, or take the number out of its pool, in the Twilio console."
			),
			"set_webhook",
		)
	if whose == webhook_config.NOBODYS:
		return _of(
			number,
			"webhooks.none",
			BROKEN,
			_("Twilio does not know where to deliver messages for {0}.").format(_shown(number)),
			lost,
			_("Fix It makes Twilio post them here."),
			"set_webhook",
		)
	if whose == webhook_config.ELSEWHERE:
		return _of(
			number,
			"webhooks.moved",
			BROKEN,
			_(
				"Twilio delivers messages for {0} to another address of this app: {1}. This site is {2}."
			).format(_shown(number), url, public_url.base()),
			_(
				"Either the site has moved and messages do not get here, or this is a copy and the messages belong to the original."
			),
			_(
				"If this is the site that customers write to: Fix It makes Twilio post them here. If it is a copy, leave it and switch the number off here."
			),
			"set_webhook",
		)
	return _of(
		number,
		"webhooks.other",
		BROKEN,
		_("Twilio delivers messages for {0} to another system: {1}").format(_shown(number), url),
		lost,
		mend,
		"set_webhook",
	)


def _without_secrets(url: str) -> str:
	"""A webhook's URL as it may stand in a notification: others put logins and keys into theirs."""
	parts = urlsplit(url)
	return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _at_twilio(account_context: AccountContext) -> Iterator[tuple]:
	return (
		(n, account_context.senders[n.name])
		for n in account_context.numbers
		if n.name in account_context.senders
	)


def _shown(number) -> str:
	return phone.display(number.name)


def _of(number, check: str, severity: str, what: str, why: str, how: str, remedy: str = "") -> Finding:
	return Finding(check, severity, what, why, how, NUMBER, number.name, remedy)
