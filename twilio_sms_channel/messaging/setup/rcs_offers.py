"""An account's RCS senders, as the guided page shows them: they are reached through a Messaging Service, and are no numbers."""

from collections.abc import Iterable

from frappe import _

from twilio_sms_channel.infra import public_url
from twilio_sms_channel.messaging.setup import webhook_config
from twilio_sms_channel.twilio_gateway.inventory import SERVICE, Inventory, Sender, Webhook
from twilio_sms_channel.twilio_gateway.rcs_senders import RcsSender


def of(inventory: Inventory, senders: Iterable[Sender]) -> list[dict]:
	"""
	:param senders: everything that the account owns
	:return: `[{"address", "name", "status", "is_online", "service_sid", "words"}]`
	"""
	offers = []
	for service in senders:
		if service.kind == SERVICE:
			offers += [_offer(sender, service.sid, _words(sender, service)) for sender in service.rcs or ()]
	unpooled = _(
		"It is in no Messaging Service, so it sends nothing and nobody reaches it. Add it to a service's sender pool in the Twilio console."
	)
	return offers + [_offer(sender, "", unpooled) for sender in inventory.rcs.without_service]


def _offer(sender: RcsSender, service_sid: str, words: str) -> dict:
	return {
		"address": sender.address,
		"name": sender.name or sender.address,
		"status": sender.status,
		"is_online": sender.is_online,
		"service_sid": service_sid,
		"words": words,
	}


def _words(sender: RcsSender, service: Sender) -> str:
	words = [_("It is reached through the Messaging Service {0}.").format(service.name or service.sid)]
	if not sender.is_online:
		waits = _("Twilio calls its state {0}: messages go by SMS until it is ONLINE.")
		words.append(waits.format(sender.status or "?"))
	own = Webhook(url=sender.webhook_url)
	if service.left_to_numbers and webhook_config.whose(own) != webhook_config.OURS:
		missing = _(
			"The service leaves incoming messages to its senders: in the Twilio console, set this sender's webhook to {0}."
		)
		words.append(missing.format(public_url.inbound()))
	return " ".join(words)
