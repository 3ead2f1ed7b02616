"""What the endpoints of the REST API work with."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from twilio_sms_channel.simulator.carrier_outbound import OutboundCarrier
from twilio_sms_channel.simulator.faults import Faults
from twilio_sms_channel.simulator.models import Media
from twilio_sms_channel.simulator.world import World

READ_AT = "twilio_sms_channel.read_at"
"""in a request's environment: `time.monotonic()` when all of it had been read"""


@dataclass
class Context:
	"""The first argument of every endpoint.

	:param pause: `pause(seconds)` waits, but no longer than the simulator lives
	:param hang_s: how long a request hangs that never gets an answer
	:param media_location: `media_location(media)` is the address on the media host
	"""

	world: World
	carrier: OutboundCarrier
	faults: Faults
	pause: Callable[[float], None]
	hang_s: float
	media_location: Callable[[Media], str]
	clock_ahead: timedelta = timedelta()
	"""how far Twilio's clock is ahead of this machine's: in the header Date and in all times of messages"""
