"""A site that was restored from a backup of another one sends nothing until an admin confirms that it takes over."""

import secrets
from concurrent.futures import ThreadPoolExecutor

import frappe
import pytest
from frappe.installer import update_site_config
from frappe.utils import add_to_date, now_datetime
from support import desks
from support.copies import as_copy, at_home, put, waiting
from support.recovery import run_sweep
from support.replies import SENT
from support.replies import conversation as conversation_of
from support.stack import eventually, status_of

from twilio_sms_channel import practice
from twilio_sms_channel.infra import clock, site_identity
from twilio_sms_channel.messaging.outbound import sender_choice
from twilio_sms_channel.messaging.sending import send_again, worker
from twilio_sms_channel.messaging.upkeep import backfill, sweep, takeover

MESSAGE, MEDIA = "Twilio SMS Message", "Twilio SMS Media"
CONFIRM = "twilio_sms_channel.api.setup.confirm_home"


@pytest.fixture
def copy(stack, sim):
	with as_copy():
		yield


def arrived(stack, message) -> int:
	return len(
		[m for m in stack.simulator.messages(customer=message.customer_number) if m.body == message.body]
	)


def test_a_site_is_at_home_where_it_was_installed(stack):
	assert not site_identity.is_copy() and site_identity.why() == ""
	assert site_identity.stored("home")["home"] == at_home()
	site_identity.claim_unowned()
	assert takeover.confirm() == 0


def test_another_config_or_none_makes_a_copy_and_another_name_as_well(stack):
	ours = frappe.conf.twilio_sms_home
	try:
		for other in ("None", secrets.token_hex(10)):
			update_site_config(site_identity.CONFIG_KEY, other)
			assert site_identity.is_copy(), other
	finally:
		update_site_config(site_identity.CONFIG_KEY, ours)
	assert not site_identity.is_copy()
	frappe.db.set_single_value(site_identity.HOME, "home", f"{ours}@another.example.com")
	assert "restored from a backup of another.example.com" in site_identity.why()
	frappe.db.rollback()


def test_agents_are_refused_with_the_reason(stack, agent, copy):
	conversation = conversation_of(stack, stack.number)
	frappe.db.set_value(
		conversation.ticket_doctype,
		conversation.ticket,
		{"twilio_sms_conversation": conversation.name, "twilio_sms_reply_channel": "SMS"},
	)
	frappe.db.commit()
	before = frappe.db.count(MESSAGE)
	endpoint = "twilio_sms_channel.api.ticket."
	answers = [
		agent.call(f"{endpoint}reply", ticket=conversation.ticket, message="Hello"),
		agent.reply(conversation.ticket, "<p>Hello</p>"),
		agent.call(f"{endpoint}start", to="+12125550134", number=stack.number, message="Hello"),
	]
	for answer in answers:
		assert answer.status_code == 417, answer.text
		assert "restored from a backup of live.example.com" in answer.text
	state = agent.call(f"{endpoint}state", ticket=conversation.ticket).json()["message"]
	assert not state["can_text"] and "live.example.com" in state["why_not"]
	assert "live.example.com" in state["waiting_because"]
	assert all("live.example.com" in number["why_not"] for number in sender_choice.numbers())
	frappe.db.rollback()
	assert frappe.db.count(MESSAGE) == before


def test_what_waits_stays_and_nothing_is_asked_or_deleted_at_twilio(stack, copy):
	texts = {
		status: waiting(stack, status=status, **fields)
		for status, fields in {
			"Queued": {},
			"Sending": {"tried_at": now_datetime()},
			"Unconfirmed": {"next_attempt": add_to_date(now_datetime(), hours=-1)},
			"Accepted": {"twilio_sid": "SM" + secrets.token_hex(16), "next_attempt": now_datetime()},
			"Failed": {},
		}.items()
	}
	asked = len(stack.simulator.requests)
	worker.run()
	sweep.run()
	backfill.scheduled()
	with pytest.raises(site_identity.IsCopy):
		send_again.send_again(texts["Failed"].name)
	assert {status: status_of(text.name) for status, text in texts.items()} == {s: s for s in texts}
	assert len(stack.simulator.requests) == asked


def test_files_are_not_deleted_at_twilio(stack, copy, customer, picture):
	put(home=at_home())
	text = customer.text("Look", media=[("a.png", picture)])
	row = eventually(lambda: frappe.db.get_value(MEDIA, {"parent": text.name, "status": "Fetched"}))
	frappe.db.set_value(MEDIA, row, "twilio_copy", "To Delete")
	put(home="other@live.example.com")
	frappe.get_attr("twilio_sms_channel.messaging.inbound.media.delete_at_twilio")(text.name)
	assert frappe.db.get_value(MEDIA, row, "twilio_copy") == "To Delete"
	put(home=at_home())
	frappe.get_attr("twilio_sms_channel.messaging.inbound.media.delete_at_twilio")(text.name)
	assert frappe.db.get_value(MEDIA, row, "twilio_copy") == "Deleted"


def test_texts_of_customers_are_taken_in_by_a_copy(stack, copy, customer):
	assert customer.text("Is anybody there?").status == "Threaded"


def test_confirming_cancels_what_waited_and_the_ticket_says_why(stack, agent, admin, copy):
	text = waiting(stack)
	sent_before = waiting(stack, status="Sending", tried_at=now_datetime())
	assert agent.call(CONFIRM).status_code == 403
	assert admin.call(CONFIRM, waiting="whatever").status_code == 417
	assert site_identity.is_copy()
	answer = admin.call(CONFIRM)
	assert answer.status_code == 200, answer.text
	assert answer.json()["message"]["waiting"] == "cancel" and answer.json()["message"]["texts"] >= 2
	assert status_of(text.name) == status_of(sent_before.name) == "Canceled"
	assert not site_identity.is_copy()
	assert frappe.db.get_single_value(site_identity.HOME, "confirmed_by") == admin.user
	frappe.db.set_value(
		desks.default().doctype, _ticket_of(text), "twilio_sms_conversation", text.conversation
	)
	frappe.db.commit()
	state = agent.call("twilio_sms_channel.api.ticket.state", ticket=_ticket_of(text)).json()["message"]
	(shown,) = state["messages"]
	assert "took over from a backup" in shown["fate"] and shown["error"]["what"] in shown["fate"]
	stack.wake()
	run_sweep(stack)
	assert not arrived(stack, text) and not arrived(stack, sent_before)


def _ticket_of(message) -> str:
	return frappe.db.get_value("Twilio SMS Conversation", message.conversation, "ticket")


def test_confirming_may_look_up_what_waited_and_send_only_what_was_not(stack, admin, copy):
	sent, unsent = waiting(stack, "The original sent this"), waiting(stack, "The original did not send this")
	_old(sent, minutes=10)
	_old(unsent, minutes=10)
	sid = _sent_by_the_original(stack, sent)
	assert admin.call(CONFIRM, waiting="look_up").json()["message"]["texts"] >= 2
	eventually(lambda: status_of(sent.name) in SENT and status_of(unsent.name) in SENT)
	assert frappe.db.get_value(MESSAGE, sent.name, "twilio_sid") == sid
	stack.simulator.wait_idle(10)
	assert arrived(stack, sent) == arrived(stack, unsent) == 1


def _old(message, **ago) -> None:
	created = add_to_date(now_datetime(), **{unit: -count for unit, count in ago.items()})
	message.db_set({"creation": created}, update_modified=False)
	frappe.db.commit()


def _sent_by_the_original(stack, message) -> str:
	account = frappe.get_doc("Twilio SMS Account", stack.account)
	return account.gateway().send(message.customer_number, message.body, sender=message.number).sid


def test_an_older_backup_on_its_own_site_sends_nothing_twice(stack, copy):
	sent, unsent, late = (waiting(stack, f"Queued in the backup {n}") for n in range(3))
	for text, minutes in ((sent, 30), (unsent, 30), (late, 30 * 60)):
		_old(text, minutes=minutes)
	new = waiting(stack, "Written after the restoration")
	_sent_by_the_original(stack, sent)
	put(home=at_home(), beat=add_to_date(clock.utc(), minutes=-30))
	stack.wake()
	eventually(lambda: all(status_of(text.name) in SENT for text in (sent, unsent, new)))
	stack.simulator.wait_idle(10)
	assert [arrived(stack, text) for text in (sent, unsent, new)] == [1, 1, 1]
	eventually(lambda: status_of(late.name) == "Failed")
	assert "no longer sent" in frappe.db.get_value(MESSAGE, late.name, "error_message")
	assert not arrived(stack, late)
	age = clock.utc() - frappe.utils.get_datetime(site_identity.stored("beat")["beat"])
	assert age.total_seconds() < 60


def test_practice_mode_works_on_a_copy(stack, copy):
	assert site_identity.is_copy()
	frappe.local.conf[site_identity.PRACTICE_KEY] = 1
	try:
		assert not site_identity.is_copy()
		base_url = frappe.local.conf.pop(practice.CONFIG_KEY)
		assert site_identity.is_copy()
		frappe.local.conf[practice.CONFIG_KEY] = base_url
	finally:
		del frappe.local.conf[site_identity.PRACTICE_KEY]


SETTLE = """
import frappe
frappe.init(site={site!r}, sites_path=".")
frappe.connect()
frappe.get_attr("twilio_sms_channel.infra.site_identity.claim_unowned")()
"""


def test_two_migrations_at_the_same_moment_give_one_id(stack, copy):
	ours = frappe.conf.twilio_sms_home
	frappe.db.delete("Singles", {"doctype": site_identity.HOME})
	frappe.db.commit()
	update_site_config(site_identity.CONFIG_KEY, "None")
	try:
		with ThreadPoolExecutor(2) as both:
			ended = list(both.map(lambda _: stack.run("-c", SETTLE.format(site=stack.site)), range(2)))
		assert [process.returncode for process in ended] == [0, 0], [process.stderr for process in ended]
		frappe.db.rollback()
		frappe.local.conf = frappe.get_site_config()
		assert frappe.conf.twilio_sms_home != ours
		assert site_identity.stored("home")["home"] == at_home() and not site_identity.is_copy()
		assert frappe.db.count("Singles", {"doctype": site_identity.HOME, "field": "home"}) == 1
	finally:
		update_site_config(site_identity.CONFIG_KEY, ours)
