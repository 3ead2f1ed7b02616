"""STOP, START and HELP, the words that only sound like them, and who answers."""

import frappe
import pytest
from frappe.utils import now_datetime
from support import desks
from support.stack import Customer, eventually, ticket_of
from support.tickets import feed, says_in_feed

from twilio_sms_channel.messaging.conversation import keywords

EVENT = "Twilio SMS Consent Event"


def events(customer):
	frappe.db.rollback()
	return [
		(row.event, row.source, row.word)
		for row in frappe.get_all(
			EVENT,
			filters={"customer_number": customer.number},
			fields=["event", "source", "word"],
			order_by="occurred_at, creation",
		)
	]


def conversation_of(message):
	frappe.db.rollback()
	return frappe.get_doc("Twilio SMS Conversation", message.conversation)


@pytest.mark.parametrize(
	("body", "word"),
	[
		("STOP", "STOP"),
		(" stop\n", "STOP"),
		("StopAll", "STOP"),
		("REVOKE", "STOP"),
		("optout", "STOP"),
		("Unsubscribe", "STOP"),
		("unstop", "START"),
		("Yes", "START"),
		("info", "HELP"),
		("stop it", ""),
		("STOP.", ""),
		("Help me please", ""),
		("", ""),
		(None, ""),
	],
)
def test_keywords_are_whole_texts(body, word):
	assert keywords.keyword(body) == word


WISHES = [
	"please stop texting me",
	"STOP.",
	" Stop. ",
	"Stop!!",
	"Please stop",
	"STOP STOP",
	"stop, stop please",
	"s t o p",
	"STO P",
	"st\u200bop",
	"Stop. Thank you",
	"No. Stop.",
	"STOP ALL",
	"stop it",
	'"STOP"',
	"ＳＴＯＰ",
	"don't text me again",
	"Don’t text me",
	"do not call or text",
	"do not send me messages, unsubscribe me",
	"remove me from your list",
	"lose my number",
	"I want to opt out",
	"no more texts",
	"Wrong number",
	"you have the wrong number",
	"Sorry, wrong person",
	"leave me alone",
	'I said "please stop texting me"',
	"STOPP",
	"Bitte keine Nachrichten mehr",
	"Schreiben Sie mir bitte nicht mehr",
	"ARRÊT",
	"ARRET",
	"Arrêtez s'il vous plaît",
	"Ne m'envoyez plus de SMS",
	"Désabonnez-moi",
	"BAJA",
	"Quiero darme de baja",
	"No quiero recibir más mensajes",
	"Não quero mais receber mensagens",
	"Non scrivetemi più",
	"Geen berichten meer aub",
]
NO_WISHES = [
	"STOP",
	"The bus stop is closed",
	"Where does the train stop?",
	"I can stop by tomorrow",
	"Can you cancel my order?",
	"Text me when it is there",
	"Don't call, text me",
	"I will quit my job",
	"My phone stopped working",
	"Please don't hesitate to text me",
	"Wrong number on my invoice",
	"The wrong number of lamps came",
	"Ich habe keine Nachrichten bekommen",
	# Taps on a text of ours that ends in how to stop, and a question about it.
	"Liked “Your lamp is ready. Reply STOP to get no more texts.”",
	'Loved "Blue Lamp Repairs: your lamp is ready. Reply STOP to get no more texts."',
	"👍 to “ Your lamp is ready. Reply STOP to get no more texts. ”",
	"Removed a like from “Reply STOP to unsubscribe”",
	"Gefällt „Ihre Lampe ist fertig. Antworten Sie STOP, um keine Nachrichten mehr zu bekommen.“",
	'What does "Reply STOP to get no more texts" mean?',
]


@pytest.mark.parametrize(
	("body", "is_wish"), [*((body, True) for body in WISHES), *((body, False) for body in NO_WISHES)]
)
def test_near_misses(body, is_wish):
	assert keywords.may_want_to_stop(body) == is_wish


def test_stop_and_start_are_kept_with_word_time_and_source(customer, sim, agent):
	ticket = ticket_of(customer.text("Hello"))
	stop = customer.text(" Stop ")
	assert ticket_of(stop).name == ticket.name
	assert conversation_of(stop).opted_out
	customer.text("HELP")
	start = customer.text_after_stop("unstop")
	# So soon after STOP that webhooks may have overtaken each other: Twilio is asked.
	eventually(lambda: not conversation_of(start).opted_out)
	assert events(customer) == [
		("Opted Out", "Customer's Text", " Stop "),
		("Asked for Help", "Customer's Text", "HELP"),
		("Opted In", "Customer's Text", "unstop"),
	]
	row = frappe.get_last_doc(EVENT, {"message": stop.name})
	assert row.occurred_at == stop.received_at
	# Twilio has answered; this app must not do it again.
	assert not customer.inbox()


def test_yes_as_a_plain_answer_is_no_event(customer, sim):
	customer.text("Yes")
	assert events(customer) == []


def test_twilios_own_keywords_count(customer, sim):
	"""Advanced Opt-Out: words that only the Twilio account knows."""
	message = customer.text("ARRET", OptOutType="STOP")
	assert conversation_of(message).opted_out
	assert events(customer) == [("Opted Out", "Twilio's Keyword", "ARRET")]


def test_an_opt_out_holds_for_the_whole_messaging_service(customer, sim, stack):
	service = "MG" + frappe.generate_hash(length=32).translate(
		str.maketrans("ghijklmnopqrstuvwxyz", "a" * 20)
	)
	numbers = [stack.add_number(messaging_service_sid=service) for _ in range(3)]
	first = customer.text("Hello", to=numbers[0])
	stop = customer.text("STOP", to=numbers[1])
	assert conversation_of(first).opted_out
	assert conversation_of(stop).opted_out
	# One that begins later is opted out from its start.
	assert conversation_of(customer.text("Hello", to=numbers[2])).opted_out
	assert not conversation_of(customer.text("Hello", to=stack.number)).opted_out
	start = customer.text_after_stop(to=numbers[0])
	eventually(lambda: not conversation_of(stop).opted_out)
	assert frappe.get_last_doc(EVENT, {"message": start.name}).service_sid == service


def test_an_opt_out_is_for_its_number_alone(customer, sim, stack):
	elsewhere = customer.text("Hello", to=stack.other_number)
	customer.text("STOP")
	assert not conversation_of(elsewhere).opted_out


def test_a_near_miss_is_shown_and_not_acted_on(customer, sim, agent):
	message = customer.text("Please stop texting me")
	conversation = conversation_of(message)
	assert message.may_want_to_stop
	assert conversation.may_want_to_stop
	assert not conversation.opted_out
	assert events(customer) == []
	ticket = ticket_of(message)
	state = agent.call("twilio_sms_channel.api.ticket.state", http="GET", ticket=ticket.name).json()[
		"message"
	]
	assert state["may_want_to_stop"]
	assert state["can_text"]
	assert says_in_feed(agent, ticket, "wrote none of the words")
	assert state["ask_first"]
	# The agent is asked before the next text, whichever way it is written.
	refused = agent.reply(ticket.name, "<p>Do you want us to stop?</p>")
	assert refused.status_code == 417 and "Keep Texting" in refused.text
	for endpoint, args in (
		("reply", {"ticket": ticket.name}),
		("start", {"to": customer.number, "number": message.number}),
	):
		refused = agent.call(f"twilio_sms_channel.api.ticket.{endpoint}", message="Hi", **args)
		assert refused.json()["exc_type"] == "MayWantToStop", refused.text
	assert not customer.inbox()
	state = agent.call("twilio_sms_channel.api.ticket.keep_texting", ticket=ticket.name).json()["message"]
	assert not state["may_want_to_stop"] and not state["ask_first"]
	assert [event["what"] for event in state["events"]][-1].endswith("still wants text messages")
	assert agent.reply(ticket.name, "<p>Do you want us to stop?</p>").status_code == 200
	customer.text("Stop.")
	assert agent.reply(ticket.name, "<p>Hi</p>").status_code == 417
	started = agent.call(
		"twilio_sms_channel.api.ticket.start",
		to=customer.number,
		number=message.number,
		message="Hi",
		confirmed=1,
	)
	assert started.ok, started.text


def test_an_agent_notes_an_opt_out(customer, sim, agent):
	ticket = ticket_of(customer.text("Please stop texting me"))
	state = agent.call("twilio_sms_channel.api.ticket.opt_out", ticket=ticket.name).json()["message"]
	assert state["opted_out"]
	assert not state["can_text"]
	assert not state["may_want_to_stop"]
	assert events(customer) == [("Opted Out", "Agent", None)] or events(customer) == [
		("Opted Out", "Agent", "")
	]
	assert frappe.get_last_doc(EVENT, {"customer_number": customer.number}).entered_by == agent.user
	assert agent.reply(ticket.name, "<p>Hi</p>").status_code == 417


def test_a_refusal_by_twilio_is_kept_as_an_opt_out(stack, sim, agent):
	refused = Customer(stack)
	refused.number = "+15005550004"
	message = refused.text("Hello")
	agent.reply(ticket_of(message).name, "<p>Hi</p>")
	eventually(lambda: conversation_of(message).opted_out)
	filters = {"customer_number": refused.number, "number": stack.number}
	assert frappe.get_all(EVENT, filters, pluck="source") == ["Twilio's Refusal"]


@pytest.fixture
def short_code(stack):
	number = str(20000 + now_datetime().microsecond % 70000)
	while frappe.db.exists("Twilio SMS Number", number):
		number = str(int(number) + 1)
	frappe.get_doc(
		{
			"doctype": "Twilio SMS Number",
			"phone_number": number,
			"account": stack.account,
			"description": "Example Shop",
			"help_answer": "Example Shop, call +1 415 555 0100. Reply STOP to stop.",
		}
	).insert()
	frappe.db.commit()
	stack.simulator.add_number(
		stack.account_sid,
		number,
		kind="short code",
		sms_url=stack.web + "/api/method/twilio_sms_channel.api.webhooks.inbound",
	)
	return number


def test_on_a_short_code_the_app_answers(customer, sim, short_code, agent):
	ticket = ticket_of(customer.text("Hello", to=short_code))
	customer.text("STOP", to=short_code)
	eventually(lambda: len(customer.inbox()) == 1)
	customer.text("HELP", to=short_code)
	eventually(lambda: len(customer.inbox()) == 2)
	message = customer.text_after_stop(to=short_code)
	eventually(lambda: len(customer.inbox()) == 3)
	stop, help_, start = (m.body for m in customer.inbox())
	assert stop.startswith("Example Shop: You will get no more messages")
	assert help_ == "Example Shop, call +1 415 555 0100. Reply STOP to stop."
	assert start.startswith("Example Shop: You will get our messages again")
	ticket.reload()
	# An automatic answer is no agent's reply.
	assert not ticket.first_responded_on
	assert not conversation_of(message).opted_out
	state = agent.call("twilio_sms_channel.api.ticket.state", http="GET", ticket=ticket.name).json()[
		"message"
	]
	assert [m["by"] for m in state["messages"] if m["direction"] == "Outbound"] == ["Automatic"] * 3
	if desks.default().has_feed:
		entries = feed(agent, ticket)
		assert [e["user"]["name"] for e in entries if "Example Shop" in e["content"]] == ["Automatic"] * 3
