"""An agent texts first: from a phone number, a contact, or an e-mail ticket."""

import secrets
import threading

import frappe
import pytest
from support.people import make_agent, make_team
from support.stack import Customer, eventually, ticket_of
from support.starting import (
	API,
	CONVERSATION,
	MESSAGE,
	count,
	email_ticket,
	make_contact,
	numbers,
	proposed,
	refused,
	started,
)

from twilio_sms_channel.people import phone

# Starting ---------------------------------------------------------------------------------------


def test_a_text_to_a_new_number_makes_contact_conversation_and_ticket(agent, stack, customer, sim):
	mails = len(stack.mails)
	start = started(agent, customer.number, "Hello Ann\nyour parcel is here", number=stack.number)
	assert start.created
	eventually(lambda: [m.body for m in customer.inbox()] == ["Hello Ann\nyour parcel is here"])
	ticket = frappe.get_doc(start.ticket_doctype, start.ticket)
	assert (ticket.subject, ticket.owner) == ("Hello Ann", agent.user)
	assert (ticket.twilio_sms_conversation, ticket.twilio_sms_reply_channel) == (start.conversation, "SMS")
	assert not ticket.raised_by
	assert ticket.first_responded_on
	assert frappe.db.get_value("Contact Phone", {"parent": ticket.contact}, "twilio_sms_e164") == (
		customer.number
	)
	assert len(stack.mails) == mails


def test_the_answer_lands_in_the_ticket(agent, stack, customer, sim):
	start = started(agent, customer.number, number=stack.number)
	assert str(ticket_of(customer.text("Thanks!")).name) == start.ticket


@pytest.mark.helpdesk
def test_a_new_ticket_gets_what_the_number_says_and_the_subject_given(agent, stack, customer, sim):
	team = "TSMS Routing"
	if not frappe.db.exists("HD Team", team):
		make_team(team)
	priority = frappe.get_all("HD Ticket Priority", pluck="name")[0]
	number = stack.add_number(team=team, priority=priority)
	start = started(agent, customer.number, number=number, subject="Recall <b>of</b> boilers")
	ticket = frappe.get_doc(start.ticket_doctype, start.ticket)
	assert (ticket.agent_group, ticket.priority) == (team, priority)
	assert ticket.subject == "Recall ‹b›of‹/b› boilers"


@pytest.mark.parametrize("spelling", ["national", "spaced"])
def test_the_number_is_understood_in_any_spelling(agent, stack, customer, sim, spelling):
	said = {"national": f"(907) {customer.number[5:8]}-{customer.number[8:]}"}.get(
		spelling, phone.display(customer.number)
	)
	frappe.db.set_single_value("Twilio SMS Settings", "default_country", "United States")
	frappe.db.commit()
	start = started(agent, said, number=stack.number)
	assert frappe.db.get_value(CONVERSATION, start.conversation, "customer_number") == customer.number


def test_a_national_number_is_read_as_in_the_country_of_the_sender(agent, stack, sim):
	british, american = stack.add_number(phone_number=f"+447400{secrets.randbelow(10**6):06}"), stack.number
	frappe.db.set_single_value("Twilio SMS Settings", "default_country", "United States")
	frappe.db.commit()
	# Of 07911 and 07700 some are of Guernsey or Jersey.
	digits = f"{secrets.randbelow(10**6):06}"
	abroad, home = f"+447975{digits}", f"+1628555{digits[:4]}"
	# Whatever its own country, the one of theirs is proposed: nobody there is texted from America.
	for said in (f"07975 {digits}", f"\u202a+44 (0)7975 {digits}\u202c", f"Mobile: +44 7975 {digits}"):
		offered = numbers(agent, to=said)
		assert phone.region_of(proposed := next(iter(offered))) == "GB", said
		assert offered[british]["to"] == phone.display(abroad)
	start = started(agent, f"07975{digits}")
	pair = frappe.db.get_value(CONVERSATION, start.conversation, ["number", "customer_number"])
	assert pair == (proposed, abroad)
	offered = numbers(agent, to=f"[628] 555-{digits[:4]}")
	assert {row["to"] for row in offered.values()} == {phone.display(home)}
	assert list(offered).index(american) < list(offered).index(british)
	# With a sender chosen, its country counts: the same digits are a number of both.
	both = "2079 460 000"
	for ours, theirs in ((british, "+442079460000"), (american, "+12079460000")):
		assert phone.read_in(both, ["GB" if ours == british else "US"]) == theirs
		assert numbers(agent, to=both)[ours]["to"] == phone.display(theirs)


def test_an_open_ticket_is_continued(agent, stack, customer, sim):
	ticket = ticket_of(customer.text("Is anybody there?"))
	offered = numbers(agent, to=customer.number)
	assert offered[stack.number]["continues"] == {
		"ticket": str(ticket.name),
		"ticket_doctype": ticket.doctype,
		"subject": ticket.subject,
	}
	start = started(agent, customer.number, subject="Ignored")
	assert (start.ticket, start.created) == (str(ticket.name), False)
	assert start.ticket_doctype == ticket.doctype
	assert frappe.db.get_value(CONVERSATION, start.conversation, "number") == stack.number


def test_a_settled_ticket_stays_settled_and_the_answer_goes_into_the_new_one(agent, stack, customer, sim):
	old = ticket_of(customer.text("Is anybody there?"))
	old.reload()
	old.status = "Resolved"
	old.save()
	frappe.db.commit()
	start = started(agent, customer.number)
	assert start.created
	assert start.ticket != str(old.name)
	assert str(ticket_of(customer.text("Oh, hello")).name) == start.ticket
	assert frappe.db.get_value(old.doctype, old.name, "status") == "Resolved"


def test_a_chosen_contact_gets_the_number_that_nobody_has(chooser, stack, customer, sim):
	contact = make_contact()
	start = started(chooser, customer.number, contact=contact.name, number=stack.number)
	assert frappe.db.get_value(start.ticket_doctype, start.ticket, "contact") == contact.name
	assert frappe.db.get_value("Contact Phone", {"parent": contact.name}, "twilio_sms_e164") == (
		customer.number
	)


def test_a_ticket_whose_contact_was_deleted_is_texted_from(agent, stack, customer, sim):
	known, gone = make_contact(customer.number), make_contact()
	ticket = email_ticket(agent, raised_by=f"d{customer.number[1:]}@example.com", contact=gone.name)
	frappe.db.delete("Contact", {"name": gone.name})
	frappe.db.commit()
	start = started(agent, customer.number, ticket=str(ticket.name), number=stack.number)
	assert start.ticket == str(ticket.name)
	assert frappe.db.get_value(CONVERSATION, start.conversation, "contact") == known.name


def test_of_contacts_that_share_a_number_the_chosen_one_is_texted(chooser, stack, customer, sim):
	make_contact(customer.number)
	chosen = make_contact(customer.number)
	start = started(chooser, customer.number, contact=chosen.name, number=stack.number)
	assert frappe.db.get_value(start.ticket_doctype, start.ticket, "contact") == chosen.name
	assert frappe.db.get_value(CONVERSATION, start.conversation, "contact") == chosen.name


def test_files_go_along(agent, stack, customer, sim, picture):
	uploaded = agent.session.post(
		f"{stack.web}/api/method/upload_file",
		files={"file": ("boiler.png", picture, "image/png")},
		data={"is_private": 1},
		timeout=30,
	).json()["message"]
	started(agent, customer.number, "Look", number=stack.number, attachments=[uploaded["name"]])
	assert eventually(lambda: [len(m.media) for m in customer.inbox()] == [1])


# From an e-mail ticket ---------------------------------------------------------------------------


def test_an_email_ticket_replies_by_text_and_can_go_back(agent, stack, customer, sim):
	contact = make_contact(customer.number)
	ticket = email_ticket(agent, raised_by="ann@example.com", contact=contact.name)
	start = started(agent, customer.number, ticket=ticket.name, number=stack.number)
	assert (start.ticket, start.created) == (str(ticket.name), False)
	assert start.ticket_doctype == ticket.doctype
	ticket.reload()
	assert (ticket.raised_by, ticket.contact) == ("ann@example.com", contact.name)
	assert ticket.twilio_sms_reply_channel == "SMS"
	assert str(ticket_of(customer.text("Got it")).name) == start.ticket
	state = agent.call(f"{API}switch_channel", ticket=start.ticket, channel="Email").json()["message"]
	assert (state["channel"], state["email"]) == ("Email", "ann@example.com")
	agent.reply(start.ticket, "<p>By e-mail again</p>", to="ann@example.com")
	mail = eventually(lambda: frappe.db.get_value("Email Queue", {"reference_name": start.ticket}))
	assert frappe.get_all("Email Queue Recipient", {"parent": mail}, pluck="recipient") == ["ann@example.com"]


def test_the_customer_of_an_email_ticket_without_contact_is_one_person(agent, stack, customer, sim):
	address = f"a{customer.number[1:]}@example.com"
	ticket = email_ticket(agent, raised_by=address)
	start = started(agent, customer.number, ticket=ticket.name)
	contact = frappe.get_doc("Contact", frappe.db.get_value(ticket.doctype, ticket.name, "contact"))
	assert contact.name == frappe.db.get_value(CONVERSATION, start.conversation, "contact")
	assert [row.email_id for row in contact.email_ids] == [address]
	assert [row.twilio_sms_e164 for row in contact.phone_nos] == [customer.number]
	# Somebody else's number, and somebody who wrote e-mails before.
	bob = f"b{customer.number[1:]}@example.com"
	ticket = email_ticket(agent, raised_by=bob)
	assert address not in bob and bob in refused(agent, customer.number, ticket=ticket.name)
	known = make_contact(email_ids=[{"email_id": bob, "is_primary": 1}])
	frappe.db.set_value(ticket.doctype, ticket.name, "contact", None)
	frappe.db.commit()
	other = Customer(stack)
	started(agent, other.number, ticket=ticket.name)
	assert frappe.db.get_value(ticket.doctype, ticket.name, "contact") == known.name
	assert frappe.db.get_value("Contact Phone", {"parent": known.name}, "twilio_sms_e164") == other.number


def test_a_ticket_that_texts_somebody_else_is_left_alone(agent, stack, customer, sim):
	ticket = ticket_of(customer.text("Hello"))
	before = count()
	answer = agent.call(f"{API}start", to=Customer(stack).number, message="Hi", ticket=ticket.name)
	assert answer.status_code == 417
	assert "conversation with another number" in answer.text
	assert count() == before


@pytest.mark.helpdesk
def test_a_customer_whose_ticket_was_merged_is_texted_in_the_one_that_goes_on(agent, stack, customer, sim):
	bob = Customer(stack)
	source, target = ticket_of(bob.text("Mine is broken as well")), ticket_of(customer.text("It is broken"))
	merge = "helpdesk.helpdesk.doctype.hd_ticket.api.merge_ticket"
	answer = agent.call(merge, source=str(source.name), target=str(target.name))
	assert answer.status_code == 200, answer.text
	start = started(agent, bob.number, "A technician comes on Monday", number=stack.number)
	assert (start.ticket, start.created) == (str(target.name), False)
	eventually(lambda: "A technician comes on Monday" in [m.body for m in bob.inbox()])
	assert customer.inbox() == []
	target.reload()
	own = frappe.db.get_value(CONVERSATION, target.twilio_sms_conversation, "customer_number")
	assert own == customer.number


# Repeated and at once ----------------------------------------------------------------------------


def test_a_double_click_is_one_ticket_and_one_text(agent, stack, customer, sim):
	request = secrets.token_hex(10)
	answers = at_once(
		*[
			lambda: started(agent, customer.number, "Once", number=stack.number, request_id=request)
			for _ in range(2)
		]
	)
	assert answers[0].message == answers[1].message
	assert {answer.ticket for answer in answers} == {answers[0].ticket}
	assert sorted(answer.created for answer in answers) == [False, True]
	again = started(agent, customer.number, "Once", number=stack.number, request_id=request)
	assert (again.message, again.created) == (answers[0].message, False)
	eventually(customer.inbox)
	assert [m.body for m in customer.inbox()] == ["Once"]


def test_two_agents_at_once_share_one_conversation_and_ticket(agent, admin, stack, customer, sim):
	other = stack.login(make_agent("tsms-second@example.com", "Second", "Agent"))
	answers = at_once(
		lambda: started(agent, customer.number, "From Grace", number=stack.number),
		lambda: started(other, customer.number, "From the second", number=stack.number),
	)
	assert len({answer.ticket for answer in answers}) == 1
	assert sorted(answer.created for answer in answers) == [False, True]
	assert frappe.db.count(CONVERSATION, {"customer_number": customer.number}) == 1
	assert sorted(m.body for m in eventually(lambda: len(customer.inbox()) == 2 and customer.inbox())) == [
		"From Grace",
		"From the second",
	]


@pytest.mark.helpdesk
def test_two_agents_at_once_to_whom_different_numbers_are_proposed_share_one_ticket(stack, sim):
	teams = {f"TSMS Once {n}": make_agent(f"tsms-once-{n}@example.com", "At", "Once") for n in "ab"}
	for team, user in teams.items():
		if not frappe.db.exists("HD Team", team):
			make_team(team, user)
	ours = [stack.add_number(team=team) for team in teams]
	people, customer = [stack.login(user) for user in teams.values()], Customer(stack)
	try:
		assert [proposed(person.user, customer.number) for person in people] == ours
		answers = at_once(*[lambda who=who: started(who, customer.number, "At once") for who in people * 2])
		assert len({answer.ticket for answer in answers}) == 1
		assert sorted(answer.created for answer in answers) == [False, False, False, True]
		assert frappe.db.count(CONVERSATION, {"customer_number": customer.number}) == 1
	finally:
		frappe.db.set_value("Twilio SMS Number", {"name": ("in", ours)}, "enabled", 0)
		for number in ours:
			frappe.clear_document_cache("Twilio SMS Number", number)
		frappe.db.commit()


def test_a_text_arriving_at_the_same_moment_lands_in_the_same_ticket(agent, stack, customer, sim):
	sent = customer.text("Hello?", wait=False)
	start = started(agent, customer.number, number=stack.number)
	message = eventually(lambda: frappe.db.get_value(MESSAGE, {"twilio_sid": sent.sid, "status": "Threaded"}))
	assert str(ticket_of(frappe.get_doc(MESSAGE, message)).name) == start.ticket


def at_once(*calls) -> list:
	answers: list = [None] * len(calls)

	def run(place, call):
		answers[place] = call()

	threads = [threading.Thread(target=run, args=(n, call)) for n, call in enumerate(calls)]
	for thread in threads:
		thread.start()
	for thread in threads:
		thread.join(60)
	frappe.db.rollback()
	return answers
