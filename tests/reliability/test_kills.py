"""The worker, or a process of the web server, is killed (SIGKILL) between any two steps of an inbound text's way.

Each stage has a text of its own. Its process dies there; then a new worker is started and the scheduled sweep runs as
it does on a bench. Afterwards every text is in its ticket, once.

In short (`make test`) five stages, and the rows are made a minute older for the sweep. In full (`make kill-matrix`) all
stages, and the minute is waited for.
"""

import signal
import time
from dataclasses import dataclass

import frappe
import pytest
from support import desks
from support.recovery import make_due, run_sweep
from support.stack import INBOUND, MESSAGE, Customer, content_of, eventually

from twilio_sms_channel.twilio_gateway.signature import RETRY_FRAGMENT

MEDIA, CONVERSATION = "Twilio SMS Media", "Twilio SMS Conversation"
PATIENCE_S = 60
# The sweep leaves alone for a minute what a worker may still be at.
SWEEP_WAITS_S = 61

INTAKE = "twilio_sms_channel.messaging.inbound.intake"
JOBS = "twilio_sms_channel.infra.jobs"
THREADING = "twilio_sms_channel.messaging.inbound.threading"
CONVERSATIONS = "twilio_sms_channel.messaging.conversation.conversations"
CONTACTS = "twilio_sms_channel.people.contacts"
FETCHING = "twilio_sms_channel.messaging.inbound.media"
TICKETS = {
	"helpdesk": "twilio_sms_channel.desks.helpdesk.desk:HelpdeskDesk",
	"erpnext": "twilio_sms_channel.desks.erpnext.desk:IssueDesk",
}
COMMUNICATION = "frappe.core.doctype.communication.communication:Communication"
COMMIT = "frappe.database.database:Database.commit"
SET_VALUE = "frappe.database.database:Database.set_value"


@dataclass(frozen=True)
class Stage:
	name: str
	point: str
	"""See `support.kill_point`"""
	status: str = "Received"
	"""of the text's row when a worker has died"""
	media: str | None = None
	"""status of its picture's row by then, None: a text without a picture"""
	short: bool = False
	"""whether it is part of the short version"""


THREADED = f"{THREADING}:thread:return"
KEPT = "twilio_sms_channel.content.files:attach:return"

WORKER_STAGES = [
	Stage("job starts", f"{INTAKE}:process:call"),
	Stage("conversation made", f"{CONVERSATIONS}:_create:return"),
	Stage("conversation locked", f"{CONVERSATIONS}:locked:return"),
	Stage("contact made", f"{CONTACTS}:find_or_create:return"),
	Stage("ticket made", f"{TICKETS[desks.default().app]}.open_ticket:return", short=True),
	Stage("Communication inserted", f"{COMMUNICATION}.after_insert:return"),
	Stage("conversation saved", f"{CONVERSATIONS}:save:return"),
	Stage("message saved as Threaded", f"{CONVERSATIONS}:save:return then {SET_VALUE}:return"),
	Stage("before the commit", f"{THREADED} then {COMMIT}:call", short=True),
	Stage("after the commit", f"{THREADED} then {COMMIT}:return", status="Threaded", short=True),
	Stage(
		"after the commit, before the job for the picture is queued",
		f"{THREADED} then {JOBS}:_enqueue:call",
		status="Threaded",
		media="Waiting",
	),
	Stage("picture: job starts", f"{FETCHING}:fetch:call", status="Threaded", media="Waiting"),
	Stage("picture: before the download", f"{FETCHING}:_fetch_one:call", status="Threaded", media="Waiting"),
	Stage(
		"picture: after the download",
		"twilio_sms_channel.twilio_gateway.media:download:return",
		status="Threaded",
		media="Waiting",
	),
	Stage("picture: File made", KEPT, status="Threaded", media="Waiting", short=True),
	Stage("picture: row saved", f"{KEPT} then {SET_VALUE}:return", status="Threaded", media="Waiting"),
	Stage("picture: before the commit", f"{KEPT} then {COMMIT}:call", status="Threaded", media="Waiting"),
	Stage("picture: after the commit", f"{KEPT} then {COMMIT}:return", status="Threaded", media="Fetched"),
]

WEB_STAGES = [
	Stage("webhook: before the row", f"{INTAKE}:receive:call"),
	Stage("webhook: row written, not committed", f"{INTAKE}:receive:call then {COMMIT}:call"),
	Stage(
		"webhook: row committed, job not queued",
		f"{INTAKE}:receive:call then {JOBS}:_enqueue:call",
		short=True,
	),
	Stage("webhook: job queued, Twilio not answered", f"{INTAKE}:receive:return"),
]


@dataclass
class Casualty:
	"""A text whose process was killed."""

	customer: Customer
	sid: str
	body: str
	picture: bytes | None


def pytest_generate_tests(metafunc):
	if "stage" in metafunc.fixturenames:
		in_full = metafunc.config.getoption("--in-full")
		stages = [s for s in WORKER_STAGES + WEB_STAGES if s.short or in_full]
		metafunc.parametrize("stage", stages, ids=lambda stage: stage.name)


@pytest.fixture(scope="module")
def casualties(stack, request, tmp_path_factory, picture) -> dict[str, Casualty]:
	"""By stage: a text that was on its way when its process was killed there; the sweep has run since."""
	in_full = request.config.getoption("--in-full")
	folder = tmp_path_factory.mktemp("reached")
	number = stack.add_number()
	# As the app configures its numbers at Twilio: when no answer comes, the webhook is repeated.
	stack.simulator.add_number(stack.account_sid, number, sms_url=stack.web + INBOUND + RETRY_FRAGMENT)
	found = {}
	with stack.without_worker():
		try:
			for place, stage in enumerate(s for s in WEB_STAGES if s.short or in_full):
				found[stage.name] = _die_in_web_server(stack, number, stage, folder / f"web-{place}")
		finally:
			_restart_web(stack)
		# The next worker is to die of its own text, not of these.
		stack.empty_queues()
		for place, stage in enumerate(s for s in WORKER_STAGES if s.short or in_full):
			mark = folder / f"worker-{place}"
			found[stage.name] = _die_in_worker(stack, number, stage, mark, picture + stage.name.encode())
	if in_full:
		time.sleep(SWEEP_WAITS_S)
	else:
		make_due([casualty.sid for casualty in found.values()])
	run_sweep(stack)
	return found


def _restart_web(stack, **env) -> None:
	stack.stop("web")
	stack.start_web(**env)


def _die_in_worker(stack, number, stage: Stage, mark, picture: bytes) -> Casualty:
	worker = stack.start_worker(TWILIO_SMS_KILL_AT=stage.point, TWILIO_SMS_KILL_MARK=str(mark))
	casualty = _text(stack, number, stage, picture if stage.media else None)
	assert worker.wait(PATIENCE_S) == -signal.SIGKILL
	assert mark.exists(), f"the worker died, but not at {stage.point}"
	_assert_left_at(stage, casualty)
	return casualty


def _die_in_web_server(stack, number, stage: Stage, mark) -> Casualty:
	_restart_web(stack, TWILIO_SMS_KILL_AT=stage.point, TWILIO_SMS_KILL_MARK=str(mark))
	casualty = _text(stack, number, stage, None)
	assert stack.simulator.wait_idle(PATIENCE_S)
	assert mark.exists(), f"{stage.point} was not reached"
	attempts = [a for a in stack.simulator.webhook_attempts if a.message_sid == casualty.sid]
	assert [a.status_code for a in attempts] == [None, 200]
	return casualty


def _text(stack, number, stage: Stage, picture: bytes | None) -> Casualty:
	customer = Customer(stack)
	body = f"On its way: {stage.name}"
	sent = customer.text(body, to=number, media=[("cat.png", picture)] if picture else None, wait=False)
	return Casualty(customer, sent.sid, body, picture)


def _assert_left_at(stage: Stage, casualty: Casualty) -> None:
	"""That it died on this text, and between the commits that the stage lies between."""
	frappe.db.rollback()
	row = frappe.db.get_value(MESSAGE, {"twilio_sid": casualty.sid}, ["name", "status"], as_dict=True)
	assert row and row.status == stage.status
	assert frappe.get_all(MEDIA, {"parent": row.name}, pluck="status") == (
		[stage.media] if stage.media else []
	)


def test_a_text_survives_the_death_of_its_process(stage, casualties):
	casualty = casualties[stage.name]
	row = eventually(lambda: threaded_row(casualty), PATIENCE_S)
	conversation = frappe.get_doc(CONVERSATION, row.conversation)
	communications = frappe.get_all(
		"Communication",
		filters={"phone_no": casualty.customer.number},
		fields=["name", "content", "reference_name"],
	)
	assert [c.name for c in communications] == [row.communication]
	assert communications[0].content == casualty.body
	tickets = frappe.get_all(
		desks.default().doctype, {"twilio_sms_conversation": conversation.name}, pluck="name"
	)
	assert [str(t) for t in tickets] == [conversation.ticket] == [str(communications[0].reference_name)]
	assert frappe.get_all("Contact Phone", {"phone": casualty.customer.number}, pluck="parent") == [
		conversation.contact
	]
	files = frappe.get_all(
		"File", {"attached_to_doctype": "Communication", "attached_to_name": row.communication}, pluck="name"
	)
	contents = [content_of(name) for name in files]
	assert contents == ([casualty.picture] if casualty.picture else [])


def threaded_row(casualty: Casualty):
	"""The text's one row once it is in its ticket, with its picture."""
	rows = frappe.get_all(
		MESSAGE,
		filters={"customer_number": casualty.customer.number},
		fields=["name", "twilio_sid", "status", "conversation", "communication"],
	)
	assert len(rows) <= 1
	if not rows or rows[0].status != "Threaded":
		return None
	if frappe.db.exists(MEDIA, {"parent": rows[0].name, "status": ("!=", "Fetched")}):
		return None
	return rows[0]
