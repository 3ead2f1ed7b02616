"""A whole Helpdesk at work: web server, worker, scheduler, and Twilio's part played by the simulator."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import services
import sites
from layout import BENCH, DEV, MAILS, PYTHON, SITES
from processes import Service
from trouble import Trouble, tail

WEB_THREADS = 8
NAMES = ("Mail", "Web", "Worker", "Scheduler", "Simulator")


@dataclass(frozen=True)
class Stack:
	bench: Path
	site: str
	web_url: str
	simulator_url: str | None  # None: the app has no simulator
	python: Path
	mail_port: int

	def frappe(self, *arguments: object) -> str:
		"""Run a command of Frappe's on the site and return what it printed."""
		words = " ".join(str(argument) for argument in arguments)
		return sites.frappe(f"run `{words}`", "demo", "--site", self.site, *arguments)


def start(site: str) -> tuple[Stack, list[Service]]:
	"""Start all of it, with the app's code of now; returned with the services that did not run before."""
	ran = [name for name in NAMES if Service(name).stop()]
	web_port, queue_port = services.usable_port("web"), services.port("redis_demo_queue")
	web_url = f"http://{services.HOST}:{web_port}"
	queue = f"redis://{services.HOST}:{queue_port}"
	# The demo's jobs have a queue of their own: its worker would otherwise do those of the tests.
	sites.set_config(site, host_name=web_url, redis_queue=queue)
	env = {"THROWAWAY_SITE": site, "FRAPPE_REDIS_QUEUE": queue}
	begun = time.monotonic()

	def begin(name: str, command: list, is_ready: Callable[[], bool]) -> Service:
		service = Service(name, command, SITES, env)
		service.start(is_ready)
		return service

	mail_port = services.usable_port("mail")
	running = [
		begin("Mail", _mailbox(mail_port), lambda: services.answers(mail_port, expected=b"220 ")),
		begin("Web", _gunicorn(web_port), lambda: services.answers(web_port, PING, b" 200 ")),
		begin(
			"Worker", [*sites.FRAPPE, "worker"], lambda: services.answers(queue_port, WORKERS, b"rq:worker:")
		),
		begin("Scheduler", [*sites.FRAPPE, "schedule"], lambda: True),
	]
	number = services.usable_port("simulator")
	simulator = [*sites.FRAPPE, "--site", site, "twilio-sms", "simulator", "--port", number, "--connect"]
	simulator_url = f"http://{services.HOST}:{number}"
	try:
		running.append(begin("Simulator", simulator, lambda: services.answers(number)))
	except Trouble as trouble:
		if "No such command" not in "\n".join(tail(trouble.log)):
			raise
		print("! no simulator: this app has no command `twilio-sms simulator`")
		simulator_url = None
	print(
		f"✓ {', '.join(service.name for service in running):<38} {time.monotonic() - begun:6.1f} s",
		flush=True,
	)
	stack = Stack(BENCH, site, web_url, simulator_url, PYTHON, mail_port)
	return stack, [service for service in running if service.name not in ran]


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
