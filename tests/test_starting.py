"""An agent texts first: from a phone number, a contact, or an e-mail ticket."""

import secrets
import threading

import frappe
import pytest
from support.people import make_agent, make_team, make_user
from support.stack import Customer, eventually, ticket_of
from support.twilio_accounts import at_twilio, here

from twilio_sms_channel.messaging.conversation import conversations
from twilio_sms_channel.messaging.outbound import starting
from twilio_sms_channel.people import phone

API = "twilio_sms_channel.api.ticket."
CONVERSATION, MESSAGE = "Twilio SMS Conversation", "Twilio SMS Message"


def started(person, to, message="Hello, your parcel is here", **args):
	answer = person.call(f"{API}start", to=to, message=message, **args)
	assert answer.status_code == 200, answer.text
	if getattr(frappe.local, "db", None):
		frappe.db.rollback()
	return frappe._dict(answer.json()["message"])


def refused(person, to, message="Hello", **args) -> str:
	"""Why nothing was started; checks that nothing was written either."""
	before = count()
	answer = person.call(f"{API}start", to=to, message=message, **args)
	assert answer.status_code == 417, answer.text
	assert answer.json()["exc_type"] == "CannotText"
	assert count() == before
	return answer.json()["_server_messages"]


def count() -> list[int]:
	frappe.db.rollback()
	return [frappe.db.count(doctype) for doctype in ("HD Ticket", CONVERSATION, MESSAGE, "Contact")]


def numbers(person, **args) -> dict:
	answer = person.call(f"{API}numbers", http="GET", **args)
	assert answer.status_code == 200, answer.text
	return {row["number"]: row for row in answer.json()["message"]}


def make_contact(*phones, **fields):
	contact = frappe.get_doc(
		{
			"doctype": "Contact",
			"first_name": f"Ann {secrets.token_hex(3)}",
			"phone_nos": [{"phone": number} for number in phones],
			**fields,
		}
	).insert()
	frappe.db.commit()
	return contact


def email_ticket(agent, **fields):
	ticket = frappe.get_doc({"doctype": "HD Ticket", "subject": "Where is my invoice?", **fields}).insert()
	frappe.db.commit()
	return ticket


@pytest.fixture
def service(stack):
	"""Two numbers of one Messaging Service."""
	sid = "MG" + secrets.token_hex(16)
	yield [stack.add_number(messaging_service_sid=sid) for _ in range(2)]


@pytest.fixture
def elsewhere(stack, agent):
	"""An agent of another team while tickets are restricted to teams, and a number of the first agent's team."""
	other = make_agent("tsms-elsewhere@example.com", "Else", "Where")
	if not frappe.db.exists("HD Team", "TSMS Elsewhere"):
		make_team("TSMS Elsewhere", other)
	if not frappe.db.exists("HD Team", "TSMS Here"):
		make_team("TSMS Here", agent.user)
	frappe.db.set_single_value("HD Settings", "restrict_tickets_by_agent_group", 1)
	frappe.clear_document_cache("HD Settings", "HD Settings")
	frappe.db.commit()
	yield stack.login(other), stack.add_number(team="TSMS Here")
	frappe.db.set_single_value("HD Settings", "restrict_tickets_by_agent_group", 0)
	frappe.clear_document_cache("HD Settings", "HD Settings")
	frappe.db.commit()


# Starting ---------------------------------------------------------------------------------------


def test_a_text_to_a_new_number_makes_contact_conversation_and_ticket(agent, stack, customer, sim):
	mails = len(stack.mails)
	start = started(agent, customer.number, "Hello Ann\nyour parcel is here", number=stack.number)
	assert start.created
	eventually(lambda: [m.body for m in customer.inbox()] == ["Hello Ann\nyour parcel is here"])
	ticket = frappe.get_doc("HD Ticket", start.ticket)
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


def test_a_new_ticket_gets_what_the_number_says_and_the_subject_given(agent, stack, customer, sim):
	team = "TSMS Routing"
	if not frappe.db.exists("HD Team", team):
		make_team(team)
	priority = frappe.get_all("HD Ticket Priority", pluck="name")[0]
	number = stack.add_number(team=team, priority=priority)
	start = started(agent, customer.number, number=number, subject="Recall <b>of</b> boilers")
	ticket = frappe.get_doc("HD Ticket", start.ticket)
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
	abroad, home = f"+447975{digits}", f"+1415555{digits[:4]}"
	# Whatever its own country, the one of theirs is proposed: nobody there is texted from America.
	for said in (f"07975 {digits}", f"\u202a+44 (0)7975 {digits}\u202c", f"Mobile: +44 7975 {digits}"):
		offered = numbers(agent, to=said)
		assert phone.region_of(proposed := next(iter(offered))) == "GB", said
		assert offered[british]["to"] == phone.display(abroad)
	start = started(agent, f"07975{digits}")
	pair = frappe.db.get_value(CONVERSATION, start.conversation, ["number", "customer_number"])
	assert pair == (proposed, abroad)
	offered = numbers(agent, to=f"[415] 555-{digits[:4]}")
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
	assert offered[stack.number]["continues"] == {"ticket": str(ticket.name), "subject": ticket.subject}
	start = started(agent, customer.number, subject="Ignored")
	assert (start.ticket, start.created) == (str(ticket.name), False)
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
	assert frappe.db.get_value("HD Ticket", old.name, "status") == "Resolved"


def test_a_chosen_contact_gets_the_number_that_nobody_has(agent, stack, customer, sim):
	contact = make_contact()
	start = started(agent, customer.number, contact=contact.name, number=stack.number)
	assert frappe.db.get_value("HD Ticket", start.ticket, "contact") == contact.name
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


def test_of_contacts_that_share_a_number_the_chosen_one_is_texted(agent, stack, customer, sim):
	make_contact(customer.number)
	chosen = make_contact(customer.number)
	start = started(agent, customer.number, contact=chosen.name, number=stack.number)
	assert frappe.db.get_value("HD Ticket", start.ticket, "contact") == chosen.name
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
	contact = frappe.get_doc("Contact", frappe.db.get_value("HD Ticket", ticket.name, "contact"))
	assert contact.name == frappe.db.get_value(CONVERSATION, start.conversation, "contact")
	assert [row.email_id for row in contact.email_ids] == [address]
	assert [row.twilio_sms_e164 for row in contact.phone_nos] == [customer.number]
	# Somebody else's number, and somebody who wrote e-mails before.
	bob = f"b{customer.number[1:]}@example.com"
	ticket = email_ticket(agent, raised_by=bob)
	assert address not in bob and bob in refused(agent, customer.number, ticket=ticket.name)
	known = make_contact(email_ids=[{"email_id": bob, "is_primary": 1}])
	frappe.db.set_value("HD Ticket", ticket.name, "contact", None)
	frappe.db.commit()
	other = Customer(stack)
	started(agent, other.number, ticket=ticket.name)
	assert frappe.db.get_value("HD Ticket", ticket.name, "contact") == known.name
	assert frappe.db.get_value("Contact Phone", {"parent": known.name}, "twilio_sms_e164") == other.number


def test_a_ticket_that_texts_somebody_else_is_left_alone(agent, stack, customer, sim):
	ticket = ticket_of(customer.text("Hello"))
	before = count()
	answer = agent.call(f"{API}start", to=Customer(stack).number, message="Hi", ticket=ticket.name)
	assert answer.status_code == 417
	assert "texts another number" in answer.text
	assert count() == before


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


# Refusals ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("to", ["", "hello", "12345", "+1 415", "<b>1</b>"])
def test_what_is_no_phone_number_is_refused(agent, to):
	assert "phone number" in refused(agent, to)


def test_our_own_number_is_refused(agent, stack):
	assert "our own number" in refused(agent, stack.other_number, number=stack.number)


def test_a_number_that_is_none_of_ours_is_refused(agent, customer):
	assert "none of our numbers" in refused(agent, customer.number, number="+14155559999")


def test_an_empty_text_and_a_long_one_are_refused(agent, stack, customer):
	assert "empty" in refused(agent, customer.number, "  ", number=stack.number)
	assert "1,601" in refused(agent, customer.number, "x" * 1601, number=stack.number).replace(
		"1601", "1,601"
	)


def test_a_file_that_cannot_go_along_leaves_nothing_behind(agent, stack, customer):
	uploaded = agent.session.post(
		f"{stack.web}/api/method/upload_file",
		files={"file": ("page.html", b"<p>Hi</p>", "text/html")},
		data={"is_private": 1},
		timeout=30,
	).json()["message"]
	assert "page.html" in refused(agent, customer.number, number=stack.number, attachments=[uploaded["name"]])


def test_whoever_opted_out_of_a_messaging_service_is_not_texted_from_any_of_its_numbers(
	agent, customer, sim, service
):
	first, second = service
	customer.text("STOP", to=first)
	offered = numbers(agent, to=customer.number)
	assert "opted out" in offered[first]["why_not"]
	assert "opted out" in offered[second]["why_not"]
	assert "opted out" in refused(agent, customer.number, number=second)


def test_a_number_that_is_off_is_refused_and_says_so_before(agent, stack, customer):
	number = stack.add_number(enabled=0)
	assert "switched off" in numbers(agent)[number]["why_not"]
	assert "switched off" in refused(agent, customer.number, number=number)


def test_a_short_code_does_not_reach_another_country(agent, stack):
	code = str(400_000 + secrets.randbelow(99_999))
	frappe.get_doc(
		{
			"doctype": "Twilio SMS Number",
			"phone_number": code,
			"number_type": "Short Code",
			"account": stack.account,
			"country": "United States",
		}
	).insert()
	frappe.db.commit()
	assert "reaches phones of United States only" in refused(agent, "+4915112345678", number=code)


def test_a_contact_that_is_unknown_or_without_number_is_refused(agent, customer):
	assert agent.call(f"{API}start", to=customer.number, message="Hi", contact="Nobody").status_code == 404
	answer = agent.call(f"{API}numbers", http="GET", contact=make_contact().name)
	assert answer.status_code == 417
	assert "no phone number yet" in answer.text


@pytest.mark.parametrize(
	("method", "args"),
	[
		("start", {"to": "+19075550123", "message": "Hi"}),
		("numbers", {}),
		("find", {"query": "+19075550123"}),
	],
)
def test_only_agents_start_and_find(stack, method, args):
	customer = stack.login(make_user("tsms-portal@example.com", []))
	assert customer.call(API + method, **args).status_code == 403


# Other teams -------------------------------------------------------------------------------------


def test_a_conversation_of_colleagues_whose_ticket_one_may_not_see_is_left_to_them(
	agent, elsewhere, customer, sim
):
	stranger, number = elsewhere
	ticket = ticket_of(customer.text("Only for here", to=number))
	offered = numbers(stranger, to=customer.number)[number]
	assert offered["continues"] is None
	assert "other colleagues" in offered["why_not"]
	why = refused(stranger, customer.number, number=number)
	assert "other colleagues" in why
	assert str(ticket.subject) not in why
	other = email_ticket(stranger, agent_group="TSMS Elsewhere", raised_by="bob@example.com")
	assert "other colleagues" in refused(stranger, customer.number, number=number, ticket=other.name)
	assert agent.call(f"{API}start", to=customer.number, message="Hi", ticket=other.name).status_code == 403


# The number to propose ---------------------------------------------------------------------------


def proposed(user, to, ticket=None) -> str:
	frappe.set_user(user)
	try:
		return starting.numbers(to, ticket)[0]["number"]
	finally:
		frappe.set_user("Administrator")


def test_the_number_of_the_last_conversation_is_proposed_first(agent, stack, customer, sim):
	customer.text("Hello", to=stack.number)
	customer.text("Hello again", to=stack.other_number)
	frappe.db.rollback()
	assert proposed(agent.user, customer.number) == stack.other_number


def test_then_the_one_of_the_tickets_team_and_of_the_agents(agent, stack):
	own, theirs = "TSMS Own", "TSMS Theirs"
	stranger = make_agent("tsms-theirs@example.com", "The", "Irs")
	for team, user in ((own, agent.user), (theirs, stranger)):
		if not frappe.db.exists("HD Team", team):
			make_team(team, user)
	of_own, of_theirs = stack.add_number(team=own), stack.add_number(team=theirs)
	to = Customer(stack).number
	assert proposed(stranger, to) in frappe.get_all(
		"Twilio SMS Number", {"team": theirs, "enabled": 1}, pluck="name"
	)
	ticket = email_ticket(agent, agent_group=own, raised_by="ann@example.com")
	assert frappe.db.get_value("Twilio SMS Number", proposed(stranger, to, str(ticket.name)), "team") == own
	frappe.db.set_value("Twilio SMS Number", {"name": ("in", (of_own, of_theirs))}, "enabled", 0)
	for number in (of_own, of_theirs):
		frappe.clear_document_cache("Twilio SMS Number", number)
	frappe.db.commit()


def test_a_name_that_nobody_can_answer_is_proposed_last(agent, stack):
	name = f"SHOP{secrets.token_hex(2)}".upper()
	frappe.get_doc(
		{
			"doctype": "Twilio SMS Number",
			"phone_number": name,
			"number_type": "Alphanumeric Sender",
			"account": stack.account,
		}
	).insert()
	order = [row["number"] for row in starting.numbers("+4915112345678") if not row["why_not"]]
	assert order[-1] == name


@pytest.mark.parametrize(
	"state", [{"paused_since": "2026-01-01 00:00:00"}, {"status": "Wrong Credentials"}, {"enabled": 0}]
)
def test_a_number_whose_account_twilio_refuses_is_proposed_behind_those_that_work(agent, stack, sim, state):
	account, customer = here(at_twilio(sim)), Customer(stack)
	number = stack.add_number(account=account.name)
	conversation = conversations.of_pair(number, customer.number)
	conversation.last_inbound = frappe.utils.now()
	conversation.set_new_name()
	conversation.db_insert()
	frappe.db.commit()
	assert proposed(agent.user, customer.number) == number
	# The account of the numbers that work, whatever it went through before.
	frappe.db.set_value("Twilio SMS Account", stack.account, {"paused_since": None, "status": "Active"})
	frappe.db.set_value("Twilio SMS Account", account.name, state)
	frappe.db.commit()
	try:
		chosen = proposed(agent.user, customer.number)
		assert frappe.db.get_value("Twilio SMS Number", chosen, "account") != account.name
		kind = frappe.db.get_value("Twilio SMS Number", chosen, "number_type")
		assert kind != "Alphanumeric Sender"
	finally:
		frappe.db.set_value("Twilio SMS Account", account.name, {"enabled": 0, "paused_since": None})
		frappe.db.set_value("Twilio SMS Number", number, {"enabled": 0})
		frappe.clear_document_cache("Twilio SMS Number", number)
		frappe.db.commit()


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
