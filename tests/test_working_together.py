"""Several agents, and several tickets at once."""

import threading
import time

import frappe
import pytest
import requests
from support.people import make_agent
from support.stack import Customer, eventually, lifted, ticket_of
from werkzeug.wrappers import Request

from twilio_sms_channel.api import ticket as doors
from twilio_sms_channel.content import media_links
from twilio_sms_channel.infra import locks
from twilio_sms_channel.messaging.conversation import conversations
from twilio_sms_channel.messaging.outbound import outbox

API = "twilio_sms_channel.api.ticket."
HELPDESK = "helpdesk.helpdesk.doctype.hd_ticket.api."
BULK_REPLY = "helpdesk.api.ticket.bulk_reply"
MESSAGE, CONVERSATION = "Twilio SMS Message", "Twilio SMS Conversation"


@pytest.fixture(scope="session")
def bob(stack, admin):
	return stack.login(make_agent("tsms-bob@example.com", "Bob", "Smith"))


def written_in(ticket) -> list:
	"""Our texts of a ticket, oldest first."""
	frappe.db.rollback()
	return frappe.get_all(
		MESSAGE,
		{"conversation": ticket.twilio_sms_conversation, "direction": "Outbound"},
		["name", "body", "sent_by", "status", "communication"],
		order_by="creation",
	)


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


def told(answer) -> str:
	"""What a refusal says."""
	return frappe.parse_json(frappe.parse_json(answer.json()["_server_messages"])[0])["message"]


# --- two agents at once ---------------------------------------------------------------------------------------------


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
		with conversations.turn(*pair):
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
			doors.reply(ticket.name, "Hello?")
		with pytest.raises(conversations.Busy, match="Try again in a moment"):
			doors.start(pair[1], "Hello?", number=pair[0])
		assert time.monotonic() - begun < 3
	finally:
		done.set()
		thread.join(30)
	assert doors.reply(ticket.name, "Hello?")["status"] == "Queued"
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
		conversations.in_turn("deleted", lambda: None)


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


# --- many tickets at once -----------------------------------------------------------------------------------------


def email_ticket(**fields):
	address = f"m{frappe.generate_hash(length=10)}@example.com"
	contact = frappe.get_doc({"doctype": "Contact", "first_name": "Mia"})
	contact.append("email_ids", {"email_id": address, "is_primary": 1})
	contact.insert()
	ticket = frappe.get_doc(
		{
			"doctype": "HD Ticket",
			"subject": "By mail",
			"raised_by": address,
			"contact": contact.name,
			**fields,
		}
	).insert()
	received(ticket, "I write by mail", message_id=f"{frappe.generate_hash()}@example.com")
	return frappe.get_doc("HD Ticket", ticket.name)


def received(ticket, content: str, **fields):
	"""An e-mail of the customer in a ticket. Commits."""
	communication = frappe.get_doc(
		{
			"doctype": "Communication",
			"communication_type": "Communication",
			"communication_medium": "Email",
			"sent_or_received": "Received",
			"status": "Linked",
			"sender": ticket.raised_by,
			"subject": ticket.subject,
			"content": content,
			"reference_doctype": "HD Ticket",
			"reference_name": str(ticket.name),
			**fields,
		}
	).insert(ignore_permissions=True)
	frappe.db.commit()
	return communication


def mails_to(address: str) -> list:
	frappe.db.rollback()
	return frappe.get_all("Email Queue Recipient", {"recipient": address}, pluck="parent")


def test_a_bulk_reply_goes_out_by_each_tickets_channel_and_says_what_did_not(agent, stack, sim, picture):
	ticket_api = pytest.importorskip("helpdesk.api.ticket")
	if not hasattr(ticket_api, "bulk_reply"):
		pytest.skip("Helpdesk before v1.26 has no bulk reply")
	customers = [Customer(stack) for _ in range(3)]
	tickets = [ticket_of(one.text("Hello")) for one in customers]
	customers[1].text("STOP")
	by_mail = email_ticket()
	upload = frappe.get_doc(
		{"doctype": "File", "file_name": "map.png", "content": picture + b"map", "is_private": 1}
	).insert()
	frappe.db.set_value("File", upload.name, "owner", agent.user)
	frappe.db.commit()
	names = [str(ticket.name) for ticket in (*tickets, by_mail)]
	answer = agent.call(BULK_REPLY, ticket_ids=names, message="<p>We moved</p>", attachments=[upload.name])
	assert answer.status_code == 200, answer.text
	assert "opted out" in told(answer)
	for customer in (customers[0], customers[2]):
		eventually(lambda customer=customer: [m.body for m in customer.inbox()] == ["We moved"])
		eventually(lambda customer=customer: len(customer.inbox()[0].media) == 1)
	assert customers[1].inbox() == []
	assert len(mails_to(by_mail.raised_by)) == 1
	notes = frappe.get_all("HD Ticket Comment", {"reference_ticket": names[1]}, pluck="content")
	assert len(notes) == 1 and "opted out" in notes[0] and "We moved" in notes[0]
	assert not frappe.get_all("HD Ticket Comment", {"reference_ticket": names[0]})
	assert written_in(tickets[1]) == []


# --- merging ------------------------------------------------------------------------------------------------------


def merge(agent, source, target) -> None:
	answer = agent.call(f"{HELPDESK}merge_ticket", source=str(source.name), target=str(target.name))
	assert answer.status_code == 200, answer.text
	frappe.db.rollback()
	source.reload()
	target.reload()


def state(agent, ticket) -> dict:
	return agent.call(f"{API}state", http="GET", ticket=ticket.name).json()["message"]


def switch(agent, ticket, channel):
	answer = agent.call(f"{API}switch_channel", ticket=ticket.name, channel=channel)
	assert answer.status_code == 200, answer.text


def mail_answer(to: str, sender: str):
	"""The customer answers an e-mail, whose Message-ID is `to`. The Communication that it became."""
	from frappe.email.receive import InboundMail

	account = frappe.get_doc("Email Account", {"default_outgoing": 1})
	content = (
		f"From: {sender}\r\nTo: {account.email_id}\r\nSubject: Re: By mail\r\nIn-Reply-To: <{to}>\r\n"
		f"Message-ID: <{frappe.generate_hash()}@example.com>\r\nContent-Type: text/plain\r\n\r\nBy mail again"
	)
	communication = InboundMail(content, account).process()
	frappe.db.commit()
	return communication


def both_ways(agent, customer, ticket, address: str) -> None:
	"""The agent answers from this ticket by text and by e-mail."""
	switch(agent, ticket, "SMS")
	assert agent.reply(ticket.name, "<p>By text</p>").status_code == 200
	eventually(lambda: [m.body for m in customer.inbox()][-1:] == ["By text"])
	switch(agent, ticket, "Email")
	# Before v1.25 Helpdesk mails its notice of the merge as well.
	before = len(mails_to(address))
	assert agent.reply(ticket.name, "<p>By mail</p>", to=address).status_code == 200
	assert len(mails_to(address)) == before + 1


@pytest.mark.parametrize("goes_on", ["SMS", "Email"])
def test_a_merged_text_and_email_ticket_is_reached_in_both_ways(agent, customer, ticket, goes_on):
	by_mail = email_ticket()
	address = by_mail.raised_by
	mail_id = frappe.db.get_value("Communication", {"reference_name": str(by_mail.name)}, "message_id")
	source, target = (by_mail, ticket) if goes_on == "SMS" else (ticket, by_mail)
	merge(agent, source, target)
	assert (source.status, target.twilio_sms_reply_channel) == ("Closed", goes_on)
	both_ways(agent, customer, target, address)
	assert ticket_of(customer.text("By text again")).name == target.name
	mail = mail_answer(mail_id, address)
	assert (mail.reference_doctype, str(mail.reference_name)) == ("HD Ticket", str(target.name))
	frappe.db.rollback()
	assert frappe.db.get_value("HD Ticket", source.name, "status") == "Closed"
	assert frappe.db.get_value("HD Ticket", target.name, "status") != "Closed"


def test_texts_move_into_the_ticket_that_goes_on_with_their_fate_and_files(
	agent, customer, ticket, stack, picture
):
	message = customer.text("Look", media=[("a.png", picture + b"merge")])
	file = eventually(lambda: frappe.db.get_value("Twilio SMS Media", {"parent": message.name}, "file"))
	upload = frappe.get_doc(
		{"doctype": "File", "file_name": "b.png", "content": picture, "is_private": 1}
	).insert()
	frappe.db.set_value("File", upload.name, "owner", agent.user)
	frappe.db.commit()
	agent.reply(ticket.name, "<p>Nice</p>", attachments=[upload.name])
	eventually(lambda: written_in(ticket)[0].status == "Delivered")
	target = ticket_of(customer.text("Other number", to=stack.other_number))
	sent = frappe.db.get_value("Twilio SMS Media", {"parent": written_in(ticket)[0].name}, "file")
	link = media_links.for_customer(sent)
	merge(agent, ticket, target)
	shown = state(agent, target)["messages"]
	assert [row["body"] for row in shown] == ["Hello", "Look", "Nice", "Other number"]
	assert shown[2]["fate"] == "Delivered"
	entries = feed(agent, target)
	assert "<img " in entries[1]["content"] and entries[1]["attachments"] == []
	assert entries[2]["recipients"].endswith("Delivered")
	left = feed(agent, ticket)
	assert left[0]["user"]["email"] == customer.number
	# Whoever reads the ticket reads the files; links that were sent go on working.
	url = frappe.db.get_value("File", file, "file_url")
	attached = {
		"attached_to_doctype": "Communication",
		"attached_to_name": entries[1]["name"],
		"file_url": url,
	}
	assert frappe.db.exists("File", attached)
	assert requests.get(link, timeout=30).status_code == 200


def test_a_text_to_another_customer_in_a_merged_ticket_is_sent_again(agent, stack, customer, ticket, sim):
	"""The ticket's own customer may want no more texts; this one still does."""
	other = Customer(stack)
	source = ticket_of(other.text("Hello"))
	assert agent.reply(source.name, "<p>Hi</p>").status_code == 200
	eventually(lambda: written_in(source)[0].status == "Delivered")
	sim.wait_idle(10)
	(sent,) = written_in(source)
	merge(agent, source, ticket)
	frappe.db.set_value(MESSAGE, sent.name, {"status": "Failed", "twilio_sid": None})
	frappe.db.set_value(CONVERSATION, ticket.twilio_sms_conversation, "may_want_to_stop", 1)
	frappe.db.commit()
	answer = agent.call(f"{API}retry", message=sent.name)
	assert answer.status_code == 200, answer.text


def test_a_text_on_its_way_while_tickets_merge_shows_its_fate_in_the_one_that_goes_on(
	agent, customer, ticket, stack
):
	target = ticket_of(customer.text("Other number", to=stack.other_number))
	with stack.without_worker():
		agent.reply(ticket.name, "<p>Nice</p>")
		merge(agent, ticket, target)
	eventually(lambda: written_in(ticket)[0].status == "Delivered")
	entry = next(entry for entry in feed(agent, target) if "Nice" in entry["content"])
	assert entry["recipients"].endswith("Delivered")
	assert entry["delivery_status"] == ""


def test_merging_two_customers_says_who_is_answered(agent, customer, ticket, stack):
	other = Customer(stack)
	target = ticket_of(other.text("Another customer"))
	merge(agent, ticket, target)
	notes = frappe.get_all("HD Ticket Comment", {"reference_ticket": str(target.name)}, pluck="content")
	assert [note for note in notes if "replies from here go to" in note]
	assert ticket_of(customer.text("And now?")).name == target.name
	assert agent.reply(target.name, "<p>Hi</p>").status_code == 200
	eventually(lambda: [m.body for m in other.inbox()] == ["Hi"])
	assert customer.inbox() == []


def test_pressing_reply_on_another_customers_text_does_not_answer_the_tickets_customer(
	agent, customer, ticket
):
	refused = agent.reply(ticket.name, "<p>Your code is 1234</p>", to="+15035550123")
	assert refused.status_code == 417
	assert "+1 503-555-0123" in told(refused)
	assert written_in(ticket) == []
	assert agent.reply(ticket.name, "<p>Hi</p>", to=customer.number).status_code == 200


def feed_of(person, ticket) -> dict:
	answer = person.call(f"{HELPDESK}get_one", http="GET", name=ticket.name)
	assert answer.status_code == 200, answer.text
	return answer.json()["message"]


def feed(person, ticket) -> list[dict]:
	return feed_of(person, ticket)["communications"]


# --- SLA, assignment, notes, splitting: as with e-mail ---------------------------------------------------------------


def facts(ticket, *fields) -> list:
	frappe.db.rollback()
	row = frappe.db.get_value("HD Ticket", ticket.name, fields, as_dict=True)
	return [row[field] for field in fields]


def test_an_agents_text_is_the_first_response_and_an_automatic_text_is_none(agent, customer, ticket):
	assert facts(ticket, "first_responded_on") == [None]
	conversation = frappe.get_doc(CONVERSATION, ticket.twilio_sms_conversation)
	outbox.write_automatic(conversation, "You will get no more texts")
	frappe.db.commit()
	assert facts(ticket, "first_responded_on") == [None]
	assert agent.reply(ticket.name, "<p>Hi</p>").status_code == 200
	(first,) = facts(ticket, "first_responded_on")
	assert first
	assert agent.reply(ticket.name, "<p>Are you there?</p>").status_code == 200
	assert facts(ticket, "first_responded_on") == [first]


CLOCKS = (
	"first_responded_on",
	"resolution_date",
	"on_hold_since",
	"last_agent_response",
	"last_customer_response",
)


def test_the_clocks_of_a_text_ticket_run_as_those_of_an_email_ticket(agent, customer, ticket):
	"""Reply, wait for the customer, the customer answers, solved, the customer answers again."""
	by_mail = email_ticket()
	present = [field for field in CLOCKS if frappe.get_meta("HD Ticket").has_field(field)]

	def both(by_text, by_email):
		by_text(), by_email()
		told_apart = []
		for each in (ticket, by_mail):
			status, agreement, *clocks = facts(each, "status", "agreement_status", *present)
			told_apart.append((status, agreement, [bool(clock) for clock in clocks]))
		assert told_apart[0] == told_apart[1]
		return told_apart[0][0]

	def set_status(each, status):
		each.reload()
		each.status = status
		each.save()
		frappe.db.commit()

	both(
		lambda: agent.reply(ticket.name, "<p>Hi</p>"),
		lambda: agent.reply(by_mail.name, "<p>Hi</p>", to=by_mail.raised_by),
	)
	waiting = both(lambda: set_status(ticket, "Replied"), lambda: set_status(by_mail, "Replied"))
	assert waiting == "Replied"
	reopened = both(lambda: customer.text("No"), lambda: received(by_mail, "No"))
	assert reopened == "Open"
	both(lambda: set_status(ticket, "Resolved"), lambda: set_status(by_mail, "Resolved"))
	assert both(lambda: customer.text("Broken again"), lambda: received(by_mail, "Broken again")) == "Open"
	assert facts(ticket, "resolution_date") == facts(by_mail, "resolution_date") == [None]


def test_a_text_ticket_is_assigned_and_noted_without_a_text(agent, bob, customer, ticket):
	for method, args in (
		("assign_agent", {"agent": bob.user}),
		("new_comment", {"content": "<p>He is angry</p>"}),
	):
		answer = agent.call("run_doc_method", dt="HD Ticket", dn=str(ticket.name), method=method, args=args)
		assert answer.status_code == 200, answer.text
	ticket.reload()
	assert bob.user in frappe.parse_json(facts(ticket, "_assign")[0])
	assert [note["content"] for note in feed_of(agent, ticket)["comments"]] == ["<p>He is angry</p>"]
	assert written_in(ticket) == [] == customer.inbox()
	customer.text("Hello?")
	frappe.db.rollback()
	about = {"document_type": "HD Ticket", "document_name": str(ticket.name), "for_user": bob.user}
	assert frappe.db.exists("Notification Log", {**about, "type": "Alert"})


def test_splitting_moves_the_texts_with_their_state_and_lines(agent, customer, ticket):
	other = customer.text("Another matter")
	customer.text("STOP")
	customer.text_after_stop()
	lifted(ticket)
	assert agent.reply(ticket.name, "<p>About the other matter</p>").status_code == 200
	eventually(lambda: written_in(ticket)[0].status == "Delivered")
	answer = agent.call(f"{HELPDESK}split_ticket", subject="Other", communication_id=other.communication)
	assert answer.status_code == 200, answer.text
	frappe.db.rollback()
	new = frappe.get_doc("HD Ticket", str(answer.json()["message"]))
	shown = state(agent, new)
	assert [row["body"] for row in shown["messages"]] == [
		"Another matter",
		"STOP",
		"START",
		"About the other matter",
	]
	assert shown["messages"][-1]["fate"] == "Delivered"
	assert (shown["channel"], shown["can_text"]) == ("SMS", True)
	assert [line["what"].split(" opted ")[1] for line in shown["events"]] == [
		"out of text messages",
		"in to text messages again",
	]
	assert [row["body"] for row in state(agent, ticket)["messages"]] == ["Hello"]
	assert agent.reply(new.name, "<p>More</p>").status_code == 200
	eventually(lambda: [m.body for m in customer.inbox()][-1] == "More")
	assert frappe.db.get_value("HD Ticket", new.name, "first_responded_on")


# --- merged tickets ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("direction", ["Received", "Sent"])
def test_a_text_that_is_written_during_a_merge_is_in_the_ticket_that_goes_on(
	agent, customer, ticket, stack, direction
):
	target = ticket_of(Customer(stack).text("Another customer"))
	# From here on this transaction sees the tickets as they are now.
	assert not frappe.get_doc("HD Ticket", ticket.name).is_merged
	merged = {"source": str(ticket.name), "target": str(target.name)}
	assert agent.call(f"{HELPDESK}merge_ticket", **merged).status_code == 200
	entry = frappe.get_doc(
		{
			"doctype": "Communication",
			"communication_medium": "SMS",
			"sent_or_received": direction,
			"subject": "Late",
			"content": "Late",
			"reference_doctype": "HD Ticket",
			"reference_name": ticket.name,
			"phone_no": customer.number,
		}
	).insert(ignore_permissions=True)
	frappe.db.commit()
	where = frappe.db.get_value("Communication", entry.name, "reference_name")
	assert str(where) == str(target.name)


def test_a_request_that_is_repeated_after_a_merge_sends_nothing_twice(agent, customer, ticket, stack):
	ask = {"ticket": ticket.name, "message": "Once", "request_id": frappe.generate_hash()}
	first = agent.call(f"{API}reply", **ask).json()["message"]["message"]
	merge(agent, ticket, ticket_of(Customer(stack).text("Another customer")))
	again = agent.call(f"{API}reply", **ask)
	assert again.status_code == 200, again.text
	assert again.json()["message"]["message"] == first
	eventually(lambda: [m.body for m in customer.inbox()] == ["Once"])
	assert frappe.db.count(MESSAGE, {"customer_number": customer.number, "direction": "Outbound"}) == 1


def test_a_reply_in_a_merged_ticket_is_written_in_the_one_that_goes_on(agent, customer, ticket, stack):
	other = Customer(stack)
	target = ticket_of(other.text("Another customer"))
	merge(agent, ticket, target)
	assert agent.reply(ticket.name, "<p>By the box</p>").status_code == 200
	answer = agent.call(f"{API}reply", ticket=ticket.name, message="By the composer")
	assert answer.status_code == 200, answer.text
	eventually(lambda: [m.body for m in customer.inbox()] == ["By the box", "By the composer"])
	assert other.inbox() == []
	where = {
		str(frappe.db.get_value("Communication", row.communication, "reference_name"))
		for row in written_in(ticket)
	}
	assert where == {str(target.name)}


def test_a_merged_ticket_is_not_split(agent, customer, ticket, stack):
	second = customer.text("Another matter")
	target = ticket_of(customer.text("Other number", to=stack.other_number))
	original = second.communication
	merge(agent, ticket, target)
	refused = agent.call(f"{HELPDESK}split_ticket", subject="Other", communication_id=original)
	assert refused.status_code == 417, refused.text
	assert f"ticket {target.name}" in told(refused)
	frappe.db.rollback()
	assert not frappe.db.exists("HD Ticket", {"ticket_split_from": ticket.name})
	copy = frappe.db.get_value(MESSAGE, second.name, "communication")
	answer = agent.call(f"{HELPDESK}split_ticket", subject="Other", communication_id=copy)
	assert answer.status_code == 200, answer.text
	frappe.db.rollback()
	assert str(frappe.db.get_value("Communication", copy, "reference_name")) == str(answer.json()["message"])


def test_a_report_that_comes_while_tickets_merge_shows_in_the_copy(agent, customer, ticket, stack):
	"""The copy is made before the report is written down, and the message gets it after."""
	from twilio_sms_channel.messaging.delivery import message_status
	from twilio_sms_channel.overrides import merging

	with stack.without_worker():
		agent.reply(ticket.name, "<p>Nice</p>")
		(row,) = written_in(ticket)
		target = frappe.get_doc(
			{"doctype": "HD Ticket", "subject": "Goes on", "contact": ticket.contact}
		).insert()
		original = frappe.get_doc("Communication", row.communication)
		copy = frappe.copy_doc(original)
		copy.update({"reference_name": str(target.name), "docstatus": 0})
		copy.db_insert()
		frappe.db.set_value("Communication", copy.name, "creation", original.creation, update_modified=False)
		message_status.settle(row.name, "Delivered")
		assert frappe.db.get_value("Communication", copy.name, "delivery_status") == "Sending"
		merging._move_messages(str(ticket.name), str(target.name))
		assert frappe.db.get_value("Communication", copy.name, "delivery_status") == "Sent"
		frappe.db.rollback()


def test_a_report_is_shown_where_the_message_is_by_then(agent, customer, ticket, stack):
	"""A worker or a callback has looked the Communication up, and a merge has moved the message since."""
	target = ticket_of(customer.text("Other number", to=stack.other_number))
	with stack.without_worker():
		agent.reply(ticket.name, "<p>Nice</p>")
		(row,) = written_in(ticket)
		# This transaction has begun to look before the merge.
		assert frappe.db.get_value(MESSAGE, row.name, "communication") == row.communication
		answer = agent.call(f"{HELPDESK}merge_ticket", source=str(ticket.name), target=str(target.name))
		assert answer.status_code == 200, answer.text
	eventually(lambda: written_in(ticket)[0].status == "Delivered")
	moved = written_in(ticket)[0].communication
	assert moved != row.communication
	assert frappe.db.get_value("Communication", moved, "delivery_status") == "Sent"


# --- an agent and the customer at the same moment -----------------------------------------------------------------------


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
