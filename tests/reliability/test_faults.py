"""Replies while workers die, Twilio fails and services are restarted: each is on the handset once, or the ticket says why not.

Two worker processes send to many customers on one short code. While replies are written, one fault strikes. When their
fates are known, copies on the handsets are counted, and what the tickets say is compared with them.

In short (`make test`) some replies under the commonest faults. In full (`make fault-matrix`) 1,000 replies to 200
customers under every one; the table is written beside the benchmarks' results.
"""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from threading import Event

import pytest
from frappe.installer import update_site_config
from support.replies import Replies, Tally, Workers, meanwhile
from support.stack import ABSENT_AFTER_S

RESULTS = Path(__file__).parents[2] / "benchmarks" / "results" / "faults.json"
SEND = "twilio_sms_channel.twilio_gateway.client:create"
SEGMENTS_PER_SECOND = 1000
LATENCY_S = 0.15
SOON_S = 0.5
CALLBACKS = ("callback_lost", "callback_doubled", "callback_reordered")


@dataclass(frozen=True)
class Plan:
	replies: int
	customers: int
	kills: int
	share: float
	"""of the send requests that a fault without end strikes"""
	lasts_s: float
	"""how long a fault lasts that ends"""
	sweep_every_s: float
	api_timeout_s: float
	absent_after_s: float
	"""how long Twilio's list has to lack a text before it is sent again"""
	patience_s: float
	"""for all replies to be decided once they are written"""


SHORT = Plan(
	24, 12, kills=1, share=0.1, lasts_s=1.5, sweep_every_s=1, api_timeout_s=1, absent_after_s=2, patience_s=60
)
FULL = Plan(
	1000,
	200,
	kills=5,
	share=0.05,
	lasts_s=20,
	sweep_every_s=15,
	api_timeout_s=2,
	absent_after_s=30,
	patience_s=600,
)


@dataclass
class Scene:
	"""What a fault can reach."""

	stack: object
	plan: Plan
	workers: Workers
	restart: Callable[[str, str], None] | None
	kills: int = 0

	@property
	def sim(self):
		return self.stack.simulator


@dataclass(frozen=True)
class Fault:
	name: str
	strike: Callable[[Scene, Event], None] = lambda scene, ended: None
	"""called in a thread of its own while replies are written and sent; the event says that all are decided"""
	kill_at: str = ""
	short: bool = False
	restarts: bool = False


def some(*names: str) -> Callable[[Scene, Event], None]:
	"""Faults of the simulator that strike a share of the requests until all replies are decided; at least twice."""

	def strike(scene: Scene, ended: Event) -> None:
		for name in names:
			if scene.plan is SHORT:
				scene.sim.faults.next(name, 2)
			else:
				scene.sim.faults.sometimes(name, scene.plan.share)
		ended.wait()
		scene.sim.faults.off()

	return strike


def kill_during_calls(scene: Scene, ended: Event) -> None:
	for _ in range(scene.plan.kills):
		while not scene.sim.under_way:
			if ended.wait(0.003):
				return
		scene.workers.kill()
		scene.kills += 1
		if ended.wait(scene.plan.lasts_s / 2):
			return


def storm_of_429(scene: Scene, ended: Event) -> None:
	scene.sim.faults.sometimes("rate_limit", 0.5)
	time.sleep(scene.plan.lasts_s)
	scene.sim.faults.off("rate_limit")


def connections_refused(scene: Scene, ended: Event) -> None:
	time.sleep(SOON_S)
	scene.sim.stop()
	time.sleep(scene.plan.lasts_s)
	scene.sim.start()


def account_suspended(scene: Scene, ended: Event) -> None:
	account = scene.sim.world.accounts[scene.stack.account_sid]
	time.sleep(SOON_S)
	account.status = "suspended"
	time.sleep(scene.plan.lasts_s)
	account.status = "active"


def wrong_auth_token(scene: Scene, ended: Event) -> None:
	account = scene.sim.world.accounts[scene.stack.account_sid]
	time.sleep(SOON_S)
	right, account.auth_token = account.auth_token, "0" * 32
	time.sleep(scene.plan.lasts_s)
	account.auth_token = right


def restarted(service: str, signal: str) -> Callable[[Scene, Event], None]:
	def strike(scene: Scene, ended: Event) -> None:
		time.sleep(3 * SOON_S)
		scene.restart(service, signal)

	return strike


FAULTS = [
	Fault("nothing"),
	Fault("worker killed before the call", kill_at=f"{SEND}:call"),
	Fault("worker killed during calls", kill_during_calls, short=True),
	Fault("worker killed after the call", kill_at=f"{SEND}:return"),
	Fault("time-out before acceptance", some("timeout_before")),
	Fault("time-out after acceptance", some("timeout_after"), short=True),
	Fault("5xx before acceptance", some("error_before")),
	Fault("5xx after acceptance", some("error_after")),
	Fault("503 for everything", some("outage")),
	Fault("connection closed without an answer", some("connection_closed")),
	Fault("429 for every second request", storm_of_429, short=True),
	Fault("connections refused", connections_refused),
	Fault("account suspended", account_suspended),
	Fault("wrong auth token", wrong_auth_token),
	Fault("callbacks before the answer", some("callback_first")),
	Fault("callbacks lost, doubled, reordered", some(*CALLBACKS), short=True),
	Fault("MariaDB restarted (TERM)", restarted("MariaDB", "TERM"), restarts=True),
	Fault("MariaDB restarted (KILL)", restarted("MariaDB", "KILL"), restarts=True),
	Fault("Redis-queue restarted", restarted("Redis-queue", "TERM"), restarts=True),
	Fault("Redis-cache restarted", restarted("Redis-cache", "TERM"), restarts=True),
]


def pytest_generate_tests(metafunc):
	if "fault" in metafunc.fixturenames:
		in_full = metafunc.config.getoption("--in-full")
		faults = [fault for fault in FAULTS if fault.short or in_full]
		metafunc.parametrize("fault", faults, ids=lambda fault: fault.name)


@pytest.fixture(scope="module")
def plan(request) -> Plan:
	return FULL if request.config.getoption("--in-full") else SHORT


@pytest.fixture(scope="module")
def replies(stack, plan) -> Iterator[Replies]:
	update_site_config("twilio_sms_absent_after_s", plan.absent_after_s)
	update_site_config("twilio_sms_api_timeout_s", plan.api_timeout_s)
	stack.simulator.latency_s = LATENCY_S
	yield Replies(stack, plan.customers, SEGMENTS_PER_SECOND)
	stack.simulator.latency_s = 0
	update_site_config("twilio_sms_api_timeout_s", 2)
	update_site_config("twilio_sms_absent_after_s", ABSENT_AFTER_S)


@pytest.fixture(scope="module")
def workers(stack, plan) -> Iterator[Workers]:
	with Workers(stack, sweep_every_s=plan.sweep_every_s) as running:
		yield running


@pytest.fixture(scope="module")
def tallies(plan) -> Iterator[list[Tally]]:
	"""What became of the replies under each fault; printed, and in full written down, when all are through."""
	tallies: list[Tally] = []
	yield tallies
	print("\n" + table(tallies))
	if plan is FULL:
		_write_down(tallies)


def _write_down(tallies: list[Tally]) -> None:
	"""Keep what was found, beside what earlier runs found of other faults."""
	earlier = json.loads(RESULTS.read_text())["fault_matrix"] if RESULTS.exists() else []
	measured_at = datetime.now(timezone.utc).isoformat(timespec="seconds")
	found = {row["fault"]: row for row in earlier}
	found |= {tally.fault: {**asdict(tally), "measured_at": measured_at} for tally in tallies}
	RESULTS.parent.mkdir(exist_ok=True)
	in_order = [found[fault.name] for fault in FAULTS if fault.name in found]
	RESULTS.write_text(json.dumps({"fault_matrix": in_order}, indent="\t") + "\n")


def table(tallies: list[Tally]) -> str:
	head = ["", *(field.name.replace("_", " ") for field in fields(Tally)[1:])]
	rows = [[str(value) for value in asdict(tally).values()] for tally in tallies]
	widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
	return "\n".join(
		"  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in [head, *rows]
	)


def test_each_reply_is_sent_once_or_visibly_not(
	fault, stack, sim, replies, plan, workers, tallies, tmp_path, request
):
	restart = request.getfixturevalue("restart") if fault.restarts else None
	scene = Scene(stack, plan, workers, restart)
	replies.begin()
	marks = workers.die_at(fault.kill_at, plan.kills, tmp_path) if fault.kill_at else []
	begun = time.monotonic()
	with meanwhile(partial(fault.strike, scene)):
		replies.write(plan.replies, fault.name)
		replies.wait_until_decided(plan.patience_s)
	tally = replies.tally(fault.name)
	tally.kills = scene.kills + sum(mark.exists() for mark in marks)
	tally.seconds = round(time.monotonic() - begun)
	tallies.append(tally)
	print(tally, dict(replies.undecided()))
	assert tally.kills or "killed" not in fault.name
	assert (tally.lost, tally.sent_twice, tally.wrong_status, tally.out_of_order) == (0, 0, 0, 0)
	assert tally.sent_once + tally.visible_failures == plan.replies
