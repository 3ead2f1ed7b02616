"""Who may text the United States: campaigns of long codes (A2P 10DLC) and verifications of toll-free numbers.

What is missing blocks messages on their way (errors 30034 and 30032). `rest.campaigns` and `rest.verifications` show them.
"""

from twilio_sms_channel.simulator.models import LONG_CODE, TOLL_FREE, PhoneNumber
from twilio_sms_channel.simulator.phone_numbers import region
from twilio_sms_channel.simulator.world import World

UNREGISTERED_LONG_CODE, UNVERIFIED_TOLL_FREE = 30034, 30032


def blocked(world: World, number: PhoneNumber, to: str) -> int | None:
	"""Why the networks do not deliver a message of this number to `to`: Twilio's code. None where they do."""
	if number.kind == TOLL_FREE and number.verification != "TWILIO_APPROVED" and region(to) in ("US", "CA"):
		return UNVERIFIED_TOLL_FREE
	if number.kind == LONG_CODE and not _registered(world, number) and region(to) == "US":
		return UNREGISTERED_LONG_CODE
	return None


def _registered(world: World, number: PhoneNumber) -> bool:
	"""By the campaign of the Messaging Service; without one the number itself tells."""
	service = world.services.get(number.service_sid)
	if service and service.campaign_status:
		return service.campaign_status == "VERIFIED"
	return number.registered
