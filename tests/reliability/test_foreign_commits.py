"""Other apps' hooks commit while a text is put into a ticket, which gives the conversation's row back."""

import signal
from concurrent.futures import ThreadPoolExecutor

import frappe
import pytest
from frappe.installer import update_site_config
from support.people import make_agent
from support.recovery import make_due, run_sweep
from support.stack import MESSAGE, Customer, eventually, ticket_of

CONVERSATION = "Twilio SMS Conversation"
PATIENCE_S = 90
API = "twilio_sms_channel.api.ticket."
# How long such a hook goes on after it has committed.
TAKES_S = 2

pytest.importorskip("helpdesk.overrides.other_apps", reason="only Helpdesk's stand-in commits when told to")


@pytest.fixture
def committing(stack):
	"""Call it with DocTypes: hooks on them commit while one is inserted."""

	def begin(*doctypes: str) -> None:
		update_site_config("helpdesk_standin_commits", dict.fromkeys(doctypes, TAKES_S))

	yield begin
	update_site_config("helpdesk_standin_commits", "None")
	# Of this process Frappe keeps the word.
	frappe.local.conf.pop("helpdesk_standin_commits")


def tickets_of(customer) -> list[str]:
	frappe.db.rollback()
	conversations = frappe.get_all(CONVERSATION, {"customer_number": customer.number}, pluck="name")
	return frappe.get_all("HD Ticket", {"twilio_sms_conversation": ("in", conversations)}, pluck="name")


def written(customer) -> list[str]:
	frappe.db.rollback()
	return sorted(frappe.get_all("Communication", {"phone_no": customer.number}, pluck="content"))


def threaded(customer, count: int) -> bool:
	rows = frappe.get_all(MESSAGE, {"customer_number": customer.number}, pluck="status")
	return rows == ["Threaded"] * count


@pytest.mark.parametrize("doctype", ["Contact", "HD Ticket"])
def test_two_first_texts_are_one_ticket_whoever_commits_meanwhile(stack, sim, committing, doctype):
	committing(doctype)
	customers = [Customer(stack) for _ in range(2)]
	with stack.more_workers(3):
		for customer in customers:
			customer.text("One", wait=False)
			eventually(
				lambda customer=customer: frappe.db.exists(MESSAGE, {"customer_number": customer.number})
			)
			# The first one's job has begun: the second text gets a worker of its own.
			stack.simulator.wait_idle(10)
			eventually(
				lambda customer=customer: frappe.db.exists("Contact Phone", {"phone": customer.number}),
				PATIENCE_S,
			)
			customer.text("Two", wait=False)
		for customer in customers:
			eventually(lambda customer=customer: threaded(customer, 2), PATIENCE_S)
	for customer in customers:
		assert len(tickets_of(customer)) == 1
		assert written(customer) == ["One", "Two"]
		assert len(frappe.get_all("Contact Phone", {"phone": customer.number})) == 1


def test_of_two_agents_at_once_one_sees_the_others_text_first(customer, stack, sim, committing, agent, admin):
	ticket = ticket_of(customer.text("Hello"))
	other = stack.login(make_agent("tsms-bob@example.com", "Bob", "Smith"))
	committing("Communication")
	with ThreadPoolExecutor(2) as pool:
		answers = list(pool.map(lambda one: one.reply(ticket.name, f"<p>{one.user}</p>"), (agent, other)))
	assert sorted(answer.status_code for answer in answers) == [200, 417]


def test_an_opt_out_meanwhile_is_not_overwritten(customer, stack, sim, committing, agent):
	ticket = ticket_of(customer.text("Hello"))
	committing("Communication")
	customer.text("No more of this", wait=False)
	eventually(lambda: len(written(customer)) == 2)
	answer = agent.call(f"{API}opt_out", ticket=ticket.name)
	assert answer.status_code == 200, answer.text
	eventually(lambda: threaded(customer, 2))
	assert frappe.db.get_value(CONVERSATION, ticket.twilio_sms_conversation, "opted_out") == 1


def test_a_worker_that_dies_after_such_a_commit_leaves_one_ticket_and_one_text(
	customer, stack, sim, committing, tmp_path
):
	other = Customer(stack)
	begun = "twilio_sms_channel.messaging.threading"
	points = {
		customer: ("HD Ticket", f"{begun}:_communication:call"),
		other: ("Communication", "twilio_sms_channel.messaging.arrival_order:set_arrival:call"),
	}
	with stack.without_worker():
		for one, (doctype, point) in points.items():
			committing(doctype)
			mark = tmp_path / doctype
			worker = stack.start_worker(TWILIO_SMS_KILL_AT=point, TWILIO_SMS_KILL_MARK=str(mark))
			one.text("Only once", wait=False)
			assert worker.wait(PATIENCE_S) == -signal.SIGKILL
			assert mark.exists()
			stack.stop("worker")
			assert len(tickets_of(one)) == 1
	for one in points:
		make_due([frappe.db.get_value(MESSAGE, {"customer_number": one.number}, "twilio_sid")])
	run_sweep(stack)
	for one in points:
		eventually(lambda one=one: threaded(one, 1), PATIENCE_S)
		(ticket,) = tickets_of(one)
		assert written(one) == ["Only once"]
		assert ticket_of(frappe.get_doc(MESSAGE, {"customer_number": one.number})).name == ticket
