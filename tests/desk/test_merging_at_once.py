"""Tickets are merged and split once, one at a time, and by those who may."""

import time
from concurrent.futures import ThreadPoolExecutor

import frappe
import pytest
from support.connections import holding
from support.people import Person, make_agent, make_customer, make_team
from support.stack import Customer, ticket_of
from support.tickets import HELPDESK, asked, email_ticket, merge, told

from twilio_sms_channel.infra import locks
from twilio_sms_channel.messaging.outbound import starting

pytestmark = pytest.mark.helpdesk


def living_tickets_with(text: str) -> list[str]:
	frappe.db.rollback()
	entries = frappe.get_all("Communication", {"content": text}, pluck="reference_name")
	merged = frappe.get_all("HD Ticket", {"name": ("in", entries), "is_merged": 1}, pluck="name")
	return sorted(set(entries) - {str(name) for name in merged})


def test_a_merged_ticket_is_not_merged_again(agent, customer, ticket, stack):
	"""Another agent's list of tickets is a moment old, or somebody clicks twice."""
	text = frappe.generate_hash()
	customer.text(text)
	first, second = (ticket_of(Customer(stack).text("Another customer")) for _ in range(2))
	merge(agent, ticket, first)
	for target in (first, second):
		refused = asked(agent, "merge_ticket", source=ticket.name, target=target.name)
		assert refused.status_code == 417, refused.text
		assert f"already merged into ticket {first.name}" in told(refused)
	assert living_tickets_with(text) == [str(first.name)]
	assert frappe.db.count("Communication", {"content": text, "reference_name": str(first.name)}) == 1


def test_nothing_is_merged_into_a_merged_ticket(agent, customer, ticket, stack):
	text = frappe.generate_hash()
	customer.text(text)
	dead, living = (ticket_of(Customer(stack).text("Another customer")) for _ in range(2))
	merge(agent, dead, living)
	refused = asked(agent, "merge_ticket", source=ticket.name, target=dead.name)
	assert refused.status_code == 417, refused.text
	assert f"merged into ticket {living.name}" in told(refused)
	assert living_tickets_with(text) == [str(ticket.name)]


def test_a_ticket_is_not_merged_with_itself_by_another_spelling(agent, ticket):
	"""The database takes it for the same name."""
	for spelling in (f"{ticket.name} ", f"{ticket.name}\u200b", f"{ticket.name}abc", f"{ticket.name}.0"):
		refused = asked(agent, "merge_ticket", source=ticket.name, target=spelling)
		assert refused.status_code in (404, 417), (spelling, refused.text)
	frappe.db.rollback()
	assert not frappe.db.get_value("HD Ticket", ticket.name, "is_merged")


@pytest.mark.parametrize("by_text", [True, False])
def test_a_link_that_an_agent_opens_changes_no_ticket(agent, customer, ticket, stack, by_text):
	"""Without a token of the session, which a link in an e-mail does not have."""
	source = ticket if by_text else email_ticket()
	target = ticket_of(Customer(stack).text("Another customer")) if by_text else email_ticket()
	frappe.db.commit()
	entry = frappe.get_all("Communication", {"reference_name": str(source.name)}, pluck="name")[0]
	tickets = frappe.db.count("HD Ticket")
	calls = [
		(f"{HELPDESK}merge_ticket", {"source": source.name, "target": target.name}),
		(f"{HELPDESK}split_ticket", {"subject": "Other", "communication_id": entry}),
		(
			"run_doc_method",
			{
				"dt": "HD Ticket",
				"dn": str(source.name),
				"method": "reply_via_agent",
				"args": frappe.as_json({"message": "By a link", "to": customer.number}),
			},
		),
	]
	for method, args in calls:
		assert agent.call(method, http="GET", **args).status_code in (403, 405), method
	frappe.db.rollback()
	assert not frappe.db.get_value("HD Ticket", source.name, "is_merged")
	assert frappe.db.count("HD Ticket") == tickets
	assert not frappe.db.exists("Communication", {"content": ("like", "%By a link%")})


def test_only_messages_of_tickets_are_split_off(agent, ticket):
	entry = frappe.get_doc(
		{
			"doctype": "Communication",
			"communication_medium": "Email",
			"sent_or_received": "Received",
			"subject": "Other",
			"content": "Other",
			"reference_doctype": "User",
			"reference_name": "Administrator",
		}
	).insert(ignore_permissions=True)
	frappe.db.set_value("Communication", entry.name, "reference_name", str(ticket.name))
	frappe.db.commit()
	for name in (entry.name, "no such message"):
		refused = asked(agent, "split_ticket", subject="Other", communication_id=name)
		assert refused.status_code == 404, refused.text
		assert "is in no ticket" in told(refused)


def test_agents_of_other_teams_are_told_which_ticket_they_may_not_change(customer, ticket, stack, restricted):
	frappe.db.set_value("HD Ticket", ticket.name, "agent_group", make_team("Tsms Merging"))
	frappe.db.commit()
	outsider = Person(stack, make_agent("tsms-other-team@example.com"))
	own = ticket_of(Customer(stack).text("Another customer"))
	message = frappe.get_all("Communication", {"reference_name": str(ticket.name)}, pluck="name")[0]
	for method, values in (
		("merge_ticket", {"source": ticket.name, "target": own.name}),
		("merge_ticket", {"source": own.name, "target": ticket.name}),
		("split_ticket", {"subject": "Other", "communication_id": message}),
	):
		refused = asked(outsider, method, **values)
		assert refused.status_code == 403, refused.text
		assert f"may not change ticket {ticket.name}" in told(refused)


@pytest.fixture
def restricted(site):
	"""Agents see the tickets of their own teams alone."""
	settings = {"restrict_tickets_by_agent_group": 1, "do_not_restrict_tickets_without_an_agent_group": 1}
	before = {field: frappe.db.get_single_value("HD Settings", field) for field in settings}
	for values in (settings, before):
		for field, value in values.items():
			frappe.db.set_single_value("HD Settings", field, value)
		frappe.db.commit()
		frappe.clear_document_cache("HD Settings", "HD Settings")
		if values is settings:
			yield


def test_a_customer_who_writes_meanwhile_does_not_keep_a_ticket_from_being_merged(
	agent, customer, ticket, stack
):
	target = ticket_of(Customer(stack).text("Another customer"))
	for sent in [customer.text(f"Text {number}", wait=False) for number in range(30)]:
		customer.arrived(sent)
	texts = []
	with ThreadPoolExecutor(1) as pool:
		answer = pool.submit(asked, agent, "merge_ticket", source=ticket.name, target=target.name)
		while not answer.done():
			texts.append(frappe.generate_hash())
			customer.text(texts[-1])
	assert answer.result().status_code == 200, answer.result().text
	for text in texts:
		assert living_tickets_with(text) == [str(target.name)]


@pytest.mark.parametrize("what", ["two targets", "a chain", "a circle", "a split"])
def test_two_merges_at_once_leave_each_text_in_one_living_ticket(agent, stack, what):
	for _round in range(4):
		customers = [Customer(stack) for _ in range(3)]
		texts = [frappe.generate_hash() for _ in customers]
		sent = [customer.text(text, wait=False) for customer, text in zip(customers, texts, strict=True)]
		a, b, c = (ticket_of(Customer.arrived(text)).name for text in sent)
		last = frappe.generate_hash()
		late = customers[0].text(last)
		also = {
			"two targets": ("merge_ticket", {"source": a, "target": c}),
			"a chain": ("merge_ticket", {"source": b, "target": c}),
			"a circle": ("merge_ticket", {"source": b, "target": a}),
			"a split": ("split_ticket", {"subject": "Other", "communication_id": late.communication}),
		}[what]
		with ThreadPoolExecutor(2) as pool:
			answers = [
				pool.submit(asked, agent, "merge_ticket", source=a, target=b),
				pool.submit(asked, agent, also[0], **also[1]),
			]
		codes = sorted(answer.result().status_code for answer in answers)
		assert codes[0] == 200, [answer.result().text for answer in answers]
		assert codes[1] in (200, 417), [answer.result().text for answer in answers]
		for text in (*texts, last):
			assert len(living_tickets_with(text)) == 1, (what, text)


def test_whoever_waits_for_several_locks_waits_once(stack):
	names = [frappe.generate_hash() for _ in range(3)]
	with holding(names[0]), holding(names[2]):
		begun = time.monotonic()
		assert locks.take(names, wait_s=1) == set()
		assert 1 <= time.monotonic() - begun < 2
	assert locks.take(names, wait_s=1) == set(names)
	locks.release(names)
	assert all(locks.is_free(name) for name in names)


def test_a_ticket_that_is_deleted_meanwhile_is_said_to_be_gone(agent, ticket, stack):
	target = ticket_of(Customer(stack).text("Another customer"))
	with ThreadPoolExecutor(1) as pool, holding(f"merge {ticket.name}"):
		answer = pool.submit(asked, agent, "merge_ticket", source=ticket.name, target=target.name)
		time.sleep(1)
		frappe.delete_doc("HD Ticket", ticket.name)
		frappe.db.commit()
	refused = answer.result()
	assert refused.status_code == 404 and f"no ticket {ticket.name}" in told(refused), refused.text


def test_no_message_is_started_in_a_ticket_that_was_just_merged(agent, stack):
	"""Who reads the ticket that goes on was not asked."""
	merged, living = email_ticket(), email_ticket()
	frappe.db.commit()
	merge(agent, merged, living)
	customer = Customer(stack)
	frappe.set_user(agent.user)
	with pytest.raises(frappe.ValidationError, match=f"just merged into ticket {living.name}"):
		starting.start(customer.number, "Hello", number=stack.number, ticket=str(merged.name))
	frappe.db.rollback()
	frappe.set_user("Administrator")
	assert not frappe.db.exists("Twilio SMS Message", {"customer_number": customer.number})


def test_only_agents_merge_and_split(customer, ticket, stack):
	portal = Person(stack, make_customer("tsms-merging@example.com"))
	row = customer.text("Another matter")
	for method, values in (
		("merge_ticket", {"source": ticket.name, "target": ticket.name}),
		("split_ticket", {"subject": "Other", "communication_id": row.communication}),
	):
		assert asked(portal, method, **values).status_code == 403


def test_what_a_customer_wrote_before_does_not_name_merged_tickets(agent, customer, ticket, stack):
	"""Their texts are in the ticket that goes on."""
	before = ticket_of(customer.text("Other number", to=stack.other_number))
	source = ticket_of(customer.text("Another number", to=stack.add_number()))
	merge(agent, source, before)
	found = agent.call("twilio_sms_channel.api.ticket.history", http="GET", ticket=ticket.name).json()
	assert [str(row["ticket"]) for row in found["message"]] == [str(before.name)]
	state = agent.call("twilio_sms_channel.api.ticket.state", http="GET", ticket=ticket.name).json()
	assert state["message"]["earlier"] == 1
