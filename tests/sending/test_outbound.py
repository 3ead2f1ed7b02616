"""A reply is sent at most once, in order, and the agent learns its fate."""

import threading

import frappe
import pytest
from frappe.utils import now_datetime
from support import replies
from support.stack import Customer, eventually, lifted, status_of, ticket_of


def reply(agent, ticket, body="Hi"):
	answer = agent.call("twilio_sms_channel.api.ticket.reply", ticket=ticket.name, message=body)
	assert answer.status_code == 200, answer.text
	return answer.json()["message"]["message"]


def settled(message, *statuses):
	return eventually(lambda: (s := status_of(message)) in statuses and s)


def fact(message, field):
	frappe.db.rollback()
	return frappe.db.get_value("Twilio SMS Message", message, field)


def test_replies_arrive_in_the_order_written(agent, customer, ticket):
	written = [str(n) for n in range(8)]
	for body in written:
		last = reply(agent, ticket, body)
	settled(last, "Delivered")
	assert [m.body for m in customer.inbox()] == written


def test_after_429_the_text_is_sent_once(agent, customer, sim, ticket):
	sim.faults.next("rate_limit", 2)
	settled(reply(agent, ticket), "Delivered")
	assert len(customer.inbox()) == 1


@pytest.mark.parametrize("fault", ["error_after", "timeout_after"])
def test_an_answer_that_got_lost_sends_nothing_twice(agent, customer, sim, ticket, fault):
	sim.faults.next(fault, 1)
	message = reply(agent, ticket)
	# The callbacks tell the fate that the lost answer did not.
	settled(message, "Delivered", "Unconfirmed")
	eventually(lambda: len(customer.inbox()) == 1)
	settled(message, "Delivered")
	assert fact(message, "twilio_sid") == customer.inbox()[0].sid


@pytest.mark.parametrize("fault", ["error_before", "timeout_before"])
def test_a_text_that_twilio_certainly_does_not_have_is_sent_once(agent, customer, sim, ticket, fault):
	sim.faults.next(fault, 1)
	message = reply(agent, ticket)
	settled(message, "Unconfirmed")
	assert "sent again only if it is not there" in fact(message, "error_message")
	assert agent.call("twilio_sms_channel.api.ticket.retry", message=message).status_code == 200
	assert status_of(message) == "Unconfirmed"
	assert customer.inbox() == []
	settled(message, "Delivered")
	assert len(customer.inbox()) == 1


def test_what_was_written_after_an_unconfirmed_text_waits_for_it(agent, customer, sim, ticket):
	sim.faults.next("timeout_before", 1)
	first = reply(agent, ticket, "First")
	settled(first, "Unconfirmed")
	second = reply(agent, ticket, "Second")
	settled(second, "Delivered")
	assert [m.body for m in customer.inbox()] == ["First", "Second"]


def test_reordered_and_doubled_callback_end_in_delivered(agent, sim, ticket):
	sim.faults.next("callback_reordered", 3)
	sim.faults.next("callback_doubled", 3)
	message = reply(agent, ticket)
	settled(message, "Delivered")
	sim.wait_idle(10)
	assert status_of(message) == "Delivered"


def test_a_refusal_by_twilio_is_said_in_plain_words(agent, stack, sim):
	landline = Customer(stack)
	landline.number = f"+19075{landline.number[-6:-5]}30006"
	ticket = ticket_of(landline.text("Call me"))
	message = reply(agent, ticket)
	settled(message, "Undelivered", "Failed")
	assert fact(message, "error_code") == "30006"
	assert "landline" in fact(message, "error_message")
	state = agent.call("twilio_sms_channel.api.ticket.state", http="GET", ticket=ticket.name).json()[
		"message"
	]
	assert state["messages"][-1]["fate"].startswith("Not delivered: ")
	assert state["messages"][-1]["can_retry"]


def test_a_number_that_no_text_gets_to_is_remembered_until_it_texts(agent, stack, sim):
	landline = Customer(stack)
	landline.number = f"+19076{landline.number[-6:-5]}30006"
	ticket = ticket_of(landline.text("Call me"))
	settled(reply(agent, ticket), "Undelivered")
	before = len(landline.inbox())
	refused = agent.call("twilio_sms_channel.api.ticket.reply", ticket=ticket.name, message="Hello?")
	assert refused.status_code == 417
	assert "landline" in refused.text and "send once more" in refused.text
	assert len(landline.inbox()) == before
	# Whoever sends it once more means it. The next text is asked about again, in the reply box too, and also from
	# another number of ours.
	again = agent.call("twilio_sms_channel.api.ticket.reply", ticket=ticket.name, message="Hello?")
	assert again.status_code == 417 and "send once more" in again.text, "nobody has read it by then"
	replies.question_was_read()
	settled(reply(agent, ticket, "Hello?"), "Undelivered")
	assert agent.reply(ticket.name, "<p>Hello?</p>").status_code == 417
	frappe.cache().delete_keys("twilio_sms_asked")
	other = {"to": landline.number, "message": "Hello?", "number": stack.other_number}
	assert agent.call("twilio_sms_channel.api.ticket.start", **other).status_code == 417
	frappe.cache().delete_keys("twilio_sms_asked")
	assert len(landline.inbox()) == before + 1
	state = agent.call("twilio_sms_channel.api.ticket.state", http="GET", ticket=ticket.name).json()[
		"message"
	]
	assert "landline" in state["unreachable"] and state["can_text"]
	landline.text("I have a mobile now")
	reply(agent, ticket, "Good")


def test_a_number_that_a_text_gets_to_is_reachable_from_all_of_ours(agent, stack, customer, ticket):
	from twilio_sms_channel.messaging.delivery import message_status

	sent = reply(agent, ticket)
	settled(sent, "Delivered")
	start = {"to": customer.number, "message": "Hello", "number": stack.other_number}
	assert agent.call("twilio_sms_channel.api.ticket.start", **start).status_code == 200
	theirs = {"customer_number": customer.number}

	def marks() -> list:
		return frappe.get_all("Twilio SMS Conversation", theirs, pluck="unreachable_since")

	for report in ("delivered", "read"):
		frappe.db.set_value("Twilio SMS Message", sent, "status", "Sent")
		frappe.db.set_value("Twilio SMS Conversation", theirs, "unreachable_since", now_datetime())
		assert len(marks()) == 2 and all(marks())
		assert message_status.apply_callback(sent, report)
		assert marks() == [None, None]
	frappe.db.set_value("Twilio SMS Message", sent, "status", "Sent")
	assert message_status.apply_callback(sent, "undelivered", "30006")
	assert any(marks())


def test_what_would_not_leave_is_not_sent_again(agent, customer, ticket):
	sent = reply(agent, ticket)
	settled(sent, "Delivered")
	customer.text("STOP")
	frappe.db.set_value("Twilio SMS Message", sent, {"status": "Failed", "twilio_sid": None})
	frappe.db.commit()
	refused = agent.call("twilio_sms_channel.api.ticket.retry", message=sent)
	assert refused.status_code == 417 and "opted out" in refused.text
	assert status_of(sent) == "Failed"


def test_what_arrived_after_all_is_not_sent_again(agent, customer, sim, ticket):
	from twilio_sms_channel.messaging.delivery import message_status

	sent = reply(agent, ticket)
	settled(sent, "Delivered")
	sim.wait_idle(10)
	retry = "twilio_sms_channel.api.ticket.retry"
	given_back = {"status": "Undelivered", "error_code": "30003"}
	(at_twilio,) = customer.inbox()

	def give_back():
		frappe.db.set_value("Twilio SMS Message", sent, given_back)
		frappe.db.commit()

	# The report of its arrival was lost, or comes late, or when the text waits to be sent again.
	give_back()
	refused = agent.call(retry, message=sent)
	assert refused.status_code == 417 and "arrived after all" in refused.text
	assert status_of(sent) == "Delivered"
	give_back()
	sim._outbound._call_back(at_twilio)
	settled(sent, "Delivered")
	waiting = {"status": "Queued", "twilio_sid": None, "earlier_sids": at_twilio.sid}
	frappe.db.set_value("Twilio SMS Message", sent, waiting)
	message_status.apply_earlier_callback(sent, "undelivered", at_twilio.sid)
	message_status.apply_earlier_callback(sent, "delivered", at_twilio.sid)
	assert frappe.db.get_value("Twilio SMS Message", sent, ["status", "twilio_sid"]) == (
		"Delivered",
		at_twilio.sid,
	)
	frappe.db.rollback()
	# Twilio cannot be asked, or does not know yet: the agent decides.
	give_back()
	sim.faults.next("outage")
	refused = agent.call(retry, message=sent)
	assert refused.status_code == 417 and "cannot be asked" in refused.text
	at_twilio.status = "sent"
	frappe.cache().delete_keys("twilio_sms_asked")
	refused = agent.call(retry, message=sent)
	assert refused.status_code == 417 and "still on its way" in refused.text
	assert agent.call(retry, message=sent).status_code == 417, "a double click is no answer"
	assert len(customer.inbox()) == 1
	replies.question_was_read()
	assert agent.call(retry, message=sent).status_code == 200
	eventually(lambda: len(customer.inbox()) == 2)


def test_stop_is_kept_in_the_ticket_and_no_text_follows_until_start(agent, customer, sim, ticket):
	customer.text("STOP")
	answer = agent.reply(ticket.name, "<p>Please stay</p>")
	assert answer.status_code == 417
	assert "opted out" in answer.text
	frappe.db.rollback()
	assert frappe.db.get_value("Twilio SMS Conversation", ticket.twilio_sms_conversation, "opted_out")
	ours_before = len([m for m in customer.inbox() if m.body == "Welcome back"])
	customer.text_after_stop()
	# So soon after STOP, Twilio is asked which was the last.
	lifted(ticket)
	assert agent.reply(ticket.name, "<p>Welcome back</p>").status_code == 200
	eventually(lambda: len([m for m in customer.inbox() if m.body == "Welcome back"]) == ours_before + 1)


def test_a_text_queued_before_stop_is_blocked_without_a_call(customer, sim, ticket):
	from twilio_sms_channel.messaging.sending import worker

	frappe.db.set_value(
		"Twilio SMS Conversation", ticket.twilio_sms_conversation, "opted_out", 1, update_modified=False
	)
	frappe.db.commit()
	message = frappe.get_doc(
		{
			"doctype": "Twilio SMS Message",
			"direction": "Outbound",
			"status": "Queued",
			"account": frappe.db.get_value("Twilio SMS Number", {"name": ("like", "+1%")}, "account"),
			"number": frappe.db.get_value(
				"Twilio SMS Conversation", ticket.twilio_sms_conversation, "number"
			),
			"customer_number": customer.number,
			"conversation": ticket.twilio_sms_conversation,
			"body": "too late",
		}
	).insert(ignore_permissions=True)
	frappe.db.commit()
	worker.run()
	assert status_of(message.name) == "Blocked"
	assert not any(request.form.get("Body") == ["too late"] for request in sim.requests)


def test_an_opt_out_that_only_twilio_knows_is_learnt_from_its_refusal(agent, customer, sim, ticket):
	customer.text("STOP")
	# As if its webhook had never come.
	frappe.db.delete("Twilio SMS Consent Event", {"customer_number": customer.number})
	frappe.db.set_value("Twilio SMS Conversation", ticket.twilio_sms_conversation, "opted_out", 0)
	frappe.db.commit()
	message = reply(agent, ticket)
	settled(message, "Blocked")
	assert fact(message, "error_code") == "21610"
	assert frappe.db.get_value("Twilio SMS Conversation", ticket.twilio_sms_conversation, "opted_out")


@pytest.mark.parametrize(
	("body", "says"),
	[("", "empty"), ("   ", "empty"), ("x" * 1601, "1601 characters")],
	ids=["none", "blank", "long"],
)
def test_what_cannot_be_sent_is_refused_with_the_reason(agent, ticket, body, says):
	answer = agent.call("twilio_sms_channel.api.ticket.reply", ticket=ticket.name, message=body)
	assert answer.status_code == 417
	assert says in answer.text
	frappe.db.rollback()
	assert not frappe.db.exists(
		"Twilio SMS Message", {"conversation": ticket.twilio_sms_conversation, "direction": "Outbound"}
	)


def test_a_number_that_is_switched_off_sends_nothing(agent, customer, stack, sim):
	number = stack.add_number()
	ticket = ticket_of(customer.text("Hello", to=number))
	frappe.db.set_value("Twilio SMS Number", number, "enabled", 0)
	frappe.clear_document_cache("Twilio SMS Number", number)
	frappe.db.commit()
	answer = agent.reply(ticket.name, "<p>Hi</p>")
	assert answer.status_code == 417
	assert "switched off" in answer.text


def test_two_workers_never_send_the_same_text(customer, sim, ticket, stack):
	"""Real threads, each with its own connection, all told to send the same message."""
	from twilio_sms_channel.messaging.outbound import outbox
	from twilio_sms_channel.messaging.sending import worker

	frappe.db.rollback()
	conversation = frappe.get_doc("Twilio SMS Conversation", ticket.twilio_sms_conversation)
	message = outbox.write(conversation, "Only once").name
	frappe.db.commit()

	def work():
		frappe.init(site=stack.site, sites_path=".")
		frappe.connect()
		frappe.local.conf.twilio_sms_api_base_url = sim.base_url
		try:
			worker.run()
		finally:
			frappe.destroy()

	threads = [threading.Thread(target=work) for _ in range(4)]
	for thread in threads:
		thread.start()
	for thread in threads:
		thread.join()
	settled(message, "Delivered")
	assert [m.body for m in customer.inbox()] == ["Only once"]


def test_the_sweep_sends_what_a_lost_job_left_queued(customer, sim, ticket):
	from twilio_sms_channel.messaging.outbound import outbox
	from twilio_sms_channel.messaging.upkeep import sweep

	conversation = frappe.get_doc("Twilio SMS Conversation", ticket.twilio_sms_conversation)
	message = outbox.write(conversation, "From the sweep").name
	frappe.db.after_commit.reset()
	frappe.db.set_value(
		"Twilio SMS Message",
		message,
		"creation",
		frappe.utils.add_to_date(None, minutes=-5),
		update_modified=False,
	)
	frappe.db.commit()
	assert status_of(message) == "Queued"
	sweep.run()
	settled(message, "Delivered")


def test_a_text_abandoned_while_sending_is_looked_up_and_sent(customer, sim, ticket):
	from twilio_sms_channel.messaging.outbound import outbox
	from twilio_sms_channel.messaging.upkeep import sweep

	conversation = frappe.get_doc("Twilio SMS Conversation", ticket.twilio_sms_conversation)
	message = outbox.write(conversation, "Who knows").name
	frappe.db.after_commit.reset()
	frappe.db.set_value("Twilio SMS Message", message, {"status": "Sending", "tried_at": now_datetime()})
	frappe.db.commit()
	sweep.run()
	settled(message, "Unconfirmed")
	assert "The worker stopped while sending." in fact(message, "error_message")
	settled(message, "Delivered")
	assert [m.body for m in customer.inbox()] == ["Who knows"]


def test_without_a_public_address_the_text_goes_out_without_a_callback(customer, sim, ticket):
	from twilio_sms_channel.infra import public_url

	simulator = frappe.local.conf.pop("twilio_sms_api_base_url")
	try:
		assert public_url.status_callback("x") == ""
	finally:
		frappe.local.conf.twilio_sms_api_base_url = simulator


def test_hooks_of_other_apps_are_called_with_the_message():
	from twilio_sms_channel.infra import listeners

	# No app on the test site listens: asking must cost nothing and break nothing.
	assert listeners.notify("twilio_sms_message_received", None) is None
	assert listeners.guard("twilio_sms_before_send", None) is None
