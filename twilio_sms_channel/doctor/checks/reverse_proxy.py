"""Does the proxy in front of the site turn errors that Twilio takes for final into one after which it tries again."""

from collections.abc import Iterator

from frappe import _

from twilio_sms_channel.doctor import self_test
from twilio_sms_channel.doctor.checks import address
from twilio_sms_channel.doctor.context import ACCOUNT, AccountContext
from twilio_sms_channel.doctor.findings import NOTICE, Finding
from twilio_sms_channel.infra import public_url
from twilio_sms_channel.messaging.inbound.self_test_webhook import REJECTED_WITH

# Frappe's own servers, with no proxy before them.
OF_FRAPPE = ("gunicorn", "werkzeug")


def check_reverse_proxy(account_context: AccountContext) -> Iterator[Finding]:
	"""A signed message that the site rejects as Frappe would: what the proxy makes of that."""
	number, token = address.to_test_with(account_context)
	outcome = self_test.rejected(account_context.doc.account_sid, token, number)
	# Otherwise the rule is there, or the message did not get here, which the round trip tells.
	if outcome.detail != str(REJECTED_WITH) or outcome.server.lower().startswith(OF_FRAPPE):
		return
	yield Finding(
		"reverse_proxy.errors",
		NOTICE,
		_(
			"The proxy in front of {0} passes on errors of Frappe ({1}) after which Twilio does not try again."
		).format(public_url.base(), REJECTED_WITH),
		_(
			"Messages that come while the site's config is written, or another app fails, are missing until they are taken from Twilio's list."
		),
		_(
			"Have the proxy answer them with 503, as the documentation shows for nginx: The site's address and webhooks, When the site cannot process a webhook."
		),
		ACCOUNT,
		account_context.name,
	)
