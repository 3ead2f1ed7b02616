"""What may be sent: every refusal with its reason before anything is written, and what goes out instead."""

import threading
import uuid

import frappe
import pytest
import requests
from support.reply_box import CUSTOMER, conversation_with, counted, refused, upload
from support.stack import eventually, ticket_of

from twilio_sms_channel.content import segments
from twilio_sms_channel.messaging.conversation import consent
from twilio_sms_channel.messaging.outbound import outbox

MESSAGE = "Twilio SMS Message"
REPLY = "twilio_sms_channel.api.ticket.reply"

REFUSES = {"unsendable_files": "Refuse"}


@pytest.mark.parametrize(
	("body", "says"),
	[
		("", "The message is empty. Write something or attach a file."),
		(" \n\u200b\x00", "The message is empty"),
		("x" * 1601, "has 1601 characters; Twilio sends at most 1600. Shorten it"),
	],
	ids=["empty", "nothing to be seen", "long"],
)
def test_the_text_itself(stack, body, says):
	assert says in refused(conversation_with(stack), body)


def test_1600_characters_are_not_too_many(stack):
	assert outbox.write(conversation_with(stack), "x" * 1600).segments == 11


@pytest.mark.parametrize(
	("customer", "fields", "says"),
	[
		("72345", {}, "is not a phone number"),
		("BANK", {}, "is not a phone number"),
		(CUSTOMER, {"enabled": 0}, "is switched off. An admin can switch it on."),
		(CUSTOMER, {"sms_enabled": 0}, "is switched off"),
		(CUSTOMER, {"number": "Example", "number_type": "Alphanumeric Sender"}, "take no messages from names"),
		("+18765551234", {"number": "Example"}, "take no messages from names"),
		("+447911123456", {"number": "72399", "country": "United States"}, "reaches phones of United States only"),
		("+14165550123", {"number": "72399", "country": "United States"}, "reaches phones of United States only"),
		(CUSTOMER, {"number": "72399", "country": "United Kingdom"}, "reaches phones of United Kingdom only"),
	],
)  # fmt: skip
def test_number_and_customer(stack, customer, fields, says):
	conversation = conversation_with(stack, customer, **fields)
	assert says in refused(conversation)
	assert says in outbox.why_not(conversation)


@pytest.mark.parametrize(
	("customer", "fields"),
	[
		("+447911123456", {"number": "Example"}),
		("+447911123456", {"number": "72399", "country": "United Kingdom"}),
		(CUSTOMER, {"number": "72399", "country": "United States"}),
		("+61412345678", {}),
	],
)
def test_what_is_in_reach_is_sent(stack, customer, fields):
	conversation = conversation_with(stack, customer, **fields)
	assert outbox.write(conversation, "Hello").status == "Queued"


@pytest.mark.parametrize(("country", "may"), [("United States", True), ("Germany", False), (None, True)])
def test_a_short_code_without_a_country_is_of_the_sites(stack, country, may):
	frappe.db.set_single_value("Twilio SMS Settings", "default_country", country)
	frappe.db.set_default("country", country)
	assert bool(outbox.why_not(conversation_with(stack, number="72398"))) != may
	frappe.db.rollback()
	frappe.clear_cache()


def test_an_account_that_is_off(stack):
	conversation = conversation_with(stack)
	frappe.db.set_value("Twilio SMS Account", stack.account, "enabled", 0)
	assert "account" in refused(conversation) and stack.account in refused(conversation)
	frappe.db.rollback()
	frappe.clear_document_cache("Twilio SMS Account", stack.account)


def test_opted_out(stack):
	conversation = conversation_with(stack)
	conversation.opted_out = 1
	assert "opted out of text messages" in refused(conversation)
	# Without the mark: the record decides.
	conversation.opted_out = 0
	consent.opt_out(conversation, consent.BY_REFUSAL)
	assert "count as opted out" in refused(conversation)


@pytest.mark.parametrize(
	("customer", "fields", "says"),
	[
		(CUSTOMER, {"mms_enabled": 0, **REFUSES}, "cannot send files. Remove them"),
		("+447911123456", {}, "reach the United States, Canada and Australia only"),
		("+447911123456", {"number": "Example", **REFUSES}, "messages from names cannot carry files"),
	],
)
def test_files_where_there_is_no_mms(stack, picture, customer, fields, says):
	conversation = conversation_with(stack, customer, **fields)
	assert says in refused(conversation, files=[upload("a.png", picture)])


def test_more_than_ten_files(stack, picture):
	files = [upload(f"{n}.png", picture + bytes([n])) for n in range(11)]
	assert "at most 10 files, not 11" in refused(conversation_with(stack), files=files)


def test_a_file_that_the_agent_may_not_read(stack, agent, picture):
	conversation = conversation_with(stack)
	file = upload("secret.png", picture + b"secret")
	before = counted()
	frappe.set_user(agent.user)
	with pytest.raises(frappe.PermissionError):
		outbox.write(conversation, "Hi", files=[file])
	assert counted() == before


# --- plain characters -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("replaces", [0, 1])
def test_fancy_characters_are_replaced_where_the_number_says_so(stack, replaces):
	body = "It’s “fine” – " + "a" * 100
	message = outbox.write(conversation_with(stack, replace_fancy_characters=replaces), body)
	shown = frappe.db.get_value("Communication", message.communication, "content")
	sent = segments.plain(body) if replaces else body
	assert message.body == sent
	assert (message.encoding, message.segments) == (("GSM-7", 1) if replaces else ("UCS-2", 2))
	assert sent.replace('"', "&quot;").replace("'", "&#x27;") == shown


@pytest.mark.parametrize("body", ["It’s fine", "It’s 👋 " + "a" * 100])
def test_fancy_characters_stay_where_that_saves_nothing(stack, body):
	assert outbox.write(conversation_with(stack, replace_fancy_characters=1), body).body == body


def test_the_preview_says_what_a_text_costs_and_what_would_save(agent, stack, customer, sim):
	number = stack.add_number(replace_fancy_characters=1)
	ticket = ticket_of(customer.text("Hello", to=number))
	body = "It’s “fine” " + "a" * 100

	def preview(**args):
		answer = agent.call("twilio_sms_channel.api.ticket.preview", **args)
		assert answer.status_code == 200, answer.text
		return answer.json()["message"]

	shown = preview(message=body)
	assert (shown["encoding"], shown["segments"], shown["characters"]) == ("UCS-2", 2, 112)
	assert (shown["max_characters"], shown["left"]) == (1600, 1488)
	assert shown["forcing"] == ["’", "“", "”"]
	assert shown["plain"] == {"text": segments.plain(body), "encoding": "GSM-7", "segments": 1}
	assert not shown["replaced"]
	assert preview(message=body, ticket=ticket.name)["replaced"]
	assert preview(message="Hello")["plain"] is None
	assert preview(message="x" * 1700)["left"] == -100
	assert preview(message="")["segments"] == 0
	pasted = f'<p>Look</p><img src="data:image/png;base64,{"A" * 300_000}">'
	assert preview(message=pasted, html=1)["characters"] == 4


@pytest.mark.parametrize(
	"args",
	[
		{"message": "é" * 500_000},
		{"message": "<br>" * 300_000, "html": 1},
		{"message": "é<br>" * 9000, "html": 1},
	],
)
def test_a_text_that_can_never_be_sent_is_not_counted(agent, args):
	answer = agent.call("twilio_sms_channel.api.ticket.preview", **args)
	assert (answer.status_code, answer.json()["exc_type"]) == (417, "CannotText"), answer.text
	assert "too long to be counted" in answer.text
	assert answer.elapsed.total_seconds() < 5


# --- the same request again -------------------------------------------------------------------------------------


def test_the_same_request_gives_the_first_reply_again(stack):
	conversation = conversation_with(stack)
	first = outbox.write(conversation, "Hello", request_id="one")
	before = counted()
	assert outbox.write(conversation, "Hello", request_id="one").name == first.name
	assert counted() == before
	assert outbox.write(conversation, "Hello", request_id="two").name != first.name


def test_another_agent_or_ticket_is_another_request(stack, agent):
	conversation = conversation_with(stack)
	other = conversation_with(stack, "+14155550133")
	names = {outbox.write(c, "Hello", request_id="one").name for c in (conversation, other)}
	frappe.set_user(agent.user)
	names.add(outbox.write(conversation, "Hello", request_id="one").name)
	assert len(names) == 3


def test_a_refused_request_can_be_asked_again(stack):
	conversation = conversation_with(stack)
	with pytest.raises(outbox.CannotText):
		outbox.write(conversation, "", request_id="one")
	assert outbox.write(conversation, "Hello", request_id="one").body == "Hello"


def test_a_double_click_sends_one_text(agent, customer, sim):
	ticket = ticket_of(customer.text("Hello"))
	request_id = str(uuid.uuid4())
	url = f"{agent.stack.web}/api/method/{REPLY}"
	answers = []
	together = threading.Barrier(10)

	def click():
		with requests.Session() as session:
			session.cookies.update(agent.session.cookies)
			together.wait(10)
			args = {"ticket": ticket.name, "message": "Only once", "request_id": request_id}
			answers.append(session.post(url, json=args, timeout=60))

	clicks = [threading.Thread(target=click) for _ in range(10)]
	for thread in clicks:
		thread.start()
	for thread in clicks:
		thread.join()
	assert [answer.status_code for answer in answers] == [200] * 10, [answer.text for answer in answers]
	assert len({answer.json()["message"]["message"] for answer in answers}) == 1
	eventually(lambda: customer.inbox())
	sim.wait_idle(10)
	assert [m.body for m in customer.inbox()] == ["Only once"]
	frappe.db.rollback()
	sent = {"reference_name": str(ticket.name), "sent_or_received": "Sent"}
	assert frappe.db.count("Communication", sent) == 1


def test_the_loser_of_two_transactions_gets_the_winners_reply(stack, customer, sim):
	"""Without the endpoint's lock: as another app calls it."""
	ticket = ticket_of(customer.text("Hello"))
	conversation = frappe.get_doc("Twilio SMS Conversation", ticket.twilio_sms_conversation)
	digest = outbox._digest("one", (conversation.ticket_doctype, conversation.ticket))
	# This transaction sees nothing of what the other one commits.
	assert outbox._asked_before(digest) is None

	def win():
		frappe.init(site=stack.site, sites_path=".")
		frappe.connect()
		try:
			winner = frappe.get_doc(
				{
					"doctype": MESSAGE,
					"direction": "Outbound",
					"status": "Canceled",
					"account": stack.account,
					"number": stack.number,
					"customer_number": customer.number,
					"request_id": digest,
				}
			).insert(ignore_permissions=True)
			frappe.db.commit()
			names.append(winner.name)
		finally:
			frappe.destroy()

	names: list[str] = []
	thread = threading.Thread(target=win)
	thread.start()
	thread.join()
	before = frappe.db.count("Communication")
	assert outbox.write(conversation, "Hello", request_id="one").name == names[0]
	assert frappe.db.count("Communication") == before
