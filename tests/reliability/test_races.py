"""Texts that arrive at once, in several web server processes and workers: one of everything, in Twilio's order."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import frappe
import pytest
from support import desks
from support.stack import Customer, eventually
from support.webhooks import inbound_params, post_signed

MESSAGE, CONVERSATION = "Twilio SMS Message", "Twilio SMS Conversation"
PATIENCE_S = 90


@pytest.fixture(scope="module", autouse=True)
def four_workers(stack):
	with stack.more_workers(3):
		yield


def at_once(jobs: list) -> list:
	"""Call all functions at the same moment, each in a thread of its own. Their results."""
	start = Barrier(len(jobs))

	def call(job):
		start.wait(10)
		return job()

	with ThreadPoolExecutor(len(jobs)) as pool:
		return [future.result(60) for future in [pool.submit(call, job) for job in jobs]]


def texting(customer: Customer, bodies: list[str], to: str | None = None) -> list:
	return [lambda body=body: customer.text(body, to=to, wait=False) for body in bodies]


def all_threaded(customer: Customer, count: int) -> bool:
	rows = frappe.get_all(MESSAGE, {"customer_number": customer.number}, pluck="status")
	return rows == ["Threaded"] * count


def tickets_of(customer: Customer, number: str) -> list[str]:
	conversation = frappe.get_all(
		CONVERSATION, {"customer_number": customer.number, "number": number}, pluck="name"
	)
	assert len(conversation) == 1
	return frappe.get_all(desks.default().doctype, {"twilio_sms_conversation": conversation[0]}, pluck="name")


def contacts_of(customer: Customer) -> list[str]:
	return frappe.get_all("Contact Phone", {"twilio_sms_e164": customer.number}, pluck="parent")


def bodies_in(ticket: str) -> list[str]:
	"""What a ticket's feed shows, in its order."""
	return frappe.get_all(
		"Communication",
		filters={"reference_doctype": desks.default().doctype, "reference_name": str(ticket)},
		order_by="creation, name",
		pluck="content",
	)


def order_at_twilio(sim, customer: Customer, number: str) -> list[str]:
	return [m.body for m in sim.messages(direction="inbound", customer=customer.number, number=number)]


def assert_one_ticket(sim, customer: Customer, number: str, count: int) -> None:
	(ticket,) = tickets_of(customer, number)
	expected = order_at_twilio(sim, customer, number)
	assert len(expected) == count
	assert Counter(bodies_in(ticket)) == Counter(expected)
	eventually(lambda: bodies_in(ticket) == expected, timeout_s=30)


def test_fifty_first_texts_at_once_are_one_contact_and_one_ticket_in_order(
	stack, sim, customer, ticket_system
):
	"""ERPNext commits while a contact is inserted, and with it lets go of what is locked."""
	at_once(texting(customer, [f"Text {n}" for n in range(50)]))
	eventually(lambda: all_threaded(customer, 50), PATIENCE_S, every_s=0.5)
	assert len(contacts_of(customer)) == 1
	assert_one_ticket(sim, customer, stack.number, 50)


def test_ten_senders_with_five_texts_each_are_ten_tickets(stack, sim):
	customers = [Customer(stack) for _ in range(10)]
	at_once([job for c in customers for job in texting(c, [f"{c.number} {n}" for n in range(5)])])
	for customer in customers:
		eventually(lambda customer=customer: all_threaded(customer, 5), PATIENCE_S, every_s=0.5)
		assert len(contacts_of(customer)) == 1
		assert_one_ticket(sim, customer, stack.number, 5)


def test_one_sender_texting_two_of_our_numbers_at_once_is_one_contact_with_two_tickets(stack, sim):
	for _ in range(3):
		customer = Customer(stack)
		numbers = (stack.number, stack.other_number)
		at_once([job for number in numbers for job in texting(customer, ["One", "Two", "Three"], number)])
		eventually(lambda customer=customer: all_threaded(customer, 6), PATIENCE_S, every_s=0.5)
		assert len(contacts_of(customer)) == 1
		for number in numbers:
			assert_one_ticket(sim, customer, number, 3)


def test_the_same_webhook_twenty_times_at_once_is_one_row_and_twenty_times_200(stack, sim, customer):
	params = inbound_params(stack, From=customer.number, Body="Only once")
	answers = at_once([lambda: post_signed(stack, params) for _ in range(20)])
	assert [answer.status_code for answer in answers] == [200] * 20
	frappe.db.rollback()
	assert frappe.db.count(MESSAGE, {"twilio_sid": params["MessageSid"]}) == 1
	eventually(lambda: all_threaded(customer, 1), PATIENCE_S)
	(ticket,) = tickets_of(customer, stack.number)
	assert bodies_in(ticket) == ["Only once"]
