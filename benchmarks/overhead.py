"""What the app adds to the plain SDK call: both send to the same simulator, which answers at once, in turns."""

from __future__ import annotations

import time
from collections.abc import Callable

import sending
from figures import median
from intake_time import WrongResult
from people import Twilio
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client
from twilio_process import TwilioProcess

TIMEOUT_S = 15
TEXT = "Your parcel is on its way, and will be with you on Tuesday."


def overhead(twilio: Twilio, simulated: TwilioProcess, rounds: int, texts: int) -> dict:
	"""Milliseconds per text of the app (from Queued to Accepted) and of the SDK, by the clock and of this process.

	:param texts: of each round, on both sides; each goes to another customer
	"""
	number = sending.short_code(twilio.name, sending.UNLIMITED)
	simulated.add_number(number, "short code")
	conversations = [sending.conversation(number) for _ in range(texts)]
	client = Client(twilio.account_sid, twilio.auth_token, http_client=TwilioHttpClient(timeout=TIMEOUT_S))
	client.api.base_url = simulated.url
	samples: dict[str, list[tuple[float, float]]] = {"app": [], "sdk": []}
	for _round in range(1 + rounds):
		for conversation in conversations:
			sending.write(conversation, TEXT)
		# What this process sends itself is no job.
		sending.forget_jobs()
		before = len(simulated.arrivals(number))
		samples["app"].append(_timed(sending.send_here, texts))
		if len(simulated.arrivals(number)) - before != texts:
			raise WrongResult("the app did not send all texts of a round")
		simulated.settle()
		samples["sdk"].append(_timed(lambda: _send_plainly(client, number, conversations), texts))
		simulated.settle()
	return {
		kind: {"wall_ms": median([wall for wall, _ in rest]), "cpu_ms": median([cpu for _, cpu in rest])}
		for kind, (_warm_up, *rest) in samples.items()
	}


def _send_plainly(client: Client, number: str, conversations: list) -> None:
	for conversation in conversations:
		client.messages.create(to=conversation.customer_number, from_=number, body=TEXT)


def _timed(work: Callable[[], object], texts: int) -> tuple[float, float]:
	"""Milliseconds per text: by the clock, and of this process on a CPU."""
	wall, cpu = time.perf_counter(), time.process_time()
	work()
	return 1000 * (time.perf_counter() - wall) / texts, 1000 * (time.process_time() - cpu) / texts
