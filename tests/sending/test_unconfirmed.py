"""A text whose answer got lost is never sent a second time on a guess: whatever Twilio's list says, and by whatever clock."""

from datetime import datetime, timedelta, timezone

import frappe
import pytest
from frappe.utils import add_to_date, now_datetime
from support import replies
from support.stack import eventually, status_of

from twilio_sms_channel.messaging.outbound import outbox
from twilio_sms_channel.messaging.sending import reconcile

MESSAGE = "Twilio SMS Message"


@pytest.fixture
def silent(sim):
	"""The answer to the next text gets lost, and all callbacks; Twilio has taken it."""
	sim.faults.always("callback_lost")
	sim.faults.next("timeout_after", 1)
	yield
	sim.clock_ahead_s = 0


def reply(agent, ticket, body="Hi") -> str:
	answer = agent.call("twilio_sms_channel.api.ticket.reply", ticket=ticket.name, message=body)
	assert answer.status_code == 200, answer.text
	return answer.json()["message"]["message"]


def fact(message, field):
	frappe.db.rollback()
	return frappe.db.get_value(MESSAGE, message, field)


def shown(agent, ticket) -> dict:
	answer = agent.call("twilio_sms_channel.api.ticket.state", http="GET", ticket=ticket.name)
	return answer.json()["message"]["messages"][-1]


@pytest.mark.parametrize("ahead_s", [-90, 3600])
def test_a_text_is_found_whatever_twilios_clock_says(agent, customer, sim, ticket, silent, ahead_s):
	sim.clock_ahead_s = ahead_s
	message = reply(agent, ticket)
	eventually(lambda: status_of(message) not in ("Queued", "Sending", "Unconfirmed"))
	assert [m.sid for m in customer.inbox()] == [fact(message, "twilio_sid")]


def test_a_text_is_found_although_smart_encoding_changed_its_words(agent, customer, sim, ticket, silent):
	sim.faults.next("smart_encoding")
	message = reply(agent, ticket, "Open ½ 9 – 5, “naïve” №1 ℡ ﬁne")
	eventually(lambda: status_of(message) not in ("Queued", "Sending", "Unconfirmed"))
	assert [m.sid for m in customer.inbox()] == [fact(message, "twilio_sid")]


def test_where_the_list_proves_nothing_the_agent_decides(agent, customer, sim, ticket, silent):
	sim.faults.next("redaction")
	message = reply(agent, ticket, "Your code is 1234")
	eventually(lambda: fact(message, "needs_decision"))
	assert status_of(message) == "Unconfirmed"
	assert len(customer.inbox()) == 1
	row = shown(agent, ticket)
	assert row["can_retry"] and row["can_email"] and row["error"]["actions"] == ["retry", "email"]
	assert "may have been sent" in row["fate"]
	# Later texts do not wait for the decision.
	later = reply(agent, ticket, "Anything else?")
	eventually(lambda: status_of(later) == "Accepted")
	# Asked first, then done.
	retry = "twilio_sms_channel.api.ticket.retry"
	asked = agent.call(retry, message=message)
	assert asked.status_code == 417 and "press Send Again once more" in asked.text
	assert status_of(message) == "Unconfirmed"
	replies.question_was_read()
	assert agent.call(retry, message=message).status_code == 200
	eventually(lambda: status_of(message) == "Accepted")
	assert [m.body for m in customer.inbox()] == ["Your code is 1234", "Anything else?", "Your code is 1234"]
	assert not fact(message, "needs_decision")


def test_a_report_that_comes_after_all_decides(agent, customer, sim, ticket):
	message = reply(agent, ticket)
	eventually(lambda: status_of(message) == "Delivered")
	sim.wait_idle(10)
	frappe.db.set_value(MESSAGE, message, {"status": "Unconfirmed", "needs_decision": 1, "twilio_sid": None})
	frappe.db.commit()
	(at_twilio,) = customer.inbox()
	sim._outbound._call_back(at_twilio)
	eventually(lambda: status_of(message) == "Delivered")
	assert not fact(message, "needs_decision") and fact(message, "twilio_sid") == at_twilio.sid


def test_without_twilios_clock_nothing_is_proven(site):
	noon = datetime(2026, 10, 25, 12, tzinfo=timezone.utc)
	before = noon - timedelta(seconds=121)
	assert reconcile.Listed([], noon, True).proves_absence(before, after_s=120)
	assert not reconcile.Listed([], None, True).proves_absence(before, after_s=120)
	assert not reconcile.Listed([], noon, True).proves_absence(None, after_s=120)
	assert not reconcile.Listed([], noon, False).proves_absence(before, after_s=120)
	assert not reconcile.Listed([], noon, True).proves_absence(before, after_s=121)


def test_absence_is_timed_by_twilios_clock_alone(stack):
	"""The database's clock jumps ahead after the call: nothing was looked up any longer for that."""
	noon = datetime(2026, 10, 25, 12, tzinfo=timezone.utc)
	with stack.without_worker():
		message = outbox.write(replies.conversation(stack, stack.number), "Hi").name
		long_ago = add_to_date(now_datetime(), minutes=-10)

		def look(seconds: float) -> tuple:
			facts = {"tried_at": long_ago, "next_attempt": long_ago}
			frappe.db.set_value(MESSAGE, message, facts)
			(search,) = (found for found in reconcile.due() if found.name == message)
			at = noon + timedelta(seconds=seconds)
			reconcile.reconcile(search, reconcile.Listed([], at, to_the_end=True))
			frappe.db.commit()
			return search, status_of(message), fact(message, "looked_up_since_utc")

		frappe.db.set_value(MESSAGE, message, "status", "Sending")
		reconcile.mark_unconfirmed(message, "The answer was lost.")
		since = noon.replace(tzinfo=None)
		for seconds in (0, 2, 3):
			search, *told = look(seconds)
			assert told == ["Unconfirmed", since] and not fact(message, "needs_decision")
		search, *told = look(4)
		assert told[0] == "Queued"
		# The next attempt is looked for from its own beginning; what was seen of the first one tells nothing of it.
		frappe.db.set_value(MESSAGE, message, {"status": "Sending", "tried_at": now_datetime()})
		reconcile.mark_unconfirmed(message, "The answer was lost again.")
		reconcile.reconcile(search, reconcile.Listed([], noon + timedelta(minutes=9), to_the_end=True))
		frappe.db.commit()
		assert (status_of(message), fact(message, "looked_up_since_utc")) == ("Unconfirmed", None)
		frappe.db.set_value(MESSAGE, message, "status", "Canceled")
		frappe.db.commit()


def test_an_agent_is_asked_although_twilios_clock_has_gone_back(stack):
	"""A clock that was years ahead when the list was first read does not keep the text, and later ones, for years."""
	noon = datetime(2026, 10, 25, 12, tzinfo=timezone.utc)
	with stack.without_worker():
		message = outbox.write(replies.conversation(stack, stack.number), "Hi").name
		frappe.db.set_value(MESSAGE, message, "status", "Sending")
		reconcile.mark_unconfirmed(message, "The answer was lost.")
		long_ago = add_to_date(now_datetime(), minutes=-10)
		for at in (noon + timedelta(days=3650), noon):
			frappe.db.set_value(MESSAGE, message, {"tried_at": long_ago, "next_attempt": long_ago})
			(search,) = (found for found in reconcile.due() if found.name == message)
			assert not fact(message, "needs_decision")
			reconcile.reconcile(search, reconcile.Listed([], at, to_the_end=True))
			frappe.db.commit()
		assert (status_of(message), fact(message, "needs_decision")) == ("Unconfirmed", 1)
		frappe.db.set_value(MESSAGE, message, {"status": "Canceled", "needs_decision": 0})
		frappe.db.commit()
