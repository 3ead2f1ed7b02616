"""Which of STOP and START was the last one, and that an opt-out outlives whatever is deleted."""

import secrets
from datetime import datetime, timedelta, timezone

import frappe
import pytest
from frappe.utils import add_to_date, now_datetime
from support import desks
from support.planted import stored
from support.stack import INBOUND, MESSAGE, Customer, eventually, status_of, ticket_of
from support.webhooks import inbound_params, post_signed

from twilio_sms_channel.infra.retry_policies import THREADING
from twilio_sms_channel.messaging.conversation import consent
from twilio_sms_channel.messaging.inbound import intake, keyword_order
from twilio_sms_channel.messaging.upkeep import backfill, sweep
from twilio_sms_channel.simulator.models import SHORT_CODE, TOLL_FREE

EVENT, CONVERSATION, NUMBER = "Twilio SMS Consent Event", "Twilio SMS Conversation", "Twilio SMS Number"
API = "twilio_sms_channel.api.ticket."


@pytest.fixture
def short_code(stack, sim):
	"""A number on which Twilio stops nothing: what keeps a text from leaving is this app alone."""
	code = str(20000 + now_datetime().microsecond % 70000)
	while frappe.db.exists(NUMBER, code):
		code = str(int(code) + 1)
	frappe.get_doc({"doctype": NUMBER, "phone_number": code, "account": stack.account}).insert()
	frappe.db.commit()
	sim.add_number(stack.account_sid, code, kind=SHORT_CODE, sms_url=stack.web + INBOUND)
	return code


@pytest.fixture
def toll_free(stack, sim):
	number = f"+1888{2_000_000 + now_datetime().microsecond}"
	frappe.get_doc({"doctype": NUMBER, "phone_number": number, "account": stack.account}).insert()
	frappe.db.commit()
	sim.add_number(stack.account_sid, number, kind=TOLL_FREE, sms_url=stack.web + INBOUND)
	return number


def is_out(message) -> bool:
	frappe.db.rollback()
	return bool(frappe.db.get_value(CONVERSATION, message.conversation, "opted_out"))


def long_ago(customer, minutes: int = 10) -> None:
	"""What the customer decided so far was some time ago."""
	for event in frappe.get_all(EVENT, {"customer_number": customer.number}, ["name", "stored_at_utc"]):
		earlier = add_to_date(event.stored_at_utc, minutes=-minutes)
		frappe.db.set_value(EVENT, event.name, "stored_at_utc", earlier)
	frappe.db.commit()


def erase(customer) -> None:
	"""The steps of docs/compliance.md: all but the record of the opt-out."""
	for message in frappe.get_all(MESSAGE, {"customer_number": customer.number}, ["name", "communication"]):
		frappe.db.delete("Communication", {"name": message.communication})
		frappe.db.delete(MESSAGE, {"name": message.name})
	for row in frappe.get_all(
		CONVERSATION, {"customer_number": customer.number}, ["name", "ticket", "ticket_doctype"]
	):
		frappe.db.delete(row.ticket_doctype, {"name": row.ticket})
		frappe.db.delete(CONVERSATION, {"name": row.name})
	frappe.db.commit()


def service_of_two(stack) -> list[str]:
	sid = "MG" + frappe.generate_hash(length=32).translate(str.maketrans("ghijklmnopqrstuvwxyz", "a" * 20))
	return [stack.add_number(messaging_service_sid=sid) for _ in range(2)]


@pytest.mark.parametrize("how", ["short code", "agent", "service"])
def test_an_opt_out_outlives_its_conversation(customer, sim, stack, agent, short_code, how):
	first, then = service_of_two(stack) if how == "service" else (short_code, short_code)
	ticket = ticket_of(customer.text("Hello", to=first))
	if how == "agent":
		assert agent.call(API + "opt_out", ticket=ticket.name).ok
	else:
		customer.text("STOP", to=first)
	if how == "short code":
		# A short code's confirmation is this app's to send.
		eventually(customer.inbox)
	erase(customer)
	before = len(customer.inbox())
	answer = agent.call(API + "start", to=customer.number, message="Buy now", number=then)
	assert answer.status_code == 417 and "opted out" in answer.text, answer.text
	# The customer may begin anew; they are still not texted.
	message = customer.text("Hello again", to=then)
	assert is_out(message)
	assert agent.reply(ticket_of(message).name, "<p>Hi</p>").status_code == 417
	assert len(customer.inbox()) == before


def test_what_waits_is_blocked_by_the_record_alone(customer, sim, stack, agent, short_code):
	"""Whatever was written into the conversation's mark meanwhile, and whatever START could not be put into a ticket."""
	ticket = ticket_of(customer.text("Hello", to=short_code))
	start = customer.text("START", to=short_code)
	long_ago(customer)
	account = {"doctype": "Twilio SMS Account", "name": stack.account}
	frappe.db.set_value(*account.values(), {"paused_since": now_datetime()}, update_modified=False)
	frappe.db.commit()
	reply = agent.call(API + "reply", ticket=ticket.name, message="Buy now").json()["message"]["message"]
	stop = customer.text("STOP", to=short_code)
	# Taken in by a machine whose clock was ahead, and failed to get into a ticket each time.
	ahead = add_to_date(now_datetime(), minutes=20)
	frappe.db.set_value(MESSAGE, start.name, {"status": "Failed", "received_at": ahead})
	frappe.db.set_value(CONVERSATION, stop.conversation, "opted_out", 0)
	frappe.db.set_value(*account.values(), {"paused_since": None}, update_modified=False)
	frappe.db.commit()
	stack.wake()
	eventually(lambda: status_of(reply) not in ("Queued", "Sending"))
	assert status_of(reply) == "Blocked"
	assert not [text for text in customer.inbox() if text.body == "Buy now"]


def test_the_order_of_taking_in_counts_whatever_clocks_say(customer, sim, stack, short_code):
	"""A web machine whose clock is ahead, and the hour of autumn that comes twice."""
	customer.text("Hello", to=short_code)
	start = customer.text("START", to=short_code)
	ahead = add_to_date(now_datetime(), hours=1)
	frappe.db.set_value(MESSAGE, start.name, "received_at", ahead)
	frappe.db.set_value(EVENT, {"customer_number": customer.number}, "occurred_at", ahead)
	frappe.db.commit()
	stop = customer.text("STOP", to=short_code)
	assert is_out(stop)
	long_ago(customer)
	frappe.db.set_value(
		EVENT, {"customer_number": customer.number}, "occurred_at", add_to_date(now_datetime(), hours=2)
	)
	frappe.db.commit()
	assert not is_out(customer.text("START", to=short_code))


def at_twilio(stack, sim, customer, body: str, to: str, sent: datetime, **params):
	"""A text that Twilio has had since then; its webhook comes when it is posted."""
	sim.faults.next("webhook_lost")
	text = sim.text(from_=customer.number, to=to, body=body)
	sim.wait_idle(10)
	text.created = text.sent = sent
	return text


def arrives(stack, text) -> None:
	params = inbound_params(stack, From=text.from_, To=text.to, Body=text.body, MessageSid=text.sid)
	assert post_signed(stack, params).ok


def threaded(text):
	name = eventually(
		lambda: frappe.db.get_value(MESSAGE, {"twilio_sid": text.sid, "status": "Threaded"}), timeout_s=30
	)
	return frappe.get_doc(MESSAGE, name)


@pytest.mark.parametrize(
	("first", "start_after_s", "is_out_then"),
	[("START", 2, False), ("STOP", 2, False), ("STOP", 0, True), ("START", -2, True)],
	ids=["overtaken by START", "in order", "within the same second", "overtaken by STOP"],
)
def test_webhooks_that_may_have_overtaken_each_other(
	customer, sim, stack, short_code, first, start_after_s, is_out_then
):
	"""STOP holds until Twilio has told which was the last."""
	now = datetime.now(timezone.utc)
	hello = customer.text("Hello", to=short_code)
	stop = at_twilio(stack, sim, customer, "STOP", short_code, now)
	start = at_twilio(stack, sim, customer, "START", short_code, now + timedelta(seconds=start_after_s))
	# Twilio cannot be asked for now.
	sim.faults.always("rate_limit")
	for text in (stop, start) if first == "STOP" else (start, stop):
		arrives(stack, text)
	threaded(stop), threaded(start)
	asked = f"/Messages/{stop.sid}.json", f"/Messages/{start.sid}.json"
	eventually(lambda: any(r.method == "GET" and r.path.endswith(asked) for r in sim.requests))
	assert is_out(hello)
	sim.faults.off("rate_limit")
	sweep.run()
	eventually(
		lambda: not frappe.db.exists(EVENT, {"customer_number": customer.number, "order_open": 1}),
		timeout_s=20,
	)
	assert is_out(hello) == is_out_then


def test_others_are_asked_about_although_an_accounts_secrets_cannot_be_read(sim, stack, unreadable):
	events = {}
	for account in (unreadable, stack.account):
		customer = Customer(stack).number
		about = {"number": stack.number, "customer_number": customer}
		text = {"doctype": MESSAGE, "direction": "Inbound", "status": "Threaded", "account": account, **about}
		text = stored({**text, "twilio_sid": "SM" + secrets.token_hex(16)})
		stop = {"doctype": EVENT, "event": "Opted Out", "source": "Customer's Text", "order_open": 1, **about}
		events[account] = stored({**stop, "message": text, "occurred_at": now_datetime()})
	frappe.db.commit()
	try:
		keyword_order.ask_again()
		still_open = [
			account for account, name in events.items() if frappe.db.get_value(EVENT, name, "order_open")
		]
		assert still_open == [unreadable]
		assert not frappe.get_message_log()
	finally:
		frappe.db.set_value(EVENT, {"name": ("in", list(events.values()))}, "order_open", 0)
		frappe.db.commit()


@pytest.mark.parametrize(
	("status", "attempts", "then"),
	[
		("Received", 0, "Received"),
		("Received", THREADING.attempts - 1, "Failed"),
		("Threaded", 0, "Threaded"),
	],
)
def test_a_stop_that_got_into_no_ticket_is_marked_all_the_same(customer, sim, stack, status, attempts, then):
	conversation = customer.text("Hello").conversation
	row = {"direction": "Inbound", "status": status, "attempts": attempts, "body": "STOP"}
	about = {"account": stack.account, "number": stack.number, "customer_number": customer.number}
	row |= {"doctype": MESSAGE, "twilio_sid": "SM" + secrets.token_hex(16), "received_at": now_datetime()}
	stop = stored({**row, **about})
	consent.keep_from_before(frappe.get_doc(MESSAGE, stop).as_dict())
	frappe.db.commit()
	assert not frappe.db.get_value(CONVERSATION, conversation, "opted_out")
	intake._note_failure(stop, ValueError("The ticket system is away."))
	assert status_of(stop) == then
	assert frappe.db.get_value(CONVERSATION, conversation, "opted_out")
	frappe.db.set_value(MESSAGE, stop, "status", "Failed")
	frappe.db.commit()


def test_texts_out_of_twilios_list_go_by_twilios_utc(customer, sim, stack, short_code):
	"""Both in the hour that comes twice: the later one has the earlier time of day. A tie goes to STOP."""
	hello = customer.text("Hello", to=short_code)
	zone = frappe.db.get_single_value("System Settings", "time_zone")

	def be_in(zone: str) -> None:
		frappe.db.set_single_value("System Settings", "time_zone", zone)
		frappe.db.commit()
		frappe.clear_cache()
		if hasattr(frappe.local, "system_settings"):
			del frappe.local.system_settings

	night = datetime(2026, 11, 1, tzinfo=timezone.utc)
	begin = night + timedelta(hours=5, minutes=40)  # 1:40 in New York, in summer time
	try:
		be_in("America/New_York")
		stop = at_twilio(stack, sim, customer, "STOP", short_code, begin)
		start = at_twilio(stack, sim, customer, "START", short_code, begin + timedelta(minutes=30))
		since = datetime(2026, 10, 31)
		backfill.run(short_code, since)
		threaded(stop), threaded(start)
		assert not is_out(hello)
		last = begin + timedelta(minutes=40)
		for body in ("START", "STOP"):
			text = at_twilio(stack, sim, customer, body, short_code, last)
		backfill.run(short_code, since)
		threaded(text)
		assert is_out(hello)
	finally:
		be_in(zone)


def test_a_stop_made_up_for_holds_against_a_webhook_of_the_same_time(customer, sim, stack, short_code):
	"""The clocks of this site and of Twilio are not compared: Twilio says when both were sent."""
	hello = customer.text("Hello", to=short_code)
	now = datetime.now(timezone.utc)
	stop = at_twilio(stack, sim, customer, "STOP", short_code, now - timedelta(minutes=30))
	start = at_twilio(stack, sim, customer, "START", short_code, now)
	arrives(stack, start)
	threaded(start)
	backfill.run(short_code, add_to_date(now_datetime(), hours=-1))
	threaded(stop)
	eventually(
		lambda: not frappe.db.exists(EVENT, {"customer_number": customer.number, "order_open": 1}),
		timeout_s=20,
	)
	assert not is_out(hello)


def test_yes_lifts_what_twilio_lifts_and_nothing_else(customer, sim, stack, agent, toll_free):
	hello = customer.text("Hello")
	assert agent.call(API + "opt_out", ticket=ticket_of(hello).name).ok
	long_ago(customer)
	assert is_out(customer.text("Yes"))
	# Twilio calls it a keyword where Advanced Opt-Out is on; the agent's note was about something else.
	assert is_out(customer.text("YES", OptOutType="START"))
	assert not is_out(customer.text("Unstop"))

	stop = customer.text("STOP")
	long_ago(customer)
	assert not is_out(customer.text("Yes"))

	stop = customer.text("STOP", to=toll_free)
	long_ago(customer)
	assert is_out(customer.text("Yes", to=toll_free))
	assert not is_out(customer.text("START", to=toll_free))
	assert stop.conversation != hello.conversation


def test_who_opted_out_how_and_when_is_told_as_it_was(customer, sim, stack, agent):
	ticket = ticket_of(customer.text("Hello"))
	state = agent.call(API + "opt_out", ticket=ticket.name).json()["message"]
	name = frappe.utils.get_fullname(agent.user)
	for told in (state["why_not"], agent.reply(ticket.name, "<p>Hi</p>").text):
		assert "texting STOP" not in told and name in told and "START" in told, told
	frappe.db.rollback()
	conversation = frappe.get_doc(CONVERSATION, ticket.twilio_sms_conversation)
	conversation.run_method("onload")
	assert name in conversation.get_onload("why_opted_out")
	long_ago(customer)
	customer.text("START")
	long_ago(customer)
	customer.text("Unsubscribe")
	state = agent.call(API + "state", http="GET", ticket=ticket.name).json()["message"]
	assert "UNSUBSCRIBE" in state["why_not"] and name not in state["why_not"]


@pytest.mark.parametrize("word", ["STOP", "Unsubscribe"])
def test_a_bare_stop_of_somebody_unknown_opens_no_ticket(customer, sim, stack, short_code, agent, word):
	before = frappe.db.count(desks.default().doctype)
	stop = customer.text(word, to=short_code)
	assert stop.status == "Threaded" and not stop.communication
	assert is_out(stop)
	assert frappe.get_all(EVENT, {"message": stop.name}, pluck="event") == ["Opted Out"]
	assert frappe.db.count(desks.default().doctype) == before
	# Nobody else confirms it on a short code.
	eventually(lambda: len(customer.inbox()) == 1)
	eventually(
		lambda: (
			frappe.get_all(
				MESSAGE, {"customer_number": customer.number, "direction": "Outbound"}, pluck="status"
			)
			== ["Delivered"]
		)
	)
	answer = agent.call(API + "start", to=customer.number, message="Hi", number=short_code)
	assert answer.status_code == 417, answer.text
	assert ticket_of(customer.text("Hello", to=short_code))
