"""Very many messages to one Messaging Service, by RCS, SMS and MMS, doubled and in any order: one ticket for each customer.

In short (`make test`) 60 messages of 12 customers, in full (`make hostile`) 1,000 of 200. They are stored while no worker is
there, and then threaded by several at once: so each customer's first messages by two ways meet in the workers.
"""

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import frappe
import pytest
from support.rcs import Phone, make_service
from support.stack import INBOUND, MESSAGE, eventually
from support.webhooks import signed

from twilio_sms_channel.messaging.conversation import eligibility

EACH, AT_ONCE, WORKERS = 5, 8, 3
WAYS = ("rcs", "sms", "mms")
# Each customer texts by at least two ways; who opts out does so by another one than they are sent to.
STOPPERS = 4


@pytest.fixture
def mixture(stack, request):
	"""Phones, and the parameters of their messages: (phone, way, params), twice each and shuffled."""
	customers = 200 if request.config.getoption("--in-full") else 12
	service = make_service(stack, numbers=2, accept_attachments=0)
	phones = [Phone(service) for _n in range(customers)]
	dice = random.Random(16)
	messages = []
	for place, phone in enumerate(phones):
		# What a customer texts goes to the number that they know.
		number = service.numbers[place % 2]
		for n in range(EACH):
			way = WAYS[(place + n) % 3]
			messages.append((phone, way, phone.params(way, f"Message {n} by {way}", number)))
	messages += messages
	dice.shuffle(messages)
	return service, phones, messages


def test_one_ticket_for_each_customer_whatever_way_they_text_by(stack, mixture):
	service, phones, messages = mixture
	wanted = len(phones) * EACH
	with stack.without_worker():
		with ThreadPoolExecutor(AT_ONCE) as pool:
			answers = pool.map(lambda message: signed(stack, INBOUND, message[2]).status_code, messages)
		assert Counter(answers) == {200: 2 * wanted}
		frappe.db.rollback()
		sids = [params["MessageSid"] for _phone, _way, params in messages]
		assert frappe.db.count(MESSAGE, {"twilio_sid": ("in", sids)}) == wanted
	with stack.more_workers(WORKERS - 1):
		eventually(lambda: _threaded(sids) == wanted, timeout_s=60 + wanted)
	rows = _entries(sids)
	assert len(rows) == len({row.communication for row in rows}) == wanted
	tickets = {(row.customer_number, row.reference_name) for row in rows}
	assert len(tickets) == len({ticket for _customer, ticket in tickets}) == len(phones)
	ways = {params["MessageSid"]: way.upper() for _phone, way, params in messages}
	assert {row.twilio_sid: row.way for row in rows} == ways
	_stop_by_one_way_blocks_the_others(service, phones[:STOPPERS])


def _stop_by_one_way_blocks_the_others(service, phones) -> None:
	for place, phone in enumerate(phones):
		way = WAYS[place % 2]
		phone.arrived(phone.post(way, "STOP", service.numbers[place % 2]))
		frappe.db.rollback()
		blocked = [eligibility.opted_out(name, phone.number) for name in (service.sid, *service.numbers)]
		assert all(blocked), (way, blocked)


def _threaded(sids: list[str]) -> int:
	frappe.db.rollback()
	return frappe.db.count(MESSAGE, {"twilio_sid": ("in", sids), "status": "Threaded"})


def _entries(sids: list[str]) -> list:
	Message, Communication = frappe.qb.DocType(MESSAGE), frappe.qb.DocType("Communication")
	return (
		frappe.qb.from_(Message)
		.join(Communication)
		.on(Communication.name == Message.communication)
		.select(
			Message.twilio_sid,
			Message.way,
			Message.customer_number,
			Message.communication,
			Communication.reference_name,
		)
		.where(Message.twilio_sid.isin(sids))
	).run(as_dict=True)
