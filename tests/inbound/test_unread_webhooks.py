"""What Twilio signed and this app cannot read: kept as it came, read again, and a STOP in it counts at once."""

import json
import secrets

import frappe
import pytest
from frappe.model.base_document import get_controller
from support.stack import INBOUND, eventually
from support.webhooks import STATUS, rejections, sid, signed, stored, text

from twilio_sms_channel import install
from twilio_sms_channel.messaging.conversation import eligibility
from twilio_sms_channel.messaging.inbound import unread_webhooks
from twilio_sms_channel.messaging.upkeep import sweep
from twilio_sms_channel.twilio_gateway import payloads

UNREAD, MESSAGE, EVENT = "Twilio SMS Unread Webhook", "Twilio SMS Message", "Twilio SMS Consent Event"
CONVERSATION = "Twilio SMS Conversation"
NO_SID = {"MessageSid": None}


@pytest.fixture(autouse=True)
def none_left(site):
	"""Neither before nor after a test."""
	frappe.db.rollback()
	frappe.db.delete(UNREAD)
	frappe.db.commit()
	yield
	frappe.db.rollback()
	frappe.db.delete(UNREAD)
	frappe.db.commit()


def unread() -> list:
	frappe.db.rollback()
	return frappe.get_all(UNREAD, fields=["*"], order_by="creation")


def pairs(row) -> dict:
	return dict(json.loads(row.parameters))


def somebody() -> str:
	return f"+1415{2_000_000 + secrets.randbelow(8_000_000)}"


def events_of(customer_number: str) -> list:
	frappe.db.rollback()
	fields = ["event", "number", "message", "source", "word"]
	return frappe.get_all(EVENT, {"customer_number": customer_number}, fields, order_by="sequence")


def is_blocked(number: str, customer_number: str) -> bool:
	frappe.db.rollback()
	return bool(eligibility.opted_out(number, customer_number))


@pytest.mark.parametrize(
	"change",
	[{"MessageSid": "nonsense"}, {"MessageSid": None}, {"To": ""}, {"To": "\u200b", "Body": "x" * 20_000}],
	ids=["no SID", "SID missing", "no recipient", "nothing but what is not seen"],
)
@pytest.mark.parametrize("http", ["POST", "GET"])
def test_a_signed_message_that_cannot_be_read_is_kept_as_it_came(stack, now, change, http):
	if http == "GET":
		change = {**change, "Body": "Hello"}
	params = text(stack, NewInMarch="ünï <b>", **change)
	messages = frappe.db.count(MESSAGE)
	answers = [signed(stack, INBOUND, params, http=http) for _n in range(2)]
	assert [answer.status_code for answer in answers] == [200, 200]
	assert "<Response/>" in answers[0].text
	(row,) = unread()
	assert pairs(row) == params
	assert (row.kind, row.account, row.sender) == ("Message", stack.account, params["From"])
	assert "missing or malformed" in row.reason and "MalformedWebhook" in row.traceback
	assert frappe.db.count(MESSAGE) == messages and not rejections(now)


def test_what_nobody_signed_is_not_kept(stack, now):
	assert signed(stack, INBOUND, text(stack, **NO_SID), token="another").status_code == 403
	assert not unread() and rejections(now)


@pytest.mark.parametrize("path", [STATUS, STATUS + "?message=unknown"])
def test_a_signed_report_that_cannot_be_read_is_kept(stack, now, path):
	params = {"MessageSid": sid(), "AccountSid": stack.account_sid, "MessageStatus": "<b>"}
	assert signed(stack, path, params).status_code == 200
	(row,) = unread()
	assert (row.kind, row.message or "") == ("Delivery Report", path.partition("=")[2])
	assert not rejections(now)


def test_hostile_values_are_kept_and_are_no_markup_where_they_are_shown(stack, admin):
	params = text(stack, MessageSid="<svg onload=x>", From="<b>\u202e" + "y" * 900, Body="nul\x00 <script>")
	params |= {f"Later{n}": "<img src=x>" * 30 for n in range(300)}
	assert signed(stack, INBOUND, params).status_code == 200
	(row,) = unread()
	assert pairs(row) == params
	shown = {field: row[field] for field in ("reason", "sender", "to_number", "twilio_sid", "traceback")}
	assert not [field for field, value in shown.items() if "<" in (value or "")], shown
	answer = admin.call(
		"frappe.www.printview.get_html_and_style", doc=UNREAD, name=row.name, no_letterhead=1, http="GET"
	)
	assert (
		answer.status_code == 200 and "<script>" not in answer.json()["message"]["html"].split("</style>")[-1]
	)


def test_what_the_database_does_not_take_is_kept(stack):
	"""A field that is too short for what Twilio sends one day."""
	params = text(stack, From=somebody(), Latitude="1", Longitude="2", Label="x" * 200)
	# What other tests have left there has to fit.
	frappe.db.sql(f"update `tab{MESSAGE}` set location = left(location, 50)")
	frappe.db.commit()
	column = f"alter table `tab{MESSAGE}` modify location"
	frappe.db.sql_ddl(f"{column} varchar(100)")
	try:
		assert signed(stack, INBOUND, params).status_code == 200
		(row,) = unread()
		assert "DataError" in row.reason and not stored(params["MessageSid"])
		assert not unread_webhooks.read_again(row.name)
	finally:
		frappe.db.rollback()
		frappe.db.sql_ddl(f"{column} text")
	assert unread_webhooks.read_again(row.name)
	assert stored(params["MessageSid"]) and not unread()


# Read again ----------------------------------------------------------------------------------------


def keep(stack, params: dict, **more) -> str:
	"""A webhook that an earlier version could not read, and this one can. Its row's name."""
	problem = payloads.MalformedWebhook("an earlier version's reason")
	unread_webhooks.keep(
		stack.account, unread_webhooks.MultiDict(params), problem, **{"is_report": False, **more}
	)
	(row,) = unread()
	return row.name


def test_after_an_update_it_is_read_again_by_itself(stack):
	params = text(stack, From=somebody(), Body="Where is my parcel?")
	keep(stack, params)
	kept_at = unread()[0].creation
	install.after_migrate()
	sweep.run()
	eventually(lambda: not unread())
	name = stored(params["MessageSid"])
	message = frappe.get_doc(MESSAGE, name)
	assert (message.body, message.received_at, message.backfilled) == (params["Body"], kept_at, 0)
	eventually(lambda: frappe.db.get_value(MESSAGE, name, "status") == "Threaded")


def test_by_a_button(stack, admin, agent):
	params = text(stack, From=somebody())
	name = keep(stack, params)
	endpoint = "twilio_sms_channel.api.setup.read_again"
	assert agent.call(endpoint, webhook=name).status_code == 403
	assert admin.call(endpoint, webhook=name).status_code == 200
	eventually(lambda: stored(params["MessageSid"]) and not unread())


def test_what_still_cannot_be_read_says_why_and_keeps_nothing_else_waiting(stack):
	params = text(stack, From=somebody())
	signed(stack, INBOUND, text(stack, **NO_SID))
	broken = unread()[0].name
	unread_webhooks.keep(stack.account, unread_webhooks.MultiDict(params), ValueError("x"), is_report=False)
	install.after_migrate()
	frappe.db.commit()
	unread_webhooks.read_waiting()
	assert stored(params["MessageSid"])
	(row,) = unread()
	assert (row.name, row.attempts, row.waits) == (broken, 1, 0)
	assert row.reason == "MessageSid is missing or malformed"
	assert not unread_webhooks.waiting()


def test_a_number_that_is_gone_meanwhile_keeps_it(stack):
	name = keep(stack, text(stack, To="+19075550000"))
	assert not unread_webhooks.read_again(name)
	assert unread()[0].reason == "+19075550000 is not set up on this site"


def test_it_is_one_message_whatever_else_brought_it(stack):
	params = text(stack, From=somebody())
	signed(stack, INBOUND, params)
	assert unread_webhooks.read_again(keep(stack, params))
	assert not unread() and frappe.db.count(MESSAGE, {"twilio_sid": params["MessageSid"]}) == 1


def test_a_report_is_read_again(stack, customer, agent):
	customer.text("Hello")
	ticket = eventually(
		lambda: frappe.db.get_value(CONVERSATION, {"customer_number": customer.number}, "ticket")
	)
	sent = agent.call("twilio_sms_channel.api.ticket.reply", ticket=ticket, message="Hi").json()["message"]
	name = sent["message"]
	eventually(lambda: frappe.db.get_value(MESSAGE, name, "status") == "Delivered")
	ours = frappe.db.get_value(MESSAGE, name, "twilio_sid")
	report = {"MessageSid": ours, "AccountSid": stack.account_sid, "MessageStatus": "read"}
	assert unread_webhooks.read_again(keep(stack, report, is_report=True, message=name))
	assert frappe.db.get_value(MESSAGE, name, "status") == "Read"
	# Of a message that is not here it tells nothing.
	assert unread_webhooks.read_again(
		keep(stack, {**report, "MessageSid": sid()}, is_report=True, message="x")
	)
	assert not unread()


# Consent -------------------------------------------------------------------------------------------


def test_a_stop_in_a_malformed_webhook_counts_at_once(stack, customer):
	customer.text("Hello")
	eventually(lambda: frappe.db.exists(CONVERSATION, {"customer_number": customer.number}))
	params = text(stack, From=customer.number, Body=" stop ", **NO_SID)
	for _n in range(2):
		assert signed(stack, INBOUND, params).status_code == 200
	(event,) = events_of(customer.number)
	assert (event.event, event.number, event.message) == ("Opted Out", stack.number, None)
	assert is_blocked(stack.number, customer.number)
	mark = {"customer_number": customer.number, "opted_out": 1}
	eventually(lambda: frappe.db.exists(CONVERSATION, mark))
	customer.text("START")
	eventually(lambda: len(events_of(customer.number)) == 2)
	# Who came first cannot be asked: STOP stays.
	assert is_blocked(stack.number, customer.number)


@pytest.mark.parametrize("says", [{"Body": "STOP"}, {"Body": "Basta", "OptOutType": "stop"}])
def test_a_stop_to_nobody_counts_for_every_number_that_texted_with_the_sender(stack, sim, customer, says):
	for number in (stack.number, stack.other_number):
		sim.text(customer.number, number, "Hello")
	pair = {"customer_number": customer.number}
	eventually(lambda: frappe.db.count(CONVERSATION, pair) == 2)
	assert signed(stack, INBOUND, text(stack, From=customer.number, To="", **says)).status_code == 200
	for number in (stack.number, stack.other_number):
		assert is_blocked(number, customer.number)


def test_a_start_counts_only_for_the_number_that_it_names(stack, customer):
	customer.text("STOP")
	eventually(lambda: len(events_of(customer.number)) == 1)
	signed(stack, INBOUND, text(stack, From=customer.number, Body="START", To=""))
	assert len(events_of(customer.number)) == 1 and is_blocked(stack.number, customer.number)


def test_a_stop_that_is_read_later_is_one_decision_at_its_own_time(stack, customer):
	params = text(stack, From=customer.number, Body="STOP")
	name = keep(stack, params)
	(event,) = events_of(customer.number)
	assert not event.message
	assert unread_webhooks.read_again(name)
	(event,) = events_of(customer.number)
	assert event.message == stored(params["MessageSid"])
	eventually(lambda: frappe.db.get_value(MESSAGE, event.message, "status") == "Threaded")
	assert is_blocked(stack.number, customer.number) and len(events_of(customer.number)) == 1


# Erasure -------------------------------------------------------------------------------------------


def test_it_goes_with_its_message_and_a_deleted_message_does_not_come_back_by_it(stack):
	params = text(stack, From=somebody(), Body="My secret", MessageStatus="received")
	signed(stack, INBOUND, params)
	name = stored(params["MessageSid"])
	eventually(lambda: frappe.db.get_value(MESSAGE, name, "status") == "Threaded")
	keep(stack, {**params, "Later": "1"})
	frappe.delete_doc(MESSAGE, name)
	frappe.db.commit()
	assert not unread()
	signed(stack, INBOUND, {**params, "To": ""})
	assert not unread()


def test_deleted_by_hand_it_leaves_no_words_and_does_not_come_back(stack):
	params = text(stack, From=somebody(), Body="My secret words")
	name = keep(stack, params)
	frappe.delete_doc(UNREAD, name)
	frappe.db.commit()
	kept = frappe.get_all("Deleted Document", {"deleted_doctype": UNREAD, "deleted_name": name}, pluck="data")
	assert not [data for data in kept if "secret words" in data or params["From"] in data]
	assert signed(stack, INBOUND, params).status_code == 200
	assert not stored(params["MessageSid"])


def test_after_180_days_it_goes(stack):
	name = keep(stack, text(stack))
	for days, left in ((170, 1), (190, 0)):
		frappe.db.set_value(
			UNREAD, name, "creation", frappe.utils.add_days(None, -days), update_modified=False
		)
		get_controller(UNREAD).clear_old_logs()
		frappe.db.commit()
		assert len(unread()) == left
	assert frappe.get_hooks("default_log_clearing_doctypes")[UNREAD] == [180]
