"""Several agents at once in one ticket, and a customer who texts meanwhile."""

import threading
import time

import frappe
import pytest
from support.tickets import API, CONVERSATION, MESSAGE, told, written_in
from werkzeug.wrappers import Request

from twilio_sms_channel.api import ticket as endpoints
from twilio_sms_channel.infra import locks
from twilio_sms_channel.messaging.conversation import conversations


def bodies(ticket) -> list[str]:
	return [row.body for row in written_in(ticket)]


def at_once(*calls) -> list:
	"""What the calls answer that all begin at the same moment."""
	gate, answers = threading.Barrier(len(calls)), [None] * len(calls)

	def run(n, call):
		gate.wait(30)
		answers[n] = call()

	threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
	for thread in threads:
		thread.start()
	for thread in threads:
		thread.join(60)
	return answers


def test_of_two_composers_at_once_one_sees_the_others_text_first(agent, bob, ticket):
	newest = agent.call(f"{API}state", http="GET", ticket=ticket.name).json()["message"]["newest"]

	def send(person, body, seen):
		return person.call(f"{API}reply", ticket=ticket.name, message=body, seen=seen)

	answers = at_once(lambda: send(agent, "From Grace", newest), lambda: send(bob, "From Bob", newest))
	assert sorted(answer.status_code for answer in answers) == [200, 417]
	(first,) = written_in(ticket)
	late, other = (bob, "Grace") if first.sent_by == agent.user else (agent, "Bob")
	refused = next(answer for answer in answers if answer.status_code == 417)
	assert refused.json()["exc_type"] == "AnsweredMeanwhile"
	assert told(refused).startswith(f"{other} ")
	assert f"“{first.body}”" in told(refused)
	assert send(late, "Mine all the same", first.name).status_code == 200
	assert bodies(ticket) == [first.body, "Mine all the same"]


def test_those_who_switch_and_reply_at_once_take_turns(agent, bob, ticket):
	def switch(person, channel):
		return person.call(
			f"{API}switch_channel", ticket=ticket.name, channel=channel, email="ann@example.com"
		)

	calls = [
		lambda n=n: agent.call(f"{API}reply", ticket=ticket.name, message=f"Reply {n}") for n in range(4)
	]
	calls += [lambda p=p, c=c: switch(p, c) for p in (agent, bob) for c in ("SMS", "Email", "SMS")]
	answers = at_once(*calls)
	assert [told(answer) for answer in answers if answer.status_code != 200] == []


def test_of_two_reply_boxes_at_once_one_sees_the_others_text_first(agent, bob, ticket):
	answers = at_once(
		lambda: agent.reply(ticket.name, "<p>From Grace</p>"),
		lambda: bob.reply(ticket.name, "<p>From Bob</p>"),
	)
	assert sorted(answer.status_code for answer in answers) == [200, 417]
	assert len(bodies(ticket)) == 1
	late = bob if answers[1].status_code == 417 else agent
	assert late.reply(ticket.name, "<p>Mine all the same</p>").status_code == 200
	assert len(bodies(ticket)) == 2


def test_whoever_waits_behind_a_text_that_hangs_is_told_soon(agent, ticket, stack, monkeypatch):
	name = ticket.twilio_sms_conversation
	pair = frappe.db.get_value(CONVERSATION, name, ["number", "customer_number"])
	assert conversations.PERSON_WAITS_S <= 15
	monkeypatch.setattr(conversations, "PERSON_WAITS_S", 0.2)
	taken, done = threading.Event(), threading.Event()

	def hang():
		frappe.init(site=stack.site, sites_path=".")
		frappe.connect()
		with conversations.serialized(*pair):
			taken.set()
			done.wait(30)
		frappe.destroy()

	thread = threading.Thread(target=hang)
	thread.start()
	assert taken.wait(30)
	frappe.set_user(agent.user)
	begun = time.monotonic()
	try:
		with pytest.raises(conversations.Busy, match="Try again in a moment"):
			endpoints.reply(ticket.name, "Hello?")
		with pytest.raises(conversations.Busy, match="Try again in a moment"):
			endpoints.start(pair[1], "Hello?", number=pair[0])
		assert time.monotonic() - begun < 3
	finally:
		done.set()
		thread.join(30)
	assert endpoints.reply(ticket.name, "Hello?")["status"] == "Queued"
	# Nor is another wait that was in vain repeated, unless nobody waits for it.
	waits = []

	def wait():
		waits.append(1)
		raise frappe.QueryTimeoutError

	try:
		for request, times in ((Request({"REQUEST_METHOD": "POST"}), 1), (None, locks.TRIES_AT_ONCE)):
			frappe.local.request = request
			with pytest.raises(frappe.QueryTimeoutError):
				locks.again(wait)
			assert len(waits) == times
			waits.clear()
	finally:
		frappe.local.request = None


def test_a_conversation_that_was_deleted_meanwhile_is_said_to_be(agent, ticket):
	frappe.set_user(agent.user)
	with pytest.raises(frappe.DoesNotExistError, match="was deleted"):
		conversations.serialize("deleted", lambda: None)


def test_the_refusal_names_the_colleague_and_escapes_what_they_wrote(agent, bob, ticket):
	agent.reply(ticket.name, "<p>1 &lt; 2 <script>x</script></p>")
	refused = bob.reply(ticket.name, "<p>Hi</p>")
	assert "Grace Hopper answered" in told(refused)
	assert "1 &lt; 2" in told(refused) and "<script>" not in told(refused)
	assert "then press Send again" in told(refused)


def test_what_was_written_some_seconds_ago_counts_as_seen_in_the_reply_box(agent, bob, ticket):
	agent.reply(ticket.name, "<p>Earlier</p>")
	(row,) = written_in(ticket)
	frappe.db.set_value(MESSAGE, row.name, "creation", frappe.utils.add_to_date(None, seconds=-10))
	frappe.db.commit()
	assert bob.reply(ticket.name, "<p>Later</p>").status_code == 200


def test_ones_own_texts_and_automatic_ones_hold_nobody_up(agent, ticket, customer, stack):
	for body in ("One", "Two"):
		assert agent.reply(ticket.name, f"<p>{body}</p>").status_code == 200
	frappe.db.set_value(MESSAGE, written_in(ticket)[1].name, {"automatic": 1, "sent_by": None})
	frappe.db.commit()
	state = agent.call(f"{API}state", http="GET", ticket=ticket.name).json()["message"]
	hello = state["messages"][0]["name"]
	answer = agent.call(f"{API}reply", ticket=ticket.name, message="Three", seen=hello)
	assert answer.status_code == 200, answer.text


def test_a_program_that_says_nothing_of_what_it_saw_is_not_held_up(agent, bob, ticket):
	agent.reply(ticket.name, "<p>Hi</p>")
	assert bob.call(f"{API}reply", ticket=ticket.name, message="From a program").status_code == 200


def test_whoever_saw_nothing_sees_every_answer_first(agent, bob, ticket):
	agent.reply(ticket.name, "<p>Hi</p>")
	assert bob.call(f"{API}reply", ticket=ticket.name, message="x", seen="").status_code == 417


def test_a_repeated_request_is_answered_although_a_colleague_wrote_since(agent, bob, ticket):
	newest = agent.call(f"{API}state", http="GET", ticket=ticket.name).json()["message"]["newest"]
	ask = {"ticket": ticket.name, "message": "Once", "seen": newest, "request_id": frappe.generate_hash()}
	first = agent.call(f"{API}reply", **ask)
	assert bob.call(f"{API}reply", ticket=ticket.name, message="Me too").status_code == 200
	again = agent.call(f"{API}reply", **ask).json()["message"]
	assert again["message"] == first.json()["message"]["message"]


def test_a_program_answers_while_the_customer_texts(agent, customer, ticket, stack):
	begun = threading.Event()

	def text():
		for n in range(6):
			stack.simulator.text(from_=customer.number, to=stack.number, body=f"Text {n}")
			begun.set()

	texting = threading.Thread(target=text)
	texting.start()
	begun.wait(30)
	answers = [agent.call(f"{API}reply", ticket=ticket.name, message=f"Answer {n}") for n in range(5)]
	switched = agent.call(f"{API}switch_channel", ticket=ticket.name, channel="SMS")
	texting.join(60)
	assert [answer.status_code for answer in (*answers, switched)] == [200] * 6
	assert bodies(ticket) == [f"Answer {n}" for n in range(5)]
