"""Leaving: a number or an account is taken out of the site, and what becomes of webhooks, messages, tickets, findings."""

import threading

import frappe
import pytest
from support.people import make_agent, make_user
from support.stack import INBOUND, Customer, ticket_of
from support.twilio_accounts import ACCOUNT, NUMBER, ask, at_twilio, here, new_number, refused

OTHER = "https://other.example.com/hook"
MESSAGE, CONVERSATION, FINDING = "Twilio SMS Message", "Twilio SMS Conversation", "Twilio SMS Finding"


@pytest.fixture
def shop(stack, sim, admin):
	"""An account with two numbers, one of which another system had."""
	there = at_twilio(sim)
	there.new = sim.add_number(there.sid, new_number(415))
	there.taken = sim.add_number(there.sid, new_number(212), sms_url=OTHER)
	there.doc = here(there)
	ask(admin, "import_numbers", account=there.doc.name)
	replace = {number.phone_number: True for number in (there.new, there.taken)}
	ask(admin, "configure_numbers", account=there.doc.name, numbers=replace)
	assert {n.sms_url.partition("#")[0] for n in (there.new, there.taken)} == {stack.web + INBOUND}
	return there


def finding(about_doctype: str, about: str) -> str:
	words = {"severity": "Notice", "what": "Something", "why": "Because", "how": "Look"}
	doc = {
		"doctype": FINDING,
		"check_name": "planted",
		"about_doctype": about_doctype,
		"about": about,
		**words,
	}
	name = frappe.get_doc(doc).insert(ignore_permissions=True).name
	frappe.db.commit()
	return name


def test_a_number_without_conversations_is_put_back_and_deleted(shop, admin):
	name = shop.taken.phone_number
	about = finding(NUMBER, name)
	told = ask(admin, "before_disconnect", number=name)
	assert told["may_delete"] and told["numbers"] == [
		{
			"number": name,
			"display": told["numbers"][0]["display"],
			"conversations": 0,
			"waiting": 0,
			"previous": OTHER,
		}
	]
	left = ask(admin, "disconnect", number=name, delete=1)
	assert left["deleted"] and not left["numbers"][0]["still_here"]
	assert shop.taken.sms_url == OTHER
	assert not frappe.db.exists(NUMBER, name) and not frappe.db.exists(FINDING, about)


def test_two_who_disconnect_at_once_both_succeed(shop, stack):
	people = [stack.login(make_user(f"tsms-leaves-{n}@example.com", ["System Manager"])) for n in (1, 2)]
	gate, answers = threading.Barrier(len(people)), []

	def leave(person):
		gate.wait(30)
		call = {"number": shop.new.phone_number}
		answers.append(person.call("twilio_sms_channel.api.setup.disconnect", **call))

	threads = [threading.Thread(target=leave, args=(person,)) for person in people]
	for thread in threads:
		thread.start()
	for thread in threads:
		thread.join(60)
	assert [answer.status_code for answer in answers] == [200, 200], [answer.text for answer in answers]
	frappe.db.rollback()
	assert not frappe.db.get_value(NUMBER, shop.new.phone_number, "enabled")


def test_a_number_with_conversations_stays_with_all_that_was_written(shop, admin, stack):
	name = shop.new.phone_number
	ticket = ticket_of(Customer(stack).text("Hello", to=name))
	agent = stack.login(make_agent("tsms-agent@example.com"))
	with stack.without_worker():
		assert agent.reply(ticket.name, "<p>Too late</p>").ok
		told = ask(admin, "before_disconnect", number=name)
		assert not told["may_delete"]
		assert (told["numbers"][0]["conversations"], told["numbers"][0]["waiting"]) == (1, 1)
		(left,) = ask(admin, "disconnect", number=name)["numbers"]
	assert (left["canceled"], left["deleted"], left["still_here"]) == (1, False, False)
	assert left["words"] == "Nothing is set: messages go nowhere" and shop.new.sms_url == ""
	status, why = frappe.db.get_value(
		MESSAGE, {"number": name, "direction": "Outbound"}, ["status", "error_message"]
	)
	assert status == "Canceled" and "was disconnected" in why
	number = frappe.get_doc(NUMBER, name)
	assert not number.enabled and number.disconnected_on
	assert frappe.db.count(CONVERSATION, {"number": name}) == 1
	state = agent.call("twilio_sms_channel.api.ticket.state", http="GET", ticket=str(ticket.name))
	assert not state.json()["message"]["can_text"]
	assert "has conversations" in refused(admin, "disconnect", number=name, delete=1)
	assert frappe.db.exists(NUMBER, name)


def test_what_is_disconnected_is_not_compared_until_it_is_used_again(shop, admin):
	from twilio_sms_channel.messaging.upkeep import backfill

	name = shop.new.phone_number
	ask(admin, "disconnect", number=name)
	assert name not in backfill.numbers() and shop.taken.phone_number in backfill.numbers()
	number = frappe.get_doc(NUMBER, name)
	disconnected_on, number.enabled = number.disconnected_on, 1
	number.save()
	assert number.disconnected_on is None and number.backfilled_until >= disconnected_on
	assert name in backfill.numbers()
	frappe.db.rollback()
	ask(admin, "import_numbers", account=shop.doc.name)
	assert not frappe.db.get_value(NUMBER, name, "enabled"), "not chosen"
	ask(admin, "import_numbers", account=shop.doc.name, numbers=[name])
	assert frappe.db.get_value(NUMBER, name, ["enabled", "disconnected_on"]) == (1, None)


def test_a_twilio_that_cannot_be_asked_keeps_nobody(shop, admin, sim):
	name = shop.new.phone_number
	sim.faults.always("outage")
	(left,) = ask(admin, "disconnect", number=name)["numbers"]
	sim.faults.off()
	assert left["problem"] and left["still_here"]
	assert not frappe.db.get_value(NUMBER, name, "enabled")


def test_an_account_leaves_with_its_numbers(shop, admin):
	about = finding(ACCOUNT, shop.doc.name)
	told = ask(admin, "before_disconnect", account=shop.doc.name)
	assert told["may_delete"] and len(told["numbers"]) == 2
	left = ask(admin, "disconnect", account=shop.doc.name)
	assert not left["deleted"] and not any(one["still_here"] for one in left["numbers"])
	assert (shop.new.sms_url, shop.taken.sms_url) == ("", OTHER)
	assert not frappe.db.get_value(ACCOUNT, shop.doc.name, "enabled")
	assert not frappe.db.exists(FINDING, about)
	assert ask(admin, "disconnect", account=shop.doc.name, delete=1)["deleted"]
	assert not frappe.db.exists(ACCOUNT, shop.doc.name)
	assert not frappe.db.exists(NUMBER, {"account": shop.doc.name})


def test_an_account_is_used_again_with_its_numbers(shop, admin):
	name = shop.new.phone_number
	ask(admin, "disconnect", account=shop.doc.name)
	assert "switched off" in refused(admin, "connect", account_sid=shop.sid, auth_token=shop.auth_token), (
		"what to do is said"
	)
	assert ask(admin, "import_numbers", account=shop.doc.name, numbers=[])["is_switched_off"]
	assert not frappe.db.get_value(ACCOUNT, shop.doc.name, "enabled"), "none was chosen"
	assert not ask(admin, "import_numbers", account=shop.doc.name, numbers=[name])["is_switched_off"]
	assert frappe.db.get_value(ACCOUNT, shop.doc.name, "enabled")
	assert frappe.db.get_value(NUMBER, name, ["enabled", "disconnected_on"]) == (1, None)
	assert not frappe.db.get_value(NUMBER, shop.taken.phone_number, "enabled"), "not chosen"


def test_an_account_that_an_admin_switched_off_stays_off(shop, admin):
	frappe.db.set_value(ACCOUNT, shop.doc.name, "enabled", 0)
	frappe.db.commit()
	names = [shop.new.phone_number]
	assert ask(admin, "import_numbers", account=shop.doc.name, numbers=names)["is_switched_off"]
	assert not frappe.db.get_value(ACCOUNT, shop.doc.name, "enabled")


def test_an_account_with_conversations_is_not_deleted(shop, admin, stack):
	Customer(stack).text("Hello", to=shop.new.phone_number)
	assert "would be lost" in refused(admin, "disconnect", account=shop.doc.name, delete=1)
	# Nothing happened to any of its numbers.
	assert frappe.db.count(NUMBER, {"account": shop.doc.name, "enabled": 1}) == 2


def test_the_webhook_of_a_service_stays_while_others_need_it(stack, sim, admin):
	there = at_twilio(sim)
	service = sim.add_service(there.sid, friendly_name="Both", use_inbound_webhook_on_number=False)
	numbers = [sim.add_number(there.sid, new_number(415), service_sid=service.sid) for _n in range(2)]
	names = [number.phone_number for number in numbers]
	doc = here(there)
	ask(admin, "import_numbers", account=doc.name, numbers=names)
	ask(admin, "configure_numbers", account=doc.name, numbers=dict.fromkeys(names, True))
	assert service.inbound_url.startswith(stack.web)
	(left,) = ask(admin, "disconnect", number=names[0])["numbers"]
	assert left["still_here"] and "Both" in left["words"]
	assert service.inbound_url.startswith(stack.web)
	(left,) = ask(admin, "disconnect", number=names[1])["numbers"]
	assert not left["still_here"] and not service.inbound_url
