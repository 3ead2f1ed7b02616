"""The benchmarks' own arithmetic, clients and signatures. What they measure is measured by `make bench-inbound`."""

import argparse
import doctest
import importlib
import itertools
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
from support import desks
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from twilio_sms_channel.infra import public_url
from twilio_sms_channel.twilio_gateway.signature import RETRY_FRAGMENT, fragments, is_signed

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
NAMES = (
	*("figures", "fill", "inbound", "intake_time", "measuring", "people", "report", "web"),
	*("claim_time", "outbound", "outbound_report", "outbound_run", "overhead", "pacing", "sending"),
	"twilio_process",
)


@pytest.fixture(scope="module")
def bench():
	"""The benchmarks' modules, which are a program and no package, as attributes."""
	sys.path.insert(0, str(BENCHMARKS))
	try:
		yield SimpleNamespace(**{name: importlib.import_module(name) for name in NAMES})
	finally:
		sys.path.remove(str(BENCHMARKS))
		for name in NAMES:
			sys.modules.pop(name, None)


@pytest.fixture
def server(bench, tmp_path):
	"""The client side of a WebServer whose other side answers 200, and 500 to /broken. `asked` counts."""

	class Handler(BaseHTTPRequestHandler):
		def do_GET(self):
			next(asked)
			self.send_response(500 if self.path == "/broken" else 200)
			self.send_header("Content-Length", "0")
			self.end_headers()

		def log_message(self, *_words):
			pass

	asked = itertools.count()
	http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
	thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
	thread.start()
	web = bench.web.WebServer(tmp_path, "bench.localhost", tmp_path / "log")
	web.port, web.asked = http.server_port, asked
	yield web
	http.shutdown()
	http.server_close()
	thread.join(5)


@pytest.mark.parametrize("module", ["figures", "pacing"])
def test_the_examples_of_the_arithmetic(bench, module):
	failed, tried = doctest.testmod(getattr(bench, module))
	assert tried and not failed


def test_quantiles_are_samples(bench):
	samples = list(range(100, 0, -1))
	assert [bench.figures.quantile(samples, share) for share in (0.5, 0.99, 1)] == [50, 99, 100]
	with pytest.raises(ValueError):
		bench.figures.quantile([], 0.5)


def test_every_answer_of_a_round_is_counted(bench, server):
	request = server.request("/")
	measured = server.round([itertools.repeat(request), [request] * 100_000], seconds=0.3)
	assert measured.answered == next(server.asked) > 0
	assert 0 < measured.p50_ms <= measured.p99_ms
	assert measured.per_second == pytest.approx(measured.answered / 0.3, rel=0.5)


def test_a_round_with_a_wrong_answer_counts_for_nothing(bench, server):
	good, broken = server.request("/"), server.request("/broken")
	with pytest.raises(bench.web.WrongAnswer, match="500"):
		server.round([itertools.repeat(good), iter([good, broken])], seconds=0.3)
	with pytest.raises(bench.web.WrongAnswer, match="too few"):
		server.round([itertools.repeat(good), iter([good])], seconds=0.3)


def test_webhooks_are_signed_as_twilio_signs(bench):
	twilio = bench.people.Twilio()
	twilio.path, twilio.url = public_url.INBOUND, bench.people.BASE_URL + public_url.INBOUND + RETRY_FRAGMENT
	headers, form = twilio.webhook("+19072000000", "Hello 👋")
	builder = EnvironBuilder(twilio.path, method="POST", headers=headers, data=form)
	request = Request(builder.get_environ())
	assert request.form["Body"] == "Hello 👋"
	assert is_signed(request, bench.people.BASE_URL, twilio.auth_token, fragments(()))
	assert not is_signed(request, bench.people.BASE_URL, "another token", fragments(()))


def test_what_the_samples_come_to(bench):
	"""On the full site a text takes half as long again, and old customers' texts one query more."""

	def state(factor, other, speeds):
		def measured(ms, statements=50):
			return bench.intake_time.Measured([factor * ms / 1000] * 3, [statements] * 3, [0.005] * 3)

		new = bench.intake_time.Mix(measured(80), measured(40))
		requests = {kind: [bench.web.Round(10, speed, 5, 9)] * 3 for kind, speed in speeds.items()}
		return bench.measuring.State(requests, new, other(measured), measured(2, 4))

	emails = state(
		1,
		lambda measured: bench.intake_time.Mix(measured(160), measured(80)),
		{"ping": 200, "webhook": 100, "insert": 25},
	)
	old_texts = state(
		1.5,
		lambda measured: bench.intake_time.Mix(following=measured(40, 51)),
		{"ping": 100, "webhook": 50},
	)
	result = bench.measuring.figures(emails, old_texts)
	assert result["webhook_vs_ping"] == 0.5
	assert result["webhook_vs_insert"] == 4
	assert result["threading_vs_email"] == pytest.approx(0.5)
	assert result["growth"] == result["growth_threading"] == pytest.approx(1.5)
	assert result["growth_of"]["webhook, whole request"] == {"measured": 2, "normalised": 1}
	assert result["queries_per_message"]["full"] == {"webhook": 4, "first_text": 50, "next_text": 50}
	assert not bench.report.same_queries(result)
	goals = {goal.figure: goal.holds(result[goal.figure]) for goal in bench.report.GOALS}
	assert goals.pop("growth") is False
	assert all(goals.values())


@pytest.mark.helpdesk
def test_a_site_with_tickets_is_not_filled_by_accident(bench):
	desks.default().make_ticket(subject="Somebody's own")
	with pytest.raises(bench.inbound.Refused):
		bench.inbound.refuse_a_site_in_use(argparse.Namespace(site="here", yes_fill=False))
	bench.inbound.refuse_a_site_in_use(argparse.Namespace(site="here", yes_fill=True))


def test_the_most_in_any_second_are_found_across_full_seconds(bench):
	"""96 in one second and 64 in the next, but more around the moment between them."""
	arrivals = [0.25 + n / 128 for n in range(96)] + [1 + n / 64 for n in range(64)]
	assert bench.pacing.most_over(arrivals, 1) == 96 + 16
	assert bench.pacing.most_over([n / 128 for n in range(1280)], 5) == 128
	assert bench.pacing.most_over([3.0], 5) == 0.2


def test_a_pace_that_is_right_on_average_only_is_not_even(bench):
	measured = bench.pacing.evenness([0, 0.5, 2, 2.5, 4], 1)
	assert measured["mean"] == 0
	assert measured["error"] == measured["median"] == measured["p95"] == 0.5


def test_a_text_that_came_twice_or_not_at_all_breaks_the_order(bench):
	written = [("Ann", "1"), ("Ann", "2"), ("Bob", "1")]
	assert bench.pacing.order_kept(written, written) == 1
	assert bench.pacing.order_kept([*written, ("Ann", "2")], written) == 0.5
	assert bench.pacing.order_kept([("Bob", "1")], written) == 0.5


def test_the_simulator_in_its_own_process_tells_when_texts_arrived(bench):
	twilio = bench.people.Twilio()
	begin = time.monotonic()
	with bench.twilio_process.TwilioProcess(twilio.account_sid, twilio.auth_token, 0.1) as simulated:
		simulated.add_number("72345", "short code")
		client = Client(twilio.account_sid, twilio.auth_token, http_client=TwilioHttpClient(timeout=5))
		client.api.base_url = simulated.url
		for body in ("1", "2"):
			client.messages.create(to="+19073000042", from_="72345", body=body)
		simulated.settle()
		arrivals = simulated.arrivals("72345")
		assert simulated.texts("72345") == [("+19073000042", "1"), ("+19073000042", "2")]
	assert begin < arrivals[0] < arrivals[1] - 0.1 < time.monotonic()


def test_what_outbound_samples_come_to(bench):
	paced = {
		"short_code": {"texts": 300, "per_s": 99.5, "max_over_5_s": 101, "simulator_cpu_ms": 2},
		"long_code": {
			**{"texts": 30, "per_s": 1, "max_over_5_s": 1, "simulator_cpu_ms": 2},
			**{"error": 0.01, "mean": 0.01, "median": 0.005, "p95": 0.02},
		},
		"order_kept": 1.0,
	}
	claims = {
		"20 conversations": {"few_ms": 5, "many_ms": 6, "growth": 1.2},
		"20,000 conversations": {"few_ms": 5, "many_ms": 10, "growth": 2},
	}
	costs = {"app": {"wall_ms": 9, "cpu_ms": 6}, "sdk": {"wall_ms": 3, "cpu_ms": 1.5}}
	result = bench.outbound_run.figures(paced, claims, costs)
	assert result["claim_growth"] == 2
	assert (result["overhead_vs_sdk"], result["overhead_vs_sdk_cpu"]) == (3, 4)
	missed = {goal.figure for goal in bench.outbound_report.GOALS if not goal.holds(result[goal.figure])}
	assert missed == {"short_code_max_over_5_s", "claim_growth"}
	fault = {"fault": "5xx", "replies": 9, "sent_once": 8, "sent_twice": 0, "lost": 1, "visible_failures": 0}
	settings = {
		"cpus": 2,
		"load_before": 0,
		"frappe": "",
		"twilio": "",
		"python": "",
		"latency_s": 0,
		"database": {},
	}
	printed = bench.outbound_report.report(
		{
			**result,
			**{name: paced[name] for name in ("short_code", "long_code")},
			"short_code_with_callbacks": paced["short_code"],
			"claims_ms": claims,
			"overhead_ms": costs,
			"fault_matrix": [fault],
			"settings": settings,
			"seconds": 1,
		}
	)
	assert printed.count("MISSED") == 2 and "5xx" in printed
