"""SMS that Frappe and other apps send by themselves (Notification, SMS Center): through a number of ours, when a site
wants that, so that opt-outs hold for them and each has its record.

They are in no ticket; what a customer answers opens one.
"""

import frappe
from frappe import _

from twilio_sms_channel.content import outside, segments, text
from twilio_sms_channel.messaging.conversation import conversations
from twilio_sms_channel.messaging.outbound import outbox, starting
from twilio_sms_channel.people import phone

SETTINGS = "Twilio SMS Settings"
# Their messages take turns as those of one user do who writes very many: agents' replies go before what is left of them.
BY = "site"


def number() -> str | None:
	"""Name of the Twilio SMS Number that they leave from; None while the site's own gateway sends them."""
	if not frappe.db.get_single_value(SETTINGS, "send_site_sms"):
		return None
	return frappe.db.get_single_value(SETTINGS, "site_sms_number")


def send(receivers: list[str], body: str) -> list[str]:
	"""Queue a message to each of these numbers, in any spelling. Commits nothing.

	Whoever opted out is not sent it: the worker that would send it says so on its record.

	:return: names of Twilio SMS Messages
	:raises outbox.CannotText: it is empty or too long
	"""
	ours, body = number(), text.clean(body)
	if not body:
		outbox.refuse(_("The message is empty. Write something or attach a file."))
	if len(body) > segments.MAX_CHARACTERS:
		outbox.refuse(
			_(
				"The message has {0} characters; Twilio sends at most {1}. Shorten it, or send it as e-mail."
			).format(len(body), segments.MAX_CHARACTERS)
		)
	queued, unread = [], []
	for receiver in dict.fromkeys(receivers):
		try:
			to = starting.customer_number(receiver, ours)
		except outbox.CannotText:
			frappe.clear_last_message()
			unread.append(receiver)
			continue
		queued.append(outbox.write_for_site(conversations.get_or_create(ours, to), body, by=BY).name)
	if unread:
		_tell_of_unread(unread)
	return queued


def _tell_of_unread(receivers: list[str]) -> None:
	listed = ", ".join(outside.harmless(phone.cleaned(receiver)) for receiver in receivers)
	said = _("Not sent, because these are no phone numbers: {0}").format(listed)
	frappe.log_error(title="SMS of the site were not sent", message=said)
	frappe.msgprint(said)
