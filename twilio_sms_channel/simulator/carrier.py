"""What both ways of a message have in common: keeping its media, signing its webhooks, telling what went wrong."""

import math
from urllib.parse import urlencode

from twilio_sms_channel.simulator.delivery import Courier
from twilio_sms_channel.simulator.errors import WEBHOOK_ERRORS, WEBHOOK_WARNINGS
from twilio_sms_channel.simulator.faults import Faults
from twilio_sms_channel.simulator.models import Media, Message, Notice, WebhookAttempt
from twilio_sms_channel.simulator.webhook_security import Signer
from twilio_sms_channel.simulator.world import World

STEP_S = 0.3
"""between one status and the next, at speed 1"""


class Carrier:
	"""What moves messages through the world; `carrier_inbound` and `carrier_outbound` say how.

	:param speed: 1 takes about a second from queued to delivered, 10 a tenth of that, `math.inf` no time
	"""

	def __init__(self, world: World, courier: Courier, faults: Faults, speed: float):
		self.world = world
		self.courier = courier
		self.faults = faults
		self.step_s = 0.0 if math.isinf(speed) else STEP_S / speed

	def keep(self, message: Message, name: str, content: bytes, content_type: str) -> Media:
		media = Media(self.world.sid("ME"), message.account_sid, message.sid, name, content, content_type)
		self.world.media[media.sid] = media
		return media

	def signer(self, account_sid: str) -> Signer:
		account = self.world.accounts[account_sid]
		return Signer(account.auth_token, account.webhook_security, self.faults.strikes("bad_signature"))

	def alert(self, attempt: WebhookAttempt, message: Message) -> None:
		"""Write to Twilio's error log what was wrong with the last attempt at a webhook, if anything was."""
		if not attempt.error_code:
			return
		self.world.add_alert(
			message.account_sid,
			attempt.error_code,
			WEBHOOK_ERRORS[attempt.error_code],
			log_level="warning" if attempt.error_code in WEBHOOK_WARNINGS else "error",
			http_response=attempt.status_code,
			resource_sid=message.sid,
			service_sid=message.messaging_service_sid or "",
			request_method=attempt.method,
			request_url=attempt.url,
			request_variables=urlencode(attempt.params),
			response_body=attempt.response_body,
		)

	def note(self, message: Message, text: str) -> None:
		self.world.record(Notice(text, message_sid=message.sid))
