"""RCS: what comes to a Messaging Service's RCS sender is in the customer's conversation, whatever way they text by."""

import secrets
import time
from concurrent.futures import ThreadPoolExecutor

import frappe
import pytest
from support.people import make_team
from support.rcs import Phone, make_service
from support.stack import INBOUND, eventually, ticket_of
from support.webhooks import rejections, signed, stored, text

from twilio_sms_channel import doctor
from twilio_sms_channel.infra import locks
from twilio_sms_channel.messaging.conversation import conversations, eligibility, services
from twilio_sms_channel.messaging.inbound import unread_webhooks
from twilio_sms_channel.messaging.upkeep import sweep

MESSAGE, NUMBER, CONVERSATION = "Twilio SMS Message", "Twilio SMS Number", "Twilio SMS Conversation"
UNREAD, FINDING = "Twilio SMS Unread Webhook", "Twilio SMS Finding"


@pytest.fixture
def service(stack):
	"""A Messaging Service with an RCS sender and two numbers; all of it is set up here."""
	return make_service(stack, numbers=2)


@pytest.fixture
def phone(service):
	return Phone(service)


def conversations_of(phone) -> list:
	frappe.db.rollback()
	return frappe.get_all(
		CONVERSATION, {"customer_number": phone.number}, pluck="number", order_by="creation"
	)


@pytest.mark.usefixtures("ticket_system")
class TestOneTicket:
	def test_rcs_opens_a_conversation_of_the_service(self, service, phone):
		message = phone.rcs("Hello")
		assert (message.number, message.way, message.customer_number) == (service.sid, "RCS", phone.number)
		assert conversations_of(phone) == [service.sid]

	def test_rcs_joins_the_latest_conversation_with_any_number(self, service, phone):
		first, second = (phone.sms("Hello", number) for number in service.numbers)
		assert ticket_of(first).name != ticket_of(second).name
		assert ticket_of(phone.rcs("By RCS")).name == ticket_of(second).name
		phone.sms("Again", service.numbers[0])
		message = phone.rcs("By RCS again")
		assert message.number == service.numbers[0]
		assert ticket_of(message).name == ticket_of(first).name
		assert service.sid not in conversations_of(phone)

	def test_sms_to_a_number_of_the_pool_opens_no_second_ticket(self, service, phone):
		ticket = ticket_of(phone.rcs("By RCS"))
		sms = phone.sms("By SMS", service.numbers[0])
		assert (sms.way, sms.number, ticket_of(sms).name) == ("SMS", service.numbers[0], ticket.name)
		assert ticket_of(phone.rcs("By RCS again")).name == ticket.name
		# Also where RCS had joined the conversation with another number.
		assert ticket_of(phone.sms("By the other", service.numbers[1])).name == ticket.name

	def test_after_the_ticket_was_closed_it_does(self, service, phone):
		ticket = ticket_of(phone.rcs("By RCS"))
		ticket.status = "Closed"
		ticket.save()
		frappe.db.commit()
		assert ticket_of(phone.sms("By SMS", service.numbers[0])).name != ticket.name

	def test_rcs_and_sms_at_the_same_instant_are_one_ticket(self, stack, service):
		phones = [Phone(service) for _n in range(4)]
		with stack.more_workers(1):
			posts = [(phone.post, way) for phone in phones for way in ("rcs", "sms")]
			with ThreadPoolExecutor(len(posts)) as pool:
				sids = list(pool.map(lambda post: post[0](post[1], "Hello"), posts))
			tickets = {ticket_of(phones[0].arrived(sid)).name for sid in sids}
		assert len(tickets) == len(phones)

	def test_a_message_that_waits_behind_another_way_joins_it(self, stack, service, phone):
		"""Both are stored before a worker has looked at either."""
		with stack.without_worker():
			sids = [phone.post("sms", "First"), phone.post("rcs", "Second")]
		assert len({ticket_of(phone.arrived(sid)).name for sid in sids}) == 1


def test_it_waits_while_the_ticket_that_it_would_join_is_merged(service, phone):
	"""A merge holds the conversations of a ticket's messages, not those that may join it."""
	ticket = ticket_of(phone.rcs("By RCS"))
	# The worker releases it a moment after the message is in its ticket.
	held = locks.take([conversations.lock_of(service.sid, phone.number)], wait_s=10)
	assert held
	try:
		sid = phone.post("sms", "By SMS", service.numbers[0])
		time.sleep(1.5)
		frappe.db.rollback()
		assert frappe.db.get_value(MESSAGE, {"twilio_sid": sid}, "status") == "Received"
	finally:
		locks.release(held)
	assert ticket_of(phone.arrived(sid)).name == ticket.name


@pytest.mark.helpdesk
def test_a_number_with_a_team_of_its_own_keeps_its_conversation(stack):
	team, other = (make_team(f"{name} {secrets.token_hex(4)}") for name in ("Sales", "Support"))
	service = make_service(stack, numbers=2, team=team)
	frappe.db.set_value(NUMBER, service.numbers[0], "team", other)
	frappe.db.commit()
	frappe.clear_cache(doctype=NUMBER)
	phone = Phone(service)
	ticket = ticket_of(phone.rcs("By RCS"))
	apart = phone.sms("To sales", service.numbers[0])
	assert ticket_of(apart).name != ticket.name
	assert ticket_of(phone.sms("To support", service.numbers[1])).name == ticket.name


def test_a_message_by_rcs_shows_that_its_service_has_an_rcs_sender(stack):
	service = make_service(stack, numbers=1, is_known=False)
	Phone(service).rcs("Hello")
	frappe.db.rollback()
	found = frappe.get_all(NUMBER, {"messaging_service_sid": service.sid}, pluck="rcs_sender")
	assert found == [service.agent] * 2


def test_without_a_service_of_its_own_rcs_goes_to_a_number_of_the_pool(stack):
	service = make_service(stack, numbers=2, with_itself=False)
	phone = Phone(service)
	assert phone.rcs("Hello").number == service.numbers[0]
	# Some webhooks name no service.
	assert phone.rcs("Again", MessagingServiceSid=None).number == service.numbers[0]


def test_a_ticket_that_texts_somebody_else_is_not_joined(service, phone):
	"""As after a merge into another customer's ticket."""
	ticket = ticket_of(phone.sms("Hello", service.numbers[0]))
	conversation = conversations.get_or_new(service.numbers[1], phone.number)
	number = frappe.get_doc(NUMBER, service.numbers[1])
	assert services.open_ticket(conversation, number, "RCS").name == ticket.name
	other = Phone(service).sms("Hello", service.numbers[0]).conversation
	frappe.db.set_value(ticket.doctype, ticket.name, "twilio_sms_conversation", other)
	assert services.open_ticket(conversation, number, "RCS") is None
	frappe.db.rollback()


def test_rcs_goes_to_a_number_that_can_answer(stack):
	service = make_service(stack, numbers=2, with_itself=False)
	first, second = (frappe.get_doc(NUMBER, number) for number in service.numbers)
	assert services.is_first(first) and not services.is_first(second)
	frappe.db.set_value(NUMBER, first.name, {"enabled": 0, "disconnected_on": frappe.utils.now()})
	frappe.db.commit()
	# Of those that are left, one asks Twilio what came by RCS.
	assert services.is_first(second) and not services.is_first(first)
	assert Phone(service).rcs("Hello").number == second.name


def test_stop_by_rcs_blocks_sms_and_the_other_way_round(service, phone):
	other = Phone(service)
	phone.sms("Hello", service.numbers[0])
	phone.rcs("STOP")
	other.rcs("Hello")
	other.sms("STOP", service.numbers[1])
	frappe.db.rollback()
	for who in (phone, other):
		assert [
			bool(eligibility.opted_out(name, who.number)) for name in (service.sid, *service.numbers)
		] == [True] * 3
	# Webhooks that follow each other more closely may have overtaken each other.
	age = "update `tabTwilio SMS Consent Event` set stored_at_utc = stored_at_utc - interval 3 minute"
	frappe.db.sql(f"{age} where customer_number = %s", phone.number)
	frappe.db.commit()
	phone.sms("START", service.numbers[1])
	frappe.db.rollback()
	assert not eligibility.opted_out(service.sid, phone.number)


def test_whose_phone_takes_rcs_is_told_by_their_last_message(service, phone):
	number = frappe.get_doc(NUMBER, service.numbers[0])
	assert not services.is_on_rcs(number, phone.number)
	phone.rcs("Hello")
	frappe.db.rollback()
	assert services.is_on_rcs(number, phone.number)
	phone.sms("Another phone", service.numbers[0])
	frappe.db.rollback()
	assert not services.is_on_rcs(number, phone.number)


# A service that is unknown here -------------------------------------------------------------------


@pytest.fixture
def unknown(stack):
	"""The SID of a service that nobody has imported. No unread webhooks before or after."""
	frappe.db.rollback()
	frappe.db.delete(UNREAD)
	frappe.db.commit()
	yield "MG" + secrets.token_hex(16)
	frappe.db.rollback()
	frappe.db.delete(UNREAD)
	frappe.db.commit()


def by_rcs(stack, sender: str, service_sid: str, **changes) -> dict:
	to = {"To": "rcs:acme_bikes_agent", "MessagingServiceSid": service_sid}
	return text(stack, From=f"rcs:{sender}", **to, **changes)


def findings(stack, check: str) -> list:
	doctor.examine(stack.account, only=check)
	frappe.db.commit()
	return frappe.get_all(
		FINDING, {"about": stack.account, "check_name": ("like", f"{check}.%")}, ["check_name", "what", "how"]
	)


def test_rcs_to_a_service_that_is_unknown_is_kept_until_it_is_set_up(stack, now, unknown, customer):
	params = by_rcs(stack, customer.number, unknown, Body="Hello")
	answer = signed(stack, INBOUND, params)
	assert answer.status_code == 200 and "<Response/>" in answer.text
	frappe.db.rollback()
	(row,) = frappe.get_all(UNREAD, fields=["*"])
	assert (row.service_sid, row.kind) == (unknown, "Message")
	assert unknown in row.reason and not rejections(now) and not stored(params["MessageSid"])
	(finding,) = findings(stack, "unread")
	assert finding.check_name == "unread.services" and unknown in finding.what
	# Read again before that it stays.
	unread_webhooks.read_again(row.name)
	assert frappe.db.get_value(UNREAD, row.name, ["service_sid", "attempts"]) == (unknown, 1)

	service = {"doctype": NUMBER, "phone_number": unknown, "account": stack.account}
	frappe.get_doc(service).insert()
	frappe.db.commit()
	sweep.run()
	name = eventually(lambda: stored(params["MessageSid"]))
	eventually(lambda: frappe.db.rollback() or frappe.db.get_value(MESSAGE, name, "status") == "Threaded")
	assert frappe.db.get_value(MESSAGE, name, "number") == unknown
	assert not frappe.db.exists(UNREAD, row.name) and not findings(stack, "unread")


def test_a_number_that_gets_its_service_has_what_came_for_it_read(stack, unknown, customer):
	params = by_rcs(stack, customer.number, unknown)
	assert signed(stack, INBOUND, params).status_code == 200
	number = frappe.get_doc(NUMBER, stack.add_number())
	number.messaging_service_sid = unknown
	number.save()
	frappe.db.commit()
	sweep.run()
	name = eventually(lambda: stored(params["MessageSid"]))
	assert frappe.db.get_value(MESSAGE, name, "number") == number.name


def test_a_stop_in_it_counts(stack, unknown, customer):
	customer.text("Hello")
	assert signed(stack, INBOUND, by_rcs(stack, customer.number, unknown, Body="STOP")).status_code == 200
	frappe.db.rollback()
	assert eligibility.opted_out(stack.number, customer.number)


def test_sms_to_a_number_that_is_unknown_is_404_as_ever(stack, now, unknown):
	params = text(stack, To="+19075550000", MessagingServiceSid=unknown)
	assert signed(stack, INBOUND, params).status_code == 404
	assert rejections(now) and not frappe.db.count(UNREAD)
