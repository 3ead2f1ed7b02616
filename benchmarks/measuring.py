"""The whole run: what is measured on the empty site, and again on the full one."""

from __future__ import annotations

import itertools
import json
import os
import platform
import random
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timezone

import frappe
import twilio
from figures import median, median_ratio
from fill import Amounts, fill
from intake_time import Emails, Measured, Mix, Texts, WrongResult, email_account, endpoints, take_turns
from people import WORDS, Twilio, api_token, filled_customer, new_customer
from web import CLIENTS, PING, Round, WebServer

# More than one machine answers.
WEBHOOKS_PER_SECOND = 2000
PEOPLE_IN_A_BATCH = 8
DATABASE_SETTINGS = (
	"version",
	"innodb_buffer_pool_size",
	"innodb_flush_log_at_trx_commit",
	"innodb_doublewrite",
	"innodb_flush_method",
	"sync_binlog",
)


@dataclass(frozen=True)
class Plan:
	"""How much is measured."""

	rounds: int
	"""of each kind of request, after one for warming up"""
	round_s: float
	batches: int
	"""of people who write four times each, after one for warming up"""
	endpoints: int
	"""webhooks in this process after each batch"""
	amounts: Amounts


FULL = Plan(rounds=24, round_s=1, batches=8, endpoints=50, amounts=Amounts(100_000, contacts=1_000_000))
QUICK = Plan(rounds=3, round_s=1, batches=2, endpoints=20, amounts=Amounts(5_000, contacts=50_000))


@dataclass(frozen=True)
class State:
	"""What was measured on the site in one of its two states."""

	requests: dict[str, list[Round]]
	new: Mix
	"""texts of customers who are new to the site"""
	other: Mix
	"""e-mails of new people while the site is empty, texts of old customers once it is full"""
	endpoint: Measured


class Run:
	"""Everything that is measured, in order.

	:param web: the running web server of the connected site
	:raises WrongAnswer, WrongResult: something went wrong on the way
	"""

	def __init__(self, plan: Plan, web: WebServer):
		self.plan, self.web = plan, web
		self.twilio = Twilio()
		self.twilio.set_up()
		self.email_account = frappe.get_doc("Email Account", email_account())
		self.authorization = api_token()
		# Customers who are on the site once it is full: one half writes by HTTP, the other half into tickets.
		half = plan.amounts.conversations // 2
		self.http_customers = range(half)
		self.old_customers = iter(range(half, plan.amounts.conversations))

	def result(self) -> dict:
		"""Do it all. What goes into the JSON file."""
		begun, load = time.monotonic(), os.getloadavg()[0]
		empty = self._state("empty site", "e-mails", self._emails, ("ping", "webhook", "insert"))
		print("Filling the site", flush=True)
		fill(self.twilio, self.plan.amounts)
		full = self._state("full site", "texts of old customers", self._old_texts, ("ping", "webhook"))
		return {
			**figures(empty, full),
			"settings": {**settings(), "load_before": round(load, 2)},
			"plan": asdict(self.plan) | {"messages": self.plan.amounts.messages},
			"seconds": round(time.monotonic() - begun),
		}

	def _state(self, name: str, what: str, other: Callable, kinds: tuple[str, ...]) -> State:
		print(f"Threading on the {name}: texts of new customers, {what}", flush=True)
		new_mix, other_mix, endpoint = Mix(), Mix(), Measured()
		for batch in range(1 + self.plan.batches):
			new, others = take_turns(self._new_texts(), other())
			knocks = self._endpoints(self.plan.endpoints)
			# The first batch was for warming up.
			if batch:
				new_mix, other_mix, endpoint = new_mix + new, other_mix + others, endpoint + knocks
		print(f"Requests to the {name}: {', '.join(kinds)}", flush=True)
		return State(self._requests(kinds), new_mix, other_mix, endpoint)

	def _new_texts(self) -> Texts:
		return Texts(self.twilio, [new_customer() for _ in range(PEOPLE_IN_A_BATCH)])

	def _old_texts(self) -> Texts:
		places = itertools.islice(self.old_customers, 0, PEOPLE_IN_A_BATCH)
		return Texts(self.twilio, [filled_customer(place) for place in places], are_new=False)

	def _emails(self) -> Emails:
		return Emails(self.email_account, PEOPLE_IN_A_BATCH)

	def _endpoints(self, count: int) -> Measured:
		return endpoints(self.twilio, self._texting_customers(count))

	def _texting_customers(self, count: int) -> list[str]:
		"""Nine of ten are old ones, once the site is full."""
		return [
			new_customer() if random.random() < 0.1 else filled_customer(random.choice(self.http_customers))
			for _ in range(count)
		]

	def _requests(self, kinds: tuple[str, ...]) -> dict[str, list[Round]]:
		rounds: dict[str, list[Round]] = {kind: [] for kind in kinds}
		before = self.twilio.stored()
		for _round in range(1 + self.plan.rounds):
			for kind in kinds:
				rounds[kind].append(self.web.round(self._prepared(kind), self.plan.round_s))
		answered, stored = sum(r.answered for r in rounds["webhook"]), self.twilio.stored() - before
		if answered != stored:
			raise WrongResult(f"{answered} webhooks were answered with 200, {stored} texts are stored")
		return {kind: its_rounds[1:] for kind, its_rounds in rounds.items()}

	def _prepared(self, kind: str) -> list[Iterable[bytes]]:
		"""Requests for each client; all webhooks of a round are signed before it begins."""
		if kind == "webhook":
			customers = self._texting_customers(int(WEBHOOKS_PER_SECOND * self.plan.round_s))
			signed = (self.twilio.webhook(customer, random.choice(WORDS)) for customer in customers)
			requests = [self.web.request(self.twilio.path, headers, form) for headers, form in signed]
			return [requests[client::CLIENTS] for client in range(CLIENTS)]
		headers = {"Authorization": self.authorization, "Content-Type": "application/json"}
		body = json.dumps({"description": WORDS[0]})
		request = {
			"ping": self.web.request(PING),
			"insert": self.web.request("/api/resource/ToDo", headers, body),
		}[kind]
		return [itertools.repeat(request)] * CLIENTS


def figures(empty: State, full: State) -> dict:
	"""What the samples come to; `growth` is how many times longer the slowest of all takes on the full site."""
	webhook, insert = _per_second(empty, "webhook"), _per_second(empty, "insert")
	of_ping, of_ping_full = (
		median_ratio(_per_second(state, "webhook"), _per_second(state, "ping")) for state in (empty, full)
	)
	threading = {
		"first text": _growth(empty.new.first, full.new.first),
		"next text": _growth(empty.new.following, full.new.following),
		"text of an old customer": _growth(empty.new.following, full.other.following),
	}
	# Ping knows nothing of the site's size: it tells what the machine was worth each time.
	by_http = {"measured": median(webhook) / median(_per_second(full, "webhook"))}
	webhooks = {
		"webhook, endpoint alone": _growth(empty.endpoint, full.endpoint),
		"webhook, whole request": by_http | {"normalised": of_ping / of_ping_full},
	}
	growth_threading, growth_webhook = (
		max(growth["normalised"] for growth in growths.values()) for growths in (threading, webhooks)
	)
	queries = {state: _queries(measured) for state, measured in (("empty", empty), ("full", full))}
	return {
		"webhook_vs_ping": of_ping,
		"webhook_vs_insert": median_ratio(webhook, insert),
		"threading_vs_email": empty.new.per_message_ms / empty.other.per_message_ms,
		"growth": max(growth_threading, growth_webhook),
		"growth_threading": growth_threading,
		"growth_webhook": growth_webhook,
		"growth_of": threading | webhooks,
		"queries_per_message": queries,
		"queries_of_old_customers_text": full.other.following.usual_statements,
		"queries_per_email": {
			"first_email": empty.other.first.usual_statements,
			"next_email": empty.other.following.usual_statements,
		},
		"requests": {"empty": _requests(empty), "full": _requests(full)},
		"threading_ms": {
			"text": _times(empty.new),
			"email": _times(empty.other),
			"text, full site": _times(full.new),
			"text of an old customer": {"next": full.other.following.median_ms},
		},
		"door_ms": {"empty": empty.endpoint.median_ms, "full": full.endpoint.median_ms},
		"fixed_work_ms": {"empty": empty.new.following.floor_ms, "full": full.new.following.floor_ms},
	}


def _per_second(state: State, kind: str) -> list[float]:
	return [r.per_second for r in state.requests[kind]]


def _growth(before: Measured, after: Measured) -> dict[str, float]:
	"""How many times longer it takes: as measured, and with the machine's speed of the moment taken out."""
	measured = after.median_ms / before.median_ms
	return {"measured": measured, "normalised": measured / (after.floor_ms / before.floor_ms)}


def _queries(state: State) -> dict[str, int]:
	return {
		"webhook": state.endpoint.usual_statements,
		"first_text": state.new.first.usual_statements,
		"next_text": state.new.following.usual_statements,
	}


def _requests(state: State) -> dict:
	return {
		kind: {
			"per_second": median([r.per_second for r in rounds]),
			"p50_ms": median([r.p50_ms for r in rounds]),
			"p99_ms": median([r.p99_ms for r in rounds]),
			"rounds": [asdict(r) for r in rounds],
		}
		for kind, rounds in state.requests.items()
	}


def _times(mix: Mix) -> dict[str, float]:
	return {
		"first": mix.first.median_ms,
		"next": mix.following.median_ms,
		"per_message": mix.per_message_ms,
	}


def settings() -> dict:
	"""What the machine and the site are, for whoever compares results."""
	variables = dict(frappe.db.sql("show global variables"))
	return {
		"measured_at": datetime.now(timezone.utc).isoformat(timespec="seconds"),
		"cpus": os.cpu_count(),
		"python": platform.python_version(),
		"frappe": frappe.__version__,
		"twilio": twilio.__version__,
		"database": {name: variables.get(name) for name in DATABASE_SETTINGS},
	}
