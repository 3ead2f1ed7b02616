"""The whole run: pace and order with real workers, then what one process needs."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import frappe
import sending
from claim_time import Shape, growth
from measuring import settings
from overhead import overhead
from pacing import evenness, most_over, order_kept, per_second
from people import OUR_NUMBER, Twilio
from twilio_process import TwilioProcess
from web import HOST, WebServer

LATENCY_S = 0.15
SHORT_CODE_PER_S, LONG_CODE_INTERVAL_S = 100, 1
WINDOW_S = 5
FAULTS = Path(__file__).parent / "results" / "faults.json"
# Workers start, and other things run on the machine.
PATIENCE = 10
PATIENCE_S = 60


@dataclass(frozen=True)
class Plan:
	"""How much is measured."""

	short_code_texts: int
	texts_a_conversation: int
	"""of the short code's backlog"""
	long_code_texts: int
	interleaved: Shape
	claims: int
	"""from each backlog"""
	backlogs: dict[str, Shape]
	rounds: int
	"""of the app and the SDK in turns, after one for warming up"""
	texts_a_round: int


FULL = Plan(
	short_code_texts=6000,
	texts_a_conversation=5,
	long_code_texts=31,
	interleaved=Shape(20 * 25, 20),
	claims=60,
	backlogs={"20,000 conversations": Shape(50_000, 20_000), "20 conversations": Shape(50_000, 20)},
	rounds=10,
	texts_a_round=40,
)
QUICK = Plan(
	short_code_texts=300,
	texts_a_conversation=5,
	long_code_texts=6,
	interleaved=Shape(5 * 5, 5),
	claims=15,
	backlogs={"1,000 conversations": Shape(2_500, 1_000), "20 conversations": Shape(2_500, 20)},
	rounds=2,
	texts_a_round=10,
)


class Run:
	"""Everything that is measured, in order.

	:raises WrongAnswer, WrongResult: something went wrong on the way
	"""

	def __init__(self, plan: Plan, bench: Path, site: str):
		self.plan, self.bench, self.site = plan, bench, site
		self.twilio = Twilio()
		self.twilio.set_up()

	def result(self) -> dict:
		"""Do it all. What goes into the JSON file."""
		begun, load = time.monotonic(), os.getloadavg()[0]
		with TwilioProcess(self.twilio.account_sid, self.twilio.auth_token, LATENCY_S) as self.simulated:
			self.simulated.add_number(OUR_NUMBER, "long code")
			with sending.texting_through(self.simulated.url, ""):
				paced = self._pace()
				called_back = self._called_back()
				self.simulated.answer_after(0)
				print("What the app adds to the SDK", flush=True)
				costs = overhead(self.twilio, self.simulated, self.plan.rounds, self.plan.texts_a_round)
				claims = self._claims()
		return {
			**figures(paced, claims, costs),
			"fault_matrix": fault_matrix(),
			"short_code": paced["short_code"],
			"short_code_with_callbacks": called_back,
			"long_code": paced["long_code"],
			"claims_ms": claims,
			"overhead_ms": costs,
			"settings": {**settings(), "load_before": round(load, 2), "latency_s": LATENCY_S},
			"plan": asdict(self.plan),
			"seconds": round(time.monotonic() - begun),
		}

	def _pace(self) -> dict:
		print("Backlogs of a short code and a long code", flush=True)
		short = self._short_code_backlog()
		sending.backlog(OUR_NUMBER, self.plan.long_code_texts, self.plan.long_code_texts)
		interleaved = sending.short_code(self.twilio.name)
		self.simulated.add_number(interleaved, "short code")
		with sending.workers(self.bench):
			# Both at once: neither may slow the other.
			print("Sending: short code and long code", flush=True)
			short_code = self._sent(short, self.plan.short_code_texts, SHORT_CODE_PER_S)
			long_code = self._sent(OUR_NUMBER, self.plan.long_code_texts, 1 / LONG_CODE_INTERVAL_S)
			print("Sending: conversations side by side", flush=True)
			order = self._order(interleaved)
		return {
			"short_code": short_code,
			"long_code": evenness(long_code.pop("arrivals"), LONG_CODE_INTERVAL_S) | long_code,
			"order_kept": order,
		}

	def _called_back(self) -> dict:
		"""The short code's pace once more while Twilio reports each status to a web server on the same machine."""
		print("Sending: short code, with status callbacks", flush=True)
		number = self._short_code_backlog()
		log = self.bench / "logs" / "bench-outbound-web.log"
		with WebServer(Path.cwd(), self.site, log, answers_any_name=True) as web:
			with sending.texting_through(self.simulated.url, f"http://{HOST}:{web.port}"):
				self.simulated.call_back(True)
				with sending.workers(self.bench):
					sent = self._sent(number, self.plan.short_code_texts, SHORT_CODE_PER_S)
				self.simulated.settle()
				self.simulated.call_back(False)
		frappe.db.rollback()
		delivered = frappe.db.count(sending.MESSAGE, {"number": number, "status": "Delivered"})
		return sent | {"delivered": delivered}

	def _short_code_backlog(self) -> str:
		number = sending.short_code(self.twilio.name)
		self.simulated.add_number(number, "short code")
		texts = self.plan.short_code_texts
		sending.backlog(number, texts, texts // self.plan.texts_a_conversation)
		return number

	def _sent(self, number: str, texts: int, expected_per_s: float) -> dict:
		"""Wait until so many texts of the number have arrived; how they did."""
		cpu, begun = self.simulated.cpu_s(), time.monotonic()
		sending.wait_for_workers_until(
			lambda: len(self.simulated.arrivals(number)) >= texts,
			PATIENCE_S + PATIENCE * texts / expected_per_s,
		)
		arrivals = self.simulated.arrivals(number)
		measured = {
			"texts": len(arrivals),
			"per_s": per_second(arrivals),
			"max_over_5_s": most_over(arrivals, WINDOW_S),
			"first_after_s": arrivals[0] - begun,
			"simulator_cpu_ms": 1000 * (self.simulated.cpu_s() - cpu) / len(arrivals),
		}
		# A short code's are thousands.
		return measured if expected_per_s > 1 else measured | {"arrivals": arrivals}

	def _order(self, number: str) -> float:
		shape = self.plan.interleaved
		conversations = [sending.conversation(number) for _ in range(shape.conversations)]
		written = []
		for n in range(shape.texts):
			conversation = conversations[n % shape.conversations]
			sending.write(conversation, f"Text {n}")
			written.append((conversation.customer_number, f"Text {n}"))
		sending.wait_for_workers_until(
			lambda: len(self.simulated.arrivals(number)) >= shape.texts,
			PATIENCE_S + PATIENCE * shape.texts / SHORT_CODE_PER_S,
		)
		return order_kept(self.simulated.texts(number), written)

	def _claims(self) -> dict[str, dict[str, float]]:
		found = {}
		for name, shape in self.plan.backlogs.items():
			print(f"Claims: {shape.texts:,} texts in {name}", flush=True)
			found[name] = growth(self.twilio.name, shape, self.plan.claims)
		return found


def figures(paced: dict, claims: dict[str, dict[str, float]], costs: dict[str, dict[str, float]]) -> dict:
	"""What the samples come to."""
	return {
		"short_code_per_s": paced["short_code"]["per_s"],
		"short_code_max_over_5_s": paced["short_code"]["max_over_5_s"],
		"long_code_pace_error": paced["long_code"]["error"],
		"order_kept": paced["order_kept"],
		"claim_growth": max(claim["growth"] for claim in claims.values()),
		"overhead_vs_sdk": costs["app"]["wall_ms"] / costs["sdk"]["wall_ms"],
		"overhead_vs_sdk_cpu": costs["app"]["cpu_ms"] / costs["sdk"]["cpu_ms"],
	}


def fault_matrix() -> list[dict]:
	"""What the last `make fault-matrix` found; empty when there was none."""
	return json.loads(FAULTS.read_text())["fault_matrix"] if FAULTS.exists() else []
