"""A whole Helpdesk at work: web server, worker, scheduler, and Twilio's part played by the simulator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import services
import sites
from layout import BENCH, DEV, MAILS, PYTHON, SITES
from processes import Service

# Each open page keeps one for its live updates.
WEB_THREADS = 40
NAMES = ("Mail", "Web", "Worker", "Scheduler", "Simulator")


@dataclass(frozen=True)
class Stack:
	bench: Path
	site: str
	web_url: str
	simulator_url: str
	python: Path
	mail_port: int

	def frappe(self, *arguments: object) -> str:
		"""Run a command of Frappe's on the site and return what it printed."""
		words = " ".join(str(argument) for argument in arguments)
		return sites.frappe(f"run `{words}`", "demo", "--site", self.site, *arguments)


def stop() -> list[str]:
	"""End what runs of it, whichever site it served; the names of what ran."""
	return [name for name in NAMES if Service(name).stop()]


def settle(site: str) -> str:
	"""Tell a site, while nothing serves it, where it will be served. Returns that address."""
	web_url = f"http://{services.HOST}:{services.usable_port('web')}"
	# The demo's jobs have a queue of their own: its worker would otherwise do those of the tests.
	sites.set_config(site, host_name=web_url, redis_queue=queue_url(), live_updates=1)
	return web_url


def queue_url() -> str:
	return f"redis://{services.HOST}:{services.port('redis_demo_queue')}"


def start(site: str, *options: str) -> tuple[Stack, list[Service]]:
	"""Start all of it for a site that is settled, with the app's code of now.

	:param options: of practice mode
	"""
	web_port, queue_port = services.port("web"), services.port("redis_demo_queue")
	env = {"THROWAWAY_SITE": site, "FRAPPE_REDIS_QUEUE": queue_url()}

	def begin(name: str, command: list, is_ready: Callable[[], bool]) -> Service:
		service = Service(name, command, SITES, env)
		service.start(is_ready)
		return service

	mail_port = services.usable_port("mail")
	running = [
		begin("Mail", _mailbox(mail_port), lambda: services.answers(mail_port, expected=b"220 ")),
		begin("Web", _gunicorn(web_port), lambda: services.answers(web_port, PING, b" 200 ")),
		begin(
			"Worker",
			[PYTHON, DEV / "worker.py"],
			lambda: services.answers(queue_port, WORKERS, b"rq:worker:"),
		),
		begin("Scheduler", [*sites.FRAPPE, "schedule"], lambda: True),
	]
	number = services.usable_port("simulator")
	words = ["twilio-sms", "simulator", "--port", number, "--connect", *options]
	running.append(
		begin("Simulator", [*sites.FRAPPE, "--site", site, *words], lambda: services.answers(number))
	)
	web_url, simulator_url = (f"http://{services.HOST}:{port}" for port in (web_port, number))
	return Stack(BENCH, site, web_url, simulator_url, PYTHON, mail_port), running


PING = b"GET /api/method/ping HTTP/1.0\r\n\r\n"
WORKERS = b"SMEMBERS rq:workers\r\n"


def _mailbox(port: int) -> list:
	"""A mail server that keeps what it is given: no e-mail of the story leaves this machine."""
	listen = ["--nosetuid", "--listen", f"{services.HOST}:{port}"]
	return [PYTHON, "-m", "aiosmtpd", *listen, "--class", "aiosmtpd.handlers.Mailbox", MAILS]


def _gunicorn(port: int) -> list:
	settings = {
		"chdir": SITES,
		"pythonpath": DEV,
		"bind": f"{services.HOST}:{port}",
		"worker-class": "gthread",
		"threads": WEB_THREADS,
		"workers": 1,
		"timeout": 120,
	}
	return [
		PYTHON,
		"-m",
		"gunicorn",
		*(f"--{name}={value}" for name, value in settings.items()),
		"wsgi:application",
	]
