"""What docs/api.md promises to other programs, asked with an API key."""

import inspect
import json
import re
from pathlib import Path

import frappe
import pytest
import requests
from frappe.core.doctype.user.user import generate_keys
from support import desks
from support.people import make_agent
from support.reply_box import noise
from support.stack import eventually, ticket_of

from twilio_sms_channel.api import lookup
from twilio_sms_channel.api import ticket as endpoints
from twilio_sms_channel.messaging.conversation import consent

MESSAGE, CONVERSATION = "Twilio SMS Message", "Twilio SMS Conversation"
DOCS = Path(__file__).parents[1] / "docs" / "api.md"


class Program:
	"""Another program, with the API key of a user whose only role is Agent."""

	def __init__(self, stack, key: str, secret: str):
		self.url = f"{stack.web}/api/method/"
		self.headers = {"Authorization": f"token {key}:{secret}"}

	def call(self, endpoint: str, form=None, **args) -> requests.Response:
		"""JSON, or form-encoded when `form` is given."""
		url, how = (
			f"{self.url}twilio_sms_channel.api.ticket.{endpoint}",
			{"data": form} if form else {"json": args},
		)
		return requests.post(url, headers=self.headers, timeout=30, **how)

	def get(self, endpoint: str, **args) -> requests.Response:
		url = f"{self.url}twilio_sms_channel.api.ticket.{endpoint}"
		return requests.get(url, headers=self.headers, params=args, timeout=30)

	def upload(self, ticket: str, name: str, content: bytes) -> str:
		about = {"is_private": 1, "doctype": desks.default().doctype, "docname": ticket}
		answer = requests.post(
			f"{self.url}upload_file",
			headers=self.headers,
			data=about,
			files={"file": (name, content)},
			timeout=30,
		)
		assert answer.status_code == 200, answer.text
		return answer.json()["message"]["name"]


@pytest.fixture(scope="module")
def program(stack, admin) -> Program:
	user = make_agent("tsms-program@example.com", "Order", "System")
	secret = generate_keys(user)["api_secret"]
	frappe.db.commit()
	return Program(stack, frappe.db.get_value("User", user, "api_key"), secret)


@pytest.fixture(scope="module")
def of_somebody(stack, admin):
	"""A customer who has texted, and their ticket's name."""
	from support.stack import Customer

	frappe.db.rollback()
	stack.simulator.faults.off()
	customer = Customer(stack)
	return customer, str(ticket_of(customer.text("Where is my parcel?")).name)


@pytest.fixture
def ticket(of_somebody) -> str:
	return of_somebody[1]


def refusal(answer: requests.Response) -> tuple[int, str]:
	return answer.status_code, answer.json().get("exc_type")


def files_of(message: str) -> list[str]:
	frappe.db.rollback()
	return [row.file_name for row in frappe.get_doc(MESSAGE, message).media]


def test_a_program_replies_as_the_button_does(program, of_somebody):
	customer, ticket = of_somebody
	answer = program.call("reply", ticket=ticket, message="It arrives today.\nCall us.")
	assert answer.status_code == 200, answer.text
	said = answer.json()["message"]
	assert (said["status"], said["encoding"], said["segments"]) == ("Queued", "GSM-7", 1)
	eventually(lambda: "It arrives today.\nCall us." in [m.body for m in customer.inbox()])
	message = frappe.get_doc(MESSAGE, said["message"])
	assert message.sent_by == "tsms-program@example.com"
	communication = frappe.get_doc("Communication", message.communication)
	assert communication.sender == "tsms-program@example.com"
	assert str(communication.reference_name) == ticket


def test_forms_are_taken_as_well(program, ticket):
	answer = program.call(
		"reply", form={"ticket": ticket, "message": "By form & post", "request_id": "form-1"}
	)
	assert answer.status_code == 200, answer.text
	assert frappe.db.get_value(MESSAGE, answer.json()["message"]["message"], "body") == "By form & post"


@pytest.mark.parametrize(
	"written",
	[lambda name: [name], lambda name: json.dumps([name]), lambda name: name],
	ids=["list", "list as JSON", "name"],
)
def test_files_go_along_by_their_names(program, ticket, written):
	label = f"label-{frappe.generate_hash(length=8)}.png"
	name = program.upload(ticket, label, noise(20, 20))
	answer = program.call("reply", ticket=ticket, message="The label", attachments=written(name))
	assert answer.status_code == 200, answer.text
	assert files_of(answer.json()["message"]["message"]) == [label]


@pytest.mark.parametrize("says_doctype", [lambda: desks.default().doctype, str, lambda: None])
def test_a_ticket_can_be_named_with_its_doctype(program, ticket, says_doctype):
	ticket_doctype = says_doctype()
	named = {"ticket": ticket, "ticket_doctype": ticket_doctype}
	told = program.call("state", **named)
	assert told.status_code == 200, told.text
	assert told.json()["message"]["ticket_doctype"] == desks.default().doctype
	assert program.call("reply", **named, message="Named in full").status_code == 200


READ_ONLY_OF_A_TICKET = ("state", "history", "saved_replies", "numbers")


@pytest.mark.parametrize("endpoint", READ_ONLY_OF_A_TICKET)
def test_of_what_is_no_ticket_nothing_is_read(program, endpoint):
	"""Whether a document of that name is there or not, the answer is the same."""
	named = [("User", "Administrator"), ("User", "nobody@example.com"), ("No DocType", "1")]
	answers = [program.call(endpoint, ticket=name, ticket_doctype=doctype) for doctype, name in named]
	assert [refusal(answer) for answer in answers] == [(417, "ValidationError")] * 3
	told = [json.loads(json.loads(answer.json()["_server_messages"])[0])["message"] for answer in answers[:2]]
	assert told[0] == told[1]
	found = program.call("find", query="+14155550132", ticket_doctype="User")
	assert refusal(found) == (417, "ValidationError")


def test_files_go_along_with_a_form(program, ticket):
	labels = [f"{n}-{frappe.generate_hash(length=8)}.png" for n in range(2)]
	names = [program.upload(ticket, label, noise(20, 20)) for label in labels]
	answer = program.call("reply", form={"ticket": ticket, "attachments": json.dumps(names)})
	assert answer.status_code == 200, answer.text
	assert files_of(answer.json()["message"]["message"]) == labels


@pytest.mark.parametrize("request_id", ["order-4711-shipped", 4711])
def test_the_same_request_sends_nothing_twice(program, ticket, request_id):
	asked = {"ticket": ticket, "message": f"Shipped {request_id}", "request_id": request_id}
	first, again = program.call("reply", **asked), program.call("reply", **{**asked, "message": "Otherwise"})
	assert (first.status_code, again.status_code) == (200, 200), first.text + again.text
	assert first.json()["message"]["message"] == again.json()["message"]["message"]
	frappe.db.rollback()
	assert frappe.db.count(MESSAGE, {"body": f"Shipped {request_id}"}) >= 1
	assert not frappe.db.count(MESSAGE, {"body": "Otherwise"})


@pytest.mark.parametrize(
	("args", "says"),
	[
		({"message": ""}, (417, "CannotText")),
		({}, (417, "CannotText")),
		({"message": "x" * 1601}, (417, "CannotText")),
		({"message": "Hi", "attachments": ["none of ours"]}, (404, "DoesNotExistError")),
		({"message": "Hi", "attachments": '["unfinished'}, (417, "CannotText")),
		({"message": "Hi", "attachments": {"name": "no list"}}, (417, None)),
		({"message": "Hi", "attachments": '{"name": "no list"}'}, (417, "CannotText")),
		({"message": "Hi", "attachments": [{"a": 1}]}, (417, "CannotText")),
		({"message": "Hi", "attachments": "[1]"}, (417, "CannotText")),
		({"message": "Hi", "attachments": [None]}, (417, "CannotText")),
		({"message": "Hi", "attachments": "[" * 100_000}, (417, "CannotText")),
		({"message": "Hi", "ticket": "987654321"}, (404, "DoesNotExistError")),
		({"message": "Hi", "ticket": None}, (417, None)),
		({"message": "Hi", "ticket_doctype": "User"}, (417, "ValidationError")),
		({"message": "Hi", "ticket_doctype": "<b>Ticket</b>"}, (417, "ValidationError")),
		({"message": "Hi", "ticket_doctype": ["HD Ticket"]}, (417, None)),
	],
)
def test_a_reply_that_cannot_go_is_refused_with_the_reason(program, ticket, args, says):
	before = frappe.db.count(MESSAGE)
	answer = program.call("reply", **{"ticket": ticket, **args})
	status, exc_type = refusal(answer)
	assert (status, exc_type if says[1] else None) == says, answer.text
	if status == 417 and says[1]:
		(reason,) = json.loads(answer.json()["_server_messages"])
		assert len(json.loads(reason)["message"]) > 20
	frappe.db.rollback()
	assert frappe.db.count(MESSAGE) == before


def test_a_colleagues_answer_is_seen_first(program, agent, ticket):
	seen = program.get("state", ticket=ticket).json()["message"]["newest"]
	newer = agent.call("twilio_sms_channel.api.ticket.reply", ticket=ticket, message="I did it").json()[
		"message"
	]
	answer = program.call("reply", ticket=ticket, message="Shall I do it?", seen=seen)
	assert refusal(answer) == (417, "AnsweredMeanwhile")
	assert "I did it" in answer.text
	answer = program.call("reply", ticket=ticket, message="Shall I do it?", seen=newer["message"])
	assert answer.status_code == 200, answer.text


def test_whoever_opted_out_is_not_texted(program, stack, customer, sim):
	message = customer.text("Hello")
	with stack.without_worker():
		consent.opt_out(frappe.get_doc(CONVERSATION, message.conversation), "Agent")
		frappe.db.commit()
		answer = program.call("reply", ticket=str(ticket_of(message).name), message="Hi")
	assert refusal(answer) == (417, "CannotText")
	assert "START" in answer.text


def test_a_wrong_key_is_refused(program, ticket, stack):
	stranger = Program(stack, "made", "up")
	assert stranger.call("reply", ticket=ticket, message="Hi").status_code == 401


def test_nothing_is_sent_by_get(program, ticket):
	assert program.get("reply", ticket=ticket, message="Hi").status_code == 403


def test_the_fate_of_a_text_can_be_asked(program, ticket):
	sent = program.call("reply", ticket=ticket, message="Arrived?").json()["message"]["message"]

	def label():
		rows = program.get("state", ticket=ticket).json()["message"]["messages"]
		return next(row for row in rows if row["name"] == sent)["status"] == "Delivered"

	eventually(label)


@pytest.mark.parametrize("endpoint", ["retry", "cancel", "send_as_email"])
def test_a_message_that_is_not_there(program, endpoint):
	assert refusal(program.call(endpoint, message="none of ours")) == (404, "DoesNotExistError")


@pytest.mark.parametrize("module", [endpoints, lookup], ids=lambda module: module.__name__)
def test_the_documentation_names_every_endpoint_with_its_parameters(module):
	text = DOCS.read_text()
	for name, endpoint in vars(module).items():
		if (
			not callable(endpoint)
			or endpoint not in frappe.whitelisted
			or endpoint.__module__ != module.__name__
		):
			continue
		heading = re.search(rf"^### `{name}`.*?(?=^##|\Z)", text, re.M | re.S)
		assert heading, f"docs/api.md says nothing of {name}"
		for parameter in inspect.signature(endpoint).parameters:
			assert f"`{parameter}`" in heading[0], f"docs/api.md: {name} has a parameter {parameter}"
