"""How fast a number sends, whose turn it is, and what a number that does not get through holds up: nothing else."""

import itertools
import threading
import time
from concurrent.futures import Future

import frappe
import pytest
import requests
from frappe.utils import add_to_date
from support.connections import another
from support.replies import all_sent, write
from support.stack import eventually, status_of

from twilio_sms_channel.infra import locks
from twilio_sms_channel.messaging.conversation import consent, eligibility, keywords
from twilio_sms_channel.messaging.outbound import outbox
from twilio_sms_channel.messaging.sending import calls, claim, outcomes, rate_limit, token_bucket, worker
from twilio_sms_channel.messaging.sending.calls import Call
from twilio_sms_channel.twilio_gateway.client import Login
from twilio_sms_channel.twilio_gateway.window import MissedWindow

MESSAGE = "Twilio SMS Message"


def gaps(times: list[float]) -> list[float]:
	return [after - before for before, after in itertools.pairwise(times)]


@pytest.mark.parametrize(
	("number_type", "own", "expected"),
	[
		("Long Code", 0, 1),
		("Toll-Free", 0, 3),
		("Alphanumeric Sender", 0, 10),
		("Short Code", 0, 100),
		("Short Code", 30, 30),
		("Long Code", 0.5, 0.5),
	],
)
def test_a_number_is_as_fast_as_its_type_unless_it_says_otherwise(number_type, own, expected):
	number = frappe._dict(
		name="x", number_type=number_type, segments_per_second=own, messaging_service_sid=""
	)
	assert rate_limit.segments_per_second(number) == expected


def test_a_messaging_service_is_as_fast_as_its_slowest_number(stack):
	sid = "MG" + frappe.generate_hash(length=32)[:32].ljust(32, "0")
	members = [stack.add_number(messaging_service_sid=sid, segments_per_second=n) for n in (3, 2)]
	service = frappe._dict(
		name=sid, number_type="Messaging Service", segments_per_second=0, messaging_service_sid=sid
	)
	assert rate_limit.segments_per_second(service) == 2
	assert [member.name for member in rate_limit.pool_of(service)] == sorted(members)
	said = frappe._dict(service, segments_per_second=5)
	assert rate_limit.segments_per_second(said) == 5 and rate_limit.pool_of(said) == []
	alone = frappe._dict(service, messaging_service_sid="MG" + "0" * 32)
	assert rate_limit.segments_per_second(alone) == 1


def test_a_messaging_service_and_its_numbers_together_send_no_faster_than_they_may(
	stack, sim, conversation_of
):
	# Twilio sends all from the long code: it is the first in the pool.
	sid = sim.add_service(stack.account_sid).sid
	numbers = [stack.add_number(messaging_service_sid=sid) for _ in range(2)]
	for number in numbers:
		sim.add_number(stack.account_sid, number, service_sid=sid)
	service = {"phone_number": sid, "number_type": "Messaging Service", "messaging_service_sid": sid}
	frappe.get_doc({"doctype": "Twilio SMS Number", "account": stack.account, **service}).insert()
	messages = [write(conversation_of(sender), "Hi") for sender in (sid, numbers[0]) for _ in range(3)]
	frappe.db.commit()
	eventually(lambda: all_sent(messages))
	sim.wait_idle(10)
	sent = sorted(m.arrived for m in sim.messages(direction="outbound") if m.from_ == numbers[0])
	assert len(sent) == 6
	# One each second; a busy machine may delay the first one by half a second.
	assert sent[-1] - sent[0] > 3.7


def test_a_fast_number_is_taken_by_its_service_only_as_long_as_it_would_send_itself(stack):
	slow, fast, service = (stack.add_number() for _ in range(3))
	pool = {slow: 1, fast: 10}
	bucket = rate_limit.lock(service, 1, pool)
	for _ in range(2):
		bucket.take(2)
	rate_limit.keep(bucket)
	# What was unused a moment ago counts.
	spare = token_bucket.BURST_S
	assert waits(slow, 1) == pytest.approx(4 - spare, abs=0.05)
	assert waits(fast, 10) == pytest.approx(0.4 - spare, abs=0.05)
	assert waits(service, 1) == pytest.approx(4 - spare, abs=0.05)
	# The other way round the service waits for itself alone: it would never find all of them free at one moment.
	bucket = rate_limit.lock(slow)
	bucket.take(1)
	rate_limit.keep(bucket)
	assert rate_limit.lock(service, 1, pool).wait_s == pytest.approx(4 - spare, abs=0.1)
	# Nothing was taken: nobody has to wait for it.
	rate_limit.keep(rate_limit.lock(service, 1, pool))
	assert waits(fast, 10) == pytest.approx(0.4 - spare, abs=0.1)
	frappe.db.rollback()


def waits(number: str, segments_per_second: float) -> float:
	return rate_limit.lock(number, segments_per_second).wait_s


def test_a_bucket_fills_up_to_its_burst_and_no_further(stack):
	number = stack.add_number()
	bucket = rate_limit.lock(number, 100)
	unused = int(token_bucket.BURST_S * 100)
	assert bucket.room == 1 + unused
	for _ in range(1 + unused):
		assert not bucket.wait_s
		bucket.take(0.01)
	assert 0 < bucket.wait_s <= 0.011 and bucket.room == 0
	rate_limit.keep(bucket)
	frappe.db.set_value("Twilio SMS Pace", number, "next_at", add_to_date(bucket.now, hours=-1))
	assert rate_limit.lock(number, 100).room == 1 + unused
	frappe.db.set_value("Twilio SMS Pace", number, "failures", 1)
	assert rate_limit.lock(number, 100).room == 1
	frappe.db.rollback()


def test_a_messaging_service_sends_although_its_numbers_are_busy(stack, sim, conversation_of):
	sid = sim.add_service(stack.account_sid).sid
	numbers = [stack.add_number(messaging_service_sid=sid) for _ in range(2)]
	service = {"phone_number": sid, "number_type": "Messaging Service", "messaging_service_sid": sid}
	frappe.get_doc({"doctype": "Twilio SMS Number", "account": stack.account, **service}).insert()
	with stack.without_worker():
		messages = [write(conversation_of(sender), "Hi") for sender in (sid, numbers[0])]
		bucket = rate_limit.lock(numbers[0])
		bucket.take(1)
		rate_limit.keep(bucket)
		frappe.db.commit()
		busy = claim.claim(numbers[0], 1)
		assert busy.messages == [] and busy.wait_s > 0.5
		claimed = claim.claim(sid, 1).messages
		assert [message.name for message in claimed] == messages[:1]
		locks.release(claimed[0].locks)
		frappe.db.set_value(MESSAGE, {"name": ("in", messages)}, "status", "Canceled")
		frappe.db.commit()


def test_a_service_with_a_backlog_leaves_its_numbers_their_turns(stack, sim, conversation_of):
	sid = sim.add_service(stack.account_sid).sid
	member = stack.add_number(messaging_service_sid=sid, segments_per_second=4)
	sim.add_number(stack.account_sid, member, service_sid=sid)
	service = {"phone_number": sid, "number_type": "Messaging Service", "messaging_service_sid": sid}
	frappe.get_doc({"doctype": "Twilio SMS Number", "account": stack.account, **service}).insert()
	of_service = [write(conversation_of(sid), f"Service {n}") for n in range(24)]
	own = [write(conversation_of(member), f"Own {n}") for n in range(4)]
	frappe.db.commit()
	eventually(lambda: all_sent(own))
	assert not all_sent(of_service)
	eventually(lambda: all_sent(of_service))


def test_a_customer_who_is_held_holds_up_no_other(stack, sim, conversation_of):
	number = stack.add_number()
	held, other = conversation_of(number), conversation_of(number)
	with stack.without_worker():
		names = [write(held, "Waits"), write(other, "Goes")]
		frappe.db.commit()
		row = frappe._dict(name=number, messaging_service_sid="")
		with another() as connection, connection.cursor() as cursor:
			cursor.execute("select get_lock(%s, 0)", locks._full(keywords.lock_of(row, held.customer_number)))
			(claimed,) = claim.claim(number, 1).messages
		assert claimed.name == names[1]
		locks.release(claimed.locks)
	eventually(lambda: all_sent(names))


def test_after_another_app_was_asked_an_opt_out_counts_but_for_its_own_confirmation(stack, conversation_of):
	number = stack.add_number(segments_per_second=1000)
	stopped, going = conversation_of(number), conversation_of(number)
	with stack.without_worker():
		write(stopped, "Hello")
		outbox.write_automatic(stopped, "You will get no more messages")
		write(going, "Hello")
		frappe.db.commit()
		claimed = claim.claim(number, 5).messages
		assert [claim.look_again(message) for message in claimed] == [None, None]
		locks.release([lock for message in claimed for lock in message.locks])
		consent.opt_out(stopped, consent.BY_REFUSAL)
		frappe.db.commit()
		refused = {message.conversation: claim.look_again(message) for message in claimed}
		assert refused[going.name] is None and refused[stopped.name].code == eligibility.Code.OPTED_OUT
		frappe.db.set_value(MESSAGE, {"number": number}, "status", "Canceled")
		outbox.write_automatic(stopped, "You will get no more messages")
		frappe.db.commit()
		(confirmation,) = claim.claim(number, 5).messages
		assert confirmation.automatic and claim.look_again(confirmation) is None
		locks.release(confirmation.locks)
		frappe.db.set_value(MESSAGE, {"number": number}, "status", "Canceled")
		frappe.db.commit()


def test_a_long_code_sends_a_segment_a_second(stack, sim, conversation_of):
	number = stack.add_number()
	conversations = [conversation_of(number) for _ in range(4)]
	messages = [write(c, "x" * 161 if n == 1 else "Hi") for n, c in enumerate(conversations)]
	frappe.db.commit()
	eventually(lambda: all_sent(messages))
	# The second one has two segments. How even it is on a machine at rest: benchmarks/outbound.py.
	for gap, segments in zip(gaps(sim.arrivals(number)), (1, 2, 1), strict=True):
		assert segments - 0.4 < gap < segments + 0.6


def test_a_burst_delays_a_single_reply_by_a_turn_and_another_number_not_at_all(
	stack, sim, agent, conversation_of
):
	number, other = stack.add_number(segments_per_second=5), stack.add_number()
	burst = [conversation_of(number) for _ in range(3)]
	single, elsewhere = conversation_of(number), conversation_of(other)
	bulk = [write(burst[n % 3], f"Bulk {n}") for n in range(40)]
	mine, theirs = write(single, "Single", by=agent.user), write(elsewhere, "Elsewhere", by=agent.user)
	frappe.db.commit()
	begun = time.monotonic()
	eventually(lambda: all_sent([mine, theirs]))
	assert not all_sent(bulk)
	sent = [m.body for m in sim.messages(number=number, direction="outbound")]
	assert sent.index("Single") <= 3
	assert sim.arrivals(other)
	assert time.monotonic() - begun < 8
	eventually(lambda: all_sent(bulk))
	for n, conversation in enumerate(burst):
		bodies = [m.body for m in sim.messages(customer=conversation.customer_number, direction="outbound")]
		assert bodies == [f"Bulk {place}" for place in range(n, 40, 3)]


def test_a_single_reply_takes_what_was_written_before_it_along(stack, sim, agent, conversation_of):
	number = stack.add_number(segments_per_second=5)
	others, shared = [conversation_of(number) for _ in range(3)], conversation_of(number)
	bulk = [write(others[n % 3], f"Bulk {n}") for n in range(30)] + [write(shared, "Bulk to them")]
	mine = write(shared, "And this", by=agent.user)
	frappe.db.commit()
	eventually(lambda: all_sent([mine]))
	assert not all_sent(bulk)
	received = [m.body for m in sim.messages(customer=shared.customer_number, direction="outbound")]
	assert received == ["Bulk to them", "And this"]
	eventually(lambda: all_sent(bulk))


def test_one_conversation_is_claimed_one_text_at_a_time(stack, sim, conversation_of):
	number = stack.add_number(number_type="Long Code", segments_per_second=1000)
	first, second = conversation_of(number), conversation_of(number)
	with stack.without_worker():
		names = [write(c, body) for body in ("One", "Two") for c in (first, second)]
		frappe.db.commit()
		claimed = claim.claim(number, 10)
		assert [message.name for message in claimed.messages] == names[:2]
		assert claim.claim(number, 10).messages == []
		assert claim.orphaned() == []
		# What a worker leaves that dies now: its connection's locks are free again.
		frappe.db.close()
		frappe.connect()
		assert set(names[:2]) <= set(claim.orphaned())
	eventually(lambda: all_sent(names))
	for conversation in (first, second):
		received = [m.body for m in sim.messages(customer=conversation.customer_number, direction="outbound")]
		assert received == ["One", "Two"]


def test_a_number_that_is_switched_off_sends_nothing_that_waited(stack, sim, conversation_of):
	number = stack.add_number()
	conversation = conversation_of(number)
	name = write(conversation, "Too late")
	frappe.db.set_value("Twilio SMS Number", number, "enabled", 0)
	frappe.db.commit()
	eventually(lambda: status_of(name) == "Failed")
	assert "switched off before this message left" in frappe.db.get_value(MESSAGE, name, "error_message")
	assert sim.arrivals(number) == []


def test_texts_of_a_deleted_number_fail_visibly_and_hold_up_no_other(stack, sim, conversation_of):
	number, other = stack.add_number(), stack.add_number()
	lost, kept = conversation_of(number), conversation_of(other)
	names = [write(lost, "From nowhere"), write(kept, "Hello")]
	# Its form refuses that.
	frappe.db.delete("Twilio SMS Number", {"name": number})
	frappe.db.commit()
	eventually(lambda: all_sent(names))
	assert status_of(names[0]) == "Failed"
	assert "was deleted before this message left" in frappe.db.get_value(MESSAGE, names[0], "error_message")
	assert len(sim.arrivals(other)) == 1


def test_a_message_that_missed_its_window_waits_again_and_is_sent_once(stack, sim, conversation_of):
	number = stack.add_number(segments_per_second=1000)
	conversation = conversation_of(number)
	with stack.without_worker():
		names = [write(conversation, "One"), write(conversation, "Two")]
		frappe.db.commit()
		(message,) = claim.claim(number, 5).messages
		assert outcomes.record([call_that(message, sim, MissedWindow())])
		assert status_of(names[0]) == "Queued" and sim.arrivals(number) == []
		locks.release(message.locks)
	eventually(lambda: all_sent(names))
	received = sim.messages(customer=conversation.customer_number, direction="outbound")
	assert [m.body for m in received] == ["One", "Two"]


def test_a_process_that_was_stopped_too_long_does_not_send(stack, sim, conversation_of, monkeypatch):
	number = stack.add_number()
	conversation = conversation_of(number)
	monkeypatch.setattr(calls, "SEND_WITHIN_S", -1)
	with stack.without_worker():
		name = write(conversation, "Late")
		frappe.db.commit()
		(message,) = claim.claim(number, 1).messages
		with worker.SendWorker() as sender:
			sender.calls.send(message)
			while sender.calls.in_flight:
				sender.write_outcomes(1)
		assert status_of(name) == "Queued" and sim.arrivals(number) == []
	eventually(lambda: all_sent([name]))


def call_that(message, sim, error: Exception) -> Call:
	"""A call that has ended with this."""
	answer = Future()
	answer.set_exception(error)
	return Call(message, Login("AC", "AC", "", sim.base_url, 1), answer)


def test_two_jobs_never_wait_for_each_other(stack, sim, conversation_of):
	"""One writes down that calls of two numbers failed, another one comes to them in the other order."""
	numbers = sorted(stack.add_number(segments_per_second=1000) for _ in range(2))
	reached, ended = threading.Event(), []

	def other_job(connection):
		with connection.cursor() as cursor:
			cursor.execute("select name from `tabTwilio SMS Pace` where name = %s for update", numbers[1])
			reached.set()
			wait_for_waiting(cursor)
			cursor.execute("update `tabTwilio SMS Pace` set turn = turn where name = %s", numbers[0])
			connection.commit()
			ended.append("well")

	with stack.without_worker():
		names = [write(conversation_of(number), "Hi") for number in numbers]
		frappe.db.commit()
		claimed = [message for number in numbers for message in claim.claim(number, 1).messages]
		sender = worker.SendWorker()
		for message in claimed:
			sender.calls.in_flight[message.number] += 1
			sender.calls.done.put(call_that(message, sim, requests.exceptions.ConnectTimeout()))
		with another() as connection:
			thread = threading.Thread(target=other_job, args=[connection])
			thread.start()
			assert reached.wait(10)
			sender.write_outcomes(1)
			thread.join(20)
		assert ended == ["well"]
		assert {status_of(name) for name in names} == {"Queued"}
	eventually(lambda: all_sent(names))


def wait_for_waiting(cursor) -> None:
	"""Until another connection waits for a number's row, at most some seconds."""
	for _ in range(50):
		cursor.execute(
			"""select count(*) from information_schema.processlist
			where info like '%tabTwilio SMS Pace%for update%' and id != connection_id()"""
		)
		if cursor.fetchone()[0]:
			return
		time.sleep(0.1)
