"""Opening a long ticket asks the database hardly more than opening a short one."""

from collections import defaultdict
from collections.abc import Callable

import frappe
import pytest
from frappe.desk.form.load import getdoc
from frappe.utils import add_to_date, now_datetime
from support import desks
from support.people import make_agent
from support.reply_box import conversation_with

from twilio_sms_channel.api import ticket as endpoints
from twilio_sms_channel.messaging.outbound import sender_choice

MESSAGE = "Twilio SMS Message"
FEW, MANY = 5, 500
AT_MOST = 1.2
# What a text's fate, remarks and buttons depend on.
STATUSES = (
	("Failed", "21408", "Region"),
	("Queued", None, None),
	("Delivered", None, None),
	("Undelivered", "30006", "Landline"),
	("Blocked", "21610", "Opted out"),
)


@pytest.fixture(scope="module")
def agents(stack):
	return [make_agent("tsms-agent@example.com"), *(make_agent(f"tsms-a{n}@example.com") for n in range(3))]


def ticket_with(stack, texts: int, agents: list[str]):
	"""A ticket with so many texts, every fifth with a picture. Commits nothing."""
	conversation = conversation_with(stack)
	ticket = frappe.get_doc(conversation.ticket_doctype, conversation.ticket)
	rows = defaultdict(list)
	begin = add_to_date(now_datetime(), days=-1)
	for n in range(texts):
		names = {
			"creation": add_to_date(begin, seconds=n),
			"modified": add_to_date(begin, seconds=n),
			"owner": "Administrator",
			"name": frappe.generate_hash(length=10),
		}
		agent = None if n % 2 == 0 else agents[n // 2 % len(agents)]
		_add_text(rows, names, n, agent, conversation, ticket)
		if n % 5 == 0:
			_add_picture(rows, names, n)
	for doctype, found in rows.items():
		frappe.db.bulk_insert(doctype, list(found[0]), [list(row.values()) for row in found])
	return ticket


def _add_text(rows: dict[str, list], names: dict, n: int, agent: str | None, conversation, ticket) -> None:
	state = STATUSES[n // 2 % len(STATUSES)] if agent else ("Threaded", None, None)
	rows["Communication"].append(
		{
			**names,
			"communication_type": "Communication",
			"communication_medium": "SMS",
			"sent_or_received": "Sent" if agent else "Received",
			"communication_date": names["creation"],
			"sender": agent,
			"reference_doctype": ticket.doctype,
			"reference_name": str(ticket.name),
			"subject": ticket.subject,
			"content": f"<p>Text {n}</p>",
		}
	)
	rows[MESSAGE].append(
		{
			**names,
			"direction": "Outbound" if agent else "Inbound",
			"account": frappe.db.get_value("Twilio SMS Number", conversation.number, "account", cache=True),
			"number": conversation.number,
			"customer_number": conversation.customer_number,
			"conversation": conversation.name,
			"communication": names["name"],
			"body": f"Text {n}",
			"sent_by": agent,
			"may_want_to_stop": n % 3 == 0,
			**dict(zip(("status", "error_code", "error_message"), state, strict=True)),
		}
	)


def _add_picture(rows: dict[str, list], names: dict, n: int) -> None:
	rows["File"].append(
		{
			**names,
			"file_name": f"{n}.png",
			"file_url": f"/private/files/tsms-{names['name']}.png",
			"is_private": 1,
			"attached_to_doctype": "Communication",
			"attached_to_name": names["name"],
		}
	)
	rows["Twilio SMS Media"].append(
		{
			**names,
			"parent": names["name"],
			"parenttype": MESSAGE,
			"parentfield": "media",
			"idx": 1,
			"file": names["name"],
			"file_name": f"{n}.png",
			"content_type": "image/png",
			"status": "Attached",
		}
	)


def statements(work: Callable[[], object]) -> int:
	"""How many statements the database is asked when something is opened again: what Redis keeps, it has."""
	work()
	before = _so_far()
	work()
	# The second question is one itself.
	return _so_far() - before - 1


def _so_far() -> int:
	return int(frappe.db.sql("show session status like 'Questions'")[0][1])


def fresh(endpoint: Callable, *args, **kwargs) -> Callable:
	"""The endpoint as a request calls it: nothing is left of the last one but what Redis keeps."""

	def ask():
		frappe.local.document_cache = {}
		frappe.local.message_log = []
		frappe.local.response = frappe._dict(docs=[])
		frappe.db.value_cache.clear()
		return endpoint(*args, **kwargs)

	return ask


OURS = {
	"state": endpoints.state,
	"history": endpoints.history,
	"saved_replies": endpoints.saved_replies,
}
# For each received message, of whatever medium, Helpdesk looks for a User of its sender: what these ask besides counts.
AROUND_HELPDESKS = ("get_one", "get_ticket_activities")
# For each of the newest 20 Communications, of whatever medium, Frappe reads the files.
IN_DESKS_TIMELINE = 20


def around_helpdesks() -> dict[str, tuple]:
	"""This app's endpoint and the one of Helpdesk's in whose place it stands."""
	from helpdesk.helpdesk.doctype.hd_ticket import api

	from twilio_sms_channel.overrides.helpdesk import feed

	return {
		name: (getattr(feed, name), getattr(api, name)) for name in AROUND_HELPDESKS if hasattr(api, name)
	}


def test_a_long_ticket_costs_hardly_more_statements_than_a_short_one(stack, agents):
	tickets = [str(ticket_with(stack, texts, agents).name) for texts in (FEW, MANY)]
	frappe.set_user(agents[0])

	def counted(endpoint, *args) -> list[int]:
		return [statements(fresh(endpoint, *args, name)) for name in tickets]

	figures = {name: counted(endpoint) for name, endpoint in OURS.items()}
	around = around_helpdesks() if desks.default().has_feed else {}
	for name, (ours, theirs) in around.items():
		whole, without = counted(ours), counted(theirs)
		figures[f"besides Helpdesk's {name}"] = [a - b for a, b in zip(whole, without, strict=True)]
		print(f"\nHelpdesk's own {name}: {without}")
	form = counted(getdoc, desks.default().doctype)
	print(f"\nDesk's form: {form}", *(f"{name}: {pair}" for name, pair in figures.items()), sep="\n")
	assert not {name: pair for name, pair in figures.items() if pair[1] > AT_MOST * pair[0]}
	assert form[1] <= form[0] + IN_DESKS_TIMELINE


@pytest.mark.parametrize("to", [None, "+14155550132", "415 555 0132"])
def test_many_numbers_cost_hardly_more_statements_than_few(stack, to):
	def asked() -> int:
		return statements(fresh(sender_choice.numbers, to))

	few = asked()
	for n in range(50):
		number = {"phone_number": f"+1907555{n:04}", "account": stack.account}
		frappe.get_doc({"doctype": "Twilio SMS Number", **number}).db_insert()
	many = asked()
	print(few, many)
	frappe.db.rollback()
	assert many <= AT_MOST * few
