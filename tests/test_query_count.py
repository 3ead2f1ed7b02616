"""Opening a long ticket asks the database hardly more than opening a short one."""

from collections.abc import Callable

import frappe
import pytest
from frappe.desk.form.load import getdoc
from frappe.utils import add_to_date, now_datetime
from helpdesk.helpdesk.doctype.hd_ticket import api as helpdesk
from support.people import make_agent
from support.reply_box import conversation_with

from twilio_sms_channel.api import ticket as doors
from twilio_sms_channel.overrides import activity

MESSAGE = "Twilio SMS Message"
FEW, MANY = 5, 500
AT_MOST = 1.2
# What a text's fate, remarks and buttons depend on.
STATUSES = (
	{"status": "Failed", "error_code": "21408", "error_message": "Region"},
	{"status": "Queued"},
	{"status": "Delivered"},
	{"status": "Undelivered", "error_code": "30006", "error_message": "Landline"},
	{"status": "Blocked", "error_code": "21610", "error_message": "Opted out"},
)


@pytest.fixture(scope="module")
def agents(stack):
	return [make_agent("tsms-agent@example.com"), *(make_agent(f"tsms-a{n}@example.com") for n in range(3))]


def ticket_with(stack, texts: int, agents: list[str]):
	"""A ticket with so many texts, every fifth with a picture. Commits nothing."""
	conversation = conversation_with(stack)
	ticket = frappe.get_doc("HD Ticket", conversation.ticket)
	begin = add_to_date(now_datetime(), days=-1)
	for n in range(texts):
		inbound = n % 2 == 0
		facts = {"status": "Threaded"} if inbound else STATUSES[n // 2 % len(STATUSES)]
		at = add_to_date(begin, seconds=n)
		communication = _insert(
			"Communication",
			at,
			communication_type="Communication",
			communication_medium="SMS",
			sent_or_received="Received" if inbound else "Sent",
			communication_date=at,
			sender=None if inbound else agents[n // 2 % len(agents)],
			reference_doctype="HD Ticket",
			reference_name=str(ticket.name),
			subject=ticket.subject,
			content=f"<p>Text {n}</p>",
		)
		message = _insert(
			MESSAGE,
			at,
			direction="Inbound" if inbound else "Outbound",
			account=stack.account,
			number=conversation.number,
			customer_number=conversation.customer_number,
			conversation=conversation.name,
			communication=communication,
			body=f"Text {n}",
			sent_by=None if inbound else agents[n // 2 % len(agents)],
			may_want_to_stop=n % 3 == 0,
			**facts,
		)
		if n % 5 == 0:
			_add_picture(message, communication, n, at)
	return ticket


def _insert(doctype: str, at, **fields) -> str:
	doc = frappe.get_doc({"doctype": doctype, "name": frappe.generate_hash(length=10), **fields})
	doc.creation = doc.modified = at
	doc.owner = doc.modified_by = "Administrator"
	doc.flags.name_set = True
	doc.db_insert()
	return doc.name


def _add_picture(message: str, communication: str, n: int, at) -> None:
	url = f"/private/files/tsms-{communication}.png"
	file = _insert(
		"File",
		at,
		file_name=f"{n}.png",
		file_url=url,
		is_private=1,
		attached_to_doctype="Communication",
		attached_to_name=communication,
	)
	_insert(
		"Twilio SMS Media",
		at,
		parent=message,
		parenttype=MESSAGE,
		parentfield="media",
		idx=1,
		file=file,
		file_name=f"{n}.png",
		content_type="image/png",
		status="Attached",
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


def fresh(door: Callable, *args, **kwargs) -> Callable:
	"""The door as a request calls it: nothing is left of the last one but what Redis keeps."""

	def ask():
		frappe.local.document_cache = {}
		frappe.local.message_log = []
		frappe.local.response = frappe._dict(docs=[])
		frappe.db.value_cache.clear()
		return door(*args, **kwargs)

	return ask


OURS = {
	"state": doors.state,
	"history": doors.history,
	"saved_replies": doors.saved_replies,
}
# For each received message, of whatever medium, Helpdesk looks for a User of its sender: what these ask besides counts.
AROUND_HELPDESKS = {
	"get_one": (activity.get_one, helpdesk.get_one),
	"get_ticket_activities": (
		activity.get_ticket_activities,
		getattr(helpdesk, "get_ticket_activities", None),
	),
}
# For each of the newest 20 Communications, of whatever medium, Frappe reads the files.
IN_DESKS_TIMELINE = 20


def test_a_long_ticket_costs_hardly_more_statements_than_a_short_one(stack, agents):
	tickets = [str(ticket_with(stack, texts, agents).name) for texts in (FEW, MANY)]
	frappe.set_user(agents[0])

	def counted(door, *args) -> list[int]:
		return [statements(fresh(door, *args, name)) for name in tickets]

	figures = {name: counted(door) for name, door in OURS.items()}
	for name, (ours, theirs) in AROUND_HELPDESKS.items():
		if theirs:
			whole, without = counted(ours), counted(theirs)
			figures[f"besides Helpdesk's {name}"] = [a - b for a, b in zip(whole, without, strict=True)]
			print(f"\nHelpdesk's own {name}: {without}")
	form = counted(getdoc, "HD Ticket")
	print(f"\nDesk's form: {form}", *(f"{name}: {pair}" for name, pair in figures.items()), sep="\n")
	assert not {name: pair for name, pair in figures.items() if pair[1] > AT_MOST * pair[0]}
	assert form[1] <= form[0] + IN_DESKS_TIMELINE
