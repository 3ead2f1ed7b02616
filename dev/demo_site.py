"""`make demo` and `make site ARGS=--empty`: a site that is served, filled or empty, and where to go in it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager

import demo as story
import stack as stacks
from bench import bring_up
from browser import Browser
from cast import ADMIN, AGENTS, CUSTOMERS, PASSWORD, PRIYA, PRIYAS_ADDRESS, SHOP
from demo_desks import DEMO_DESKS
from layout import ADMIN_PASSWORD, DEV, MAILS, PYTHON, SITES, desk_of
from processes import run
from stack import Stack
from start_page import Card, Guide, Login, Place
from steps import Step, carry_out

WORKSPACE, GUIDED_PAGE = "/app/twilio-sms", "/app/twilio-sms-setup"
REAL = "Frappe, Desk, the database, the workers, and this app, which does not know that it is in a demo."
TWILIO = "Twilio. A simulator on this machine plays it, with the customers' phones; nothing is sent and nothing costs."
GOES_ON = "\n  It all runs on until `make stop`. Logs are in .throwaway/logs.\n"


class Times:
	"""How long each part took."""

	def __init__(self):
		self.begun, self.parts = time.monotonic(), []

	@contextmanager
	def part(self, name: str) -> Iterator[None]:
		begun = time.monotonic()
		yield
		self.parts.append((name, time.monotonic() - begun))

	def told(self) -> str:
		parts = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in self.parts)
		return f"  Time: {parts}; in all {time.monotonic() - self.begun:.0f} s."


def demo(site: str, once: bool) -> int:
	"""Fill the site, unless it is, serve it, and tell the story on it.

	:param once: stop what was started here when the story is over
	"""
	times = Times()
	with times.part("bench and site"):
		bring_up(site)
	ran = stacks.stop()
	stacks.settle(site)
	with times.part("a month of messages"):
		_fill(site)
	with times.part("services"):
		stack, services = _start(site)
		for person in CUSTOMERS:
			phone = {"number": person.number, "name": person.name}
			Browser(stack.web_url).post(f"{stack.simulator_url}/simulator/api/handsets", phone)
	try:
		with times.part("story"):
			told = story.play(stack)
	finally:
		if once:
			for service in reversed(services):
				if service.name not in ran:
					service.stop()
	if told.trouble:
		print(f"\n✗ {told.trouble}")
	else:
		print("\n✓ All of it was as it should be.")
	if not once:
		guide = _guide(stack, told.ticket)
		guide.write()
		print("\n" + "\n".join(guide.lines(f"{stack.web_url}/")))
		print(GOES_ON)
	print(times.told(), flush=True)
	return 1 if told.trouble else 0


def empty(site: str) -> int:
	"""Serve a site that knows no Twilio account, beside practice mode's, and say where the two meet."""
	times = Times()
	with times.part("bench and site"):
		bring_up(site)
	stacks.stop()
	stacks.settle(site)
	with times.part("services"):
		stack, _services = _start(site, "--empty")
	guide = _empty_guide(stack)
	guide.write()
	print("\n" + "\n".join(guide.lines(f"{stack.web_url}/")))
	print(GOES_ON)
	print(times.told(), flush=True)
	return 0


def _fill(site: str) -> None:
	# The story sends its e-mails anew.
	shutil.rmtree(MAILS, ignore_errors=True)

	def plant() -> None:
		words = [PYTHON, DEV / "plant_month.py", site]
		run(words, "fill the site", f"plant-{site}", SITES, FRAPPE_REDIS_QUEUE=stacks.queue_url())

	carry_out([Step("A month of messages", plant)])


def _start(site: str, *options: str) -> tuple[Stack, list]:
	found = []
	carry_out([Step("Services", lambda: found.append(stacks.start(site, *options)))])
	return found[0]


def _guide(stack: Stack, ticket: str) -> Guide:
	web, desk = stack.web_url, DEMO_DESKS[desk_of(stack.site)]
	admin = Login(ADMIN.name, "administrator", ADMIN.email, PASSWORD)
	agents = tuple(Login(agent.name, f"agent, {agent.team}", agent.email, PASSWORD) for agent in AGENTS)
	tickets = f"{desk.word}s".capitalize()
	customer = Login(PRIYA.name, "customer", PRIYAS_ADDRESS, PASSWORD)
	of_story = (Place("Ann's " + desk.word, web + desk.page_of(ticket), agents[0]),) if ticket else ()
	return Guide(
		title=f"{SHOP}: a demo of Twilio SMS Channel",
		lead="A bicycle shop with two teams, five customers and a month of text messages. Text it from a customer's phone, "
		"answer as an agent in another tab, and watch the answer arrive on the phone.",
		cards=(
			Card(
				"Text as a customer",
				f"The phones of the customers, and what happens at Twilio meanwhile. {PRIYA.name} has a login to the portal as well.",
				(Place("Handsets", stack.simulator_url), Place("Portal", web + desk.portal, customer)),
			),
			Card(
				"Answer as an agent",
				f"{AGENTS[0].name} answers for {AGENTS[0].team}. One click logs in.",
				(*of_story, Place(tickets, web + desk.page, agents[0])),
			),
			Card(
				"Look around as the administrator",
				f"{ADMIN.name} sees traffic, costs and what was not delivered, and connects accounts and numbers.",
				(
					Place("Workspace", web + WORKSPACE, admin),
					Place("Guided page", web + GUIDED_PAGE, admin),
					Place("Mailbox", f"{web}/mailbox"),
				),
			),
		),
		logins=(admin, *agents, customer),
		real=REAL,
		stand_ins=(TWILIO, desk.stand_in),
	)


def _empty_guide(stack: Stack) -> Guide:
	web, desk = stack.web_url, DEMO_DESKS[desk_of(stack.site)]
	admin = Login("Administrator", "sets up the site", "Administrator", ADMIN_PASSWORD)
	return Guide(
		title="An empty site, to connect Twilio on",
		lead="Connect practice mode's account as you would connect Twilio's: copy its SID and auth token from the page with the "
		"phones into the guided page, import the numbers, then text one of them from a phone.",
		cards=(
			Card(
				"1. Copy the SID and token",
				"They stand on the right of the page with the phones, under Our account.",
				(Place("Handsets", stack.simulator_url),),
			),
			Card(
				"2. Connect Twilio",
				"The guided page asks for the two, then for the numbers.",
				(Place("Guided page", web + GUIDED_PAGE, admin),),
			),
			Card(
				"3. Text the number",
				"Type on a phone; the message becomes a ticket.",
				(Place(f"{desk.word}s".capitalize(), web + desk.page, admin),),
			),
		),
		logins=(admin,),
		real=REAL,
		stand_ins=(TWILIO, desk.stand_in),
	)
