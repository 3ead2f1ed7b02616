"""Messages that Twilio holds by itself, as its Compliance Toolkit does in quiet hours.

Source: https://www.twilio.com/docs/messaging/features/compliance-toolkit and error 30047.
"""

from twilio_sms_channel.simulator.faults import Faults
from twilio_sms_channel.simulator.models import Message

HOLD, FAIL = "compliance_hold", "hold_fails"
# How soon it is noticed that quiet hours are over.
LOOK_EVERY_S = 0.1


def begins_to_hold(faults: Faults, message: Message) -> bool:
	"""Whether a message that was about to be sent is held."""
	return message.status in ("accepted", "queued") and faults.strikes(HOLD)


def is_held(message: Message) -> bool:
	"""Whether it is Twilio's own wish that a message waits, not the app's."""
	return message.status == "scheduled" and not message.send_at


def holds(faults: Faults) -> bool:
	"""Whether quiet hours go on."""
	return faults[HOLD].on


def failure(faults: Faults, opted_out: bool) -> int | None:
	"""Why a message that was held is not sent now, None when it is."""
	if opted_out:
		return 21610
	return 30047 if faults.strikes(FAIL) else None
