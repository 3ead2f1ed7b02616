"""The app's side of sending: numbers, texts that wait, the workers, and what a worker does. All that knows its insides."""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import frappe
from fill import copy_rows
from frappe.installer import update_site_config
from frappe.utils.background_jobs import get_redis_conn
from intake_time import WrongResult

from twilio_sms_channel.infra import locks
from twilio_sms_channel.messaging.outbound import outbox
from twilio_sms_channel.messaging.sending import claim as claiming
from twilio_sms_channel.messaging.sending import worker

MESSAGE, CONVERSATION, TICKET = "Twilio SMS Message", "Twilio SMS Conversation", "HD Ticket"
WORKERS = 2
SCHEDULED_EVERY_S = 60
UNLIMITED = 1_000_000
FIRST_CUSTOMER, FIRST_TICKET = 4_000_000, 10_000_000
# What lies waiting was written a while ago.
MINUTES_AGO = 5
_short_codes = itertools.count(200_001)
_customers = itertools.count(3_000_000)
_copied = itertools.count(step=100_000)


@contextmanager
def texting_through(url: str, public_url: str) -> Iterator[None]:
	"""Point the site at a simulator, and callbacks at a public URL.

	:param public_url: "" leaves it as it is
	"""
	before = frappe.get_site_config().get("twilio_sms_api_base_url")
	update_site_config("twilio_sms_api_base_url", url)
	frappe.conf.twilio_sms_api_base_url = url
	if public_url:
		frappe.db.set_single_value("Twilio SMS Settings", "public_base_url", public_url)
		frappe.db.commit()
	try:
		yield
	finally:
		update_site_config("twilio_sms_api_base_url", before or "None")


def short_code(account: str, per_second: float = 0) -> str:
	"""A new short code of ours. Commits.

	:param per_second: segments; 0 for what Twilio allows one
	"""
	fields = {"phone_number": str(next(_short_codes)), "number_type": "Short Code", "account": account}
	if per_second:
		fields["segments_per_second"] = per_second
	number = frappe.get_doc({"doctype": "Twilio SMS Number", **fields}).insert()
	frappe.db.commit()
	return number.name


def conversation(number: str):
	"""A new customer's conversation with its ticket. Commits."""
	customer = f"+1907{next(_customers)}"
	ticket = frappe.get_doc({"doctype": TICKET, "subject": f"SMS from {customer}"}).insert()
	facts = {"number": number, "customer_number": customer, "title": customer}
	facts |= {"ticket_doctype": TICKET, "ticket": str(ticket.name)}
	made = frappe.get_doc({"doctype": CONVERSATION, **facts}).insert(ignore_permissions=True)
	frappe.db.commit()
	return made


def write(conversation, body: str) -> None:
	"""Queue a reply as an agent does. Commits."""
	outbox.write(conversation, body)
	frappe.db.commit()


def backlog(number: str, texts: int, conversations: int) -> None:
	"""Texts of one segment that wait, of one conversation after the other in turn, made by the database. Commits."""
	original = conversation(number)
	write(original, "A text that waits")
	message = frappe.db.get_value(
		MESSAGE, {"conversation": original.name}, ["name", "communication"], as_dict=True
	)
	first = next(_copied)
	customer = f"concat('+1907', {FIRST_CUSTOMER + first} + {{0}})"
	ticket = f"({FIRST_TICKET + first} + {{0}})"
	name = f"concat('{number}-', lpad({{0}}, 8, '0'))"
	when = f"date_sub(now(6), interval {MINUTES_AGO * 60_000_000} + ({texts} - seq) * 2 * 1000 microsecond)"
	times = {"creation": when, "modified": when}
	of_conversation, of_text = "seq", f"(seq mod {conversations})"
	copy_rows(TICKET, original.ticket, conversations, {"name": ticket.format(of_conversation)})
	copy_rows(
		CONVERSATION,
		original.name,
		conversations,
		{
			"name": name.format(of_conversation),
			"customer_number": customer.format(of_conversation),
			"ticket": ticket.format(of_conversation),
		},
	)
	copy_rows(
		"Communication",
		message.communication,
		texts,
		{
			"name": name.format("seq"),
			"reference_name": ticket.format(of_text),
			"phone_no": customer.format(of_text),
			**times,
		},
	)
	copy_rows(
		MESSAGE,
		message.name,
		texts,
		{
			"name": name.format("seq"),
			"conversation": name.format(of_text),
			"customer_number": customer.format(of_text),
			"communication": name.format("seq"),
			"request_id": "null",
			"body": "concat('Text ', seq)",
			**times,
		},
	)
	call_off(message.name)
	frappe.db.commit()


def call_off(message: str) -> None:
	frappe.db.set_value(MESSAGE, message, "status", "Canceled")


def call_off_all(number: str) -> None:
	"""Have nothing wait any more. Commits."""
	frappe.db.set_value(
		MESSAGE, {"number": number, "status": ("in", ("Queued", "Sending"))}, "status", "Canceled"
	)
	frappe.db.commit()


@contextmanager
def workers(bench: Path) -> Iterator[None]:
	"""Two workers, as `bench worker` starts them."""
	command = [sys.executable, "-m", "frappe.utils.bench_helper", "frappe", "worker"]
	log = (bench / "logs" / "bench-outbound-workers.log").open("w")
	processes = [
		subprocess.Popen(
			[*command, "--queue", "short,default,long"],
			cwd=bench / "sites",
			stdout=log,
			stderr=subprocess.STDOUT,
		)
		for _ in range(WORKERS)
	]
	try:
		yield
	finally:
		for process in processes:
			process.terminate()
		for process in processes:
			try:
				process.wait(30)
			except subprocess.TimeoutExpired:
				process.kill()
				process.wait(30)
		log.close()
		forget_jobs()


def wait_for_workers_until(done: Callable[[], bool], timeout_s: float) -> None:
	"""Have the workers send what waits; the sweep is queued at once and then each minute, as the scheduler does.

	:raises WrongResult: it is not done after `timeout_s`
	"""
	begun = time.monotonic()
	swept = 0
	while not done():
		elapsed = time.monotonic() - begun
		if elapsed > timeout_s:
			raise WrongResult(f"not all texts were sent within {timeout_s:.0f} s")
		if elapsed >= swept * SCHEDULED_EVERY_S:
			swept += 1
			for _ in range(WORKERS):
				frappe.enqueue("twilio_sms_channel.messaging.upkeep.sweep.run", queue="short")
		time.sleep(0.25)


def forget_jobs() -> None:
	"""Throw away what waits in the queue of this run."""
	get_redis_conn().flushdb()


def send_here() -> None:
	"""Send what waits, in this process, as a worker's job does it."""
	worker.run()


def claim(number: str) -> claiming.ClaimedMessage:
	"""Claim the text of this number that is to leave next. Commits.

	:raises WrongResult: none may leave
	"""
	claimed = claiming.claim(number, 1).messages
	if len(claimed) != 1:
		raise WrongResult(f"{len(claimed)} texts were claimed instead of one")
	return claimed[0]


def give_back(text: claiming.ClaimedMessage) -> None:
	"""Have what was claimed wait again, so that the next claim meets as many texts as the last one. Commits."""
	frappe.db.set_value(MESSAGE, text.name, "status", "Queued")
	frappe.db.commit()
	locks.release(text.locks)
