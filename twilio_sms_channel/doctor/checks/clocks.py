"""Do the clocks agree: the database's, by which messages wait, this machine's, and Twilio's?"""

from collections.abc import Iterator
from datetime import datetime, timezone

from frappe import _

from twilio_sms_channel.doctor.context import ACCOUNT, AccountContext
from twilio_sms_channel.doctor.findings import AT_RISK, Finding
from twilio_sms_channel.infra import clock

# Less is no matter of wrong clocks: Twilio tells its time to the second, and an answer takes a while.
MAY_DIFFER_S = 60


def check_clocks(account_context: AccountContext) -> Iterator[Finding]:
	"""Compare clocks by the header Date of an answer of Twilio's."""
	if not (at_twilio := account_context.gateway.ask_time()):
		return
	how = _("On that server: let the clock be set by itself (timedatectl set-ntp true).")
	if differs := _differs(datetime.now(timezone.utc), at_twilio):
		yield Finding(
			"clocks.machine",
			AT_RISK,
			_("This server's clock is {0}.").format(differs),
			_("Times in tickets are wrong, and links to files expire too early or too late."),
			how,
			ACCOUNT,
			account_context.name,
		)
	if differs := _differs(clock.utc().replace(tzinfo=timezone.utc), at_twilio):
		yield Finding(
			"clocks.database",
			AT_RISK,
			_("The clock of the database's server is {0}.").format(differs),
			_(
				"It decides when messages are sent. When it is corrected, they may wait longer, or leave too fast."
			),
			how,
			ACCOUNT,
			account_context.name,
		)


def _differs(at: datetime, at_twilio: datetime) -> str:
	ahead_s = round((at - at_twilio).total_seconds())
	if abs(ahead_s) <= MAY_DIFFER_S:
		return ""
	if ahead_s > 0:
		return _("{0} seconds ahead of Twilio's").format(ahead_s)
	return _("{0} seconds behind Twilio's").format(-ahead_s)
