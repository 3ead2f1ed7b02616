"""Where Twilio posts texts: set to this site, with what stood there before remembered and put back."""

import frappe
import pytest
from support.stack import INBOUND, free_port
from support.twilio_accounts import NUMBER, ask, at_twilio, here, new_number, new_short_code, refused

from twilio_sms_channel.messaging.setup import webhook_config
from twilio_sms_channel.twilio_gateway.errors import TwilioProblem
from twilio_sms_channel.twilio_gateway.inventory import Inventory

OTHER = "https://other.example.com/hook"
RETRIES = "#rc=3&rp=ct,rt,5xx"


@pytest.fixture
def ours(stack) -> str:
	return stack.web + INBOUND + RETRIES


@pytest.fixture
def number(stack, sim):
	"""One that is here and has nothing set at Twilio."""
	name = stack.add_number()
	there = sim.world.numbers[name]
	there.sms_url = ""
	return there


def test_all_that_twilio_takes_is_set(stack, admin, number, ours):
	number.sms_method = number.sms_fallback_method = "GET"
	said = ask(admin, "configure_webhooks", number=number.phone_number)
	assert (said["replaced"], said["other"], said["problem"]) == (True, "", "")
	assert said["words"] == "Messages come to this site"
	set_now = (number.sms_url, number.sms_method, number.sms_fallback_url, number.sms_fallback_method)
	assert set_now == (ours, "POST", ours, "POST")
	row = frappe.get_doc(NUMBER, number.phone_number)
	assert (row.webhook_url, row.webhook_fallback_url, row.webhook_method) == (ours, ours, "POST")
	assert not row.previous_webhook


def test_nothing_is_written_at_twilio_when_all_is_as_it_should_be(stack, admin, number, sim):
	ask(admin, "configure_webhooks", number=number.phone_number)
	seen = len(sim.requests)
	ask(admin, "configure_webhooks", number=number.phone_number)
	assert {request.method for request in sim.requests[seen:]} == {"GET"}


def test_another_systems_url_is_not_replaced_unasked_and_can_be_put_back(stack, admin, number, ours):
	number.sms_url, number.sms_method = OTHER, "GET"
	number.sms_fallback_url = OTHER + "/spare"
	said = ask(admin, "configure_webhooks", number=number.phone_number)
	assert (said["replaced"], said["other"]) == (False, OTHER)
	assert number.sms_url == OTHER
	ask(admin, "configure_webhooks", number=number.phone_number, replace=1)
	assert number.sms_url == ours
	# Setting it once more must not forget what stood there at first.
	ask(admin, "configure_webhooks", number=number.phone_number)
	assert ask(admin, "look_at_webhook", number=number.phone_number)["previous"] == OTHER
	said = ask(admin, "restore_webhook", number=number.phone_number)
	assert (said["replaced"], said["url"]) == (False, OTHER)
	put_back = (number.sms_url, number.sms_method, number.sms_fallback_url, number.sms_fallback_method)
	assert put_back == (OTHER, "GET", OTHER + "/spare", "POST")
	assert "No earlier webhook" in refused(admin, "restore_webhook", number=number.phone_number)


def test_what_stood_there_is_remembered_even_when_twilio_fails_in_between(stack, admin, number, sim):
	number.sms_url = OTHER
	row = frappe.get_doc(NUMBER, number.phone_number)
	inventory = Inventory(frappe.get_doc("Twilio SMS Account", stack.account).gateway())
	sender = inventory.find(number.phone_number)
	sim.faults.always("outage")
	with pytest.raises(TwilioProblem):
		webhook_config._configure(inventory, row, sender, replace=True)
	sim.faults.off()
	frappe.db.rollback()
	assert webhook_config.previous_url(frappe.get_doc(NUMBER, number.phone_number)) == OTHER
	assert number.sms_url == OTHER


def test_a_twiml_application_is_another_system(stack, admin, number, ours):
	number.sms_application_sid = app = "AP" + "1" * 32
	said = ask(admin, "configure_webhooks", number=number.phone_number)
	assert (said["replaced"], said["words"]) == (False, f"Messages go to another system: {app}")
	assert ask(admin, "configure_webhooks", number=number.phone_number, replace=1)["replaced"]
	assert (number.sms_application_sid or "", number.sms_url) == ("", ours)
	ask(admin, "restore_webhook", number=number.phone_number)
	assert number.sms_application_sid == app


def test_what_was_changed_meanwhile_is_not_overwritten(stack, admin, number):
	number.sms_url = OTHER
	ask(admin, "configure_webhooks", number=number.phone_number, replace=1)
	number.sms_url = "https://third.example.com"
	said = refused(admin, "restore_webhook", number=number.phone_number)
	assert "Nothing was changed" in said and "third.example.com" in said
	assert number.sms_url == "https://third.example.com"


def test_this_app_at_another_address_is_asked_about_like_another_system(stack, admin, number):
	number.sms_url = "https://before.example.com" + INBOUND
	said = ask(admin, "configure_webhooks", number=number.phone_number)
	assert not said["replaced"]
	assert said["words"] == f"Messages go to this app at another address: https://before.example.com{INBOUND}"


def test_twilios_demo_is_nobodys_system(stack, admin, number, ours):
	number.sms_url = "https://demo.twilio.com/welcome/sms/reply"
	assert ask(admin, "configure_webhooks", number=number.phone_number)["replaced"]
	assert number.sms_url == ours


def test_a_text_arrives_through_the_webhook_that_was_set(stack, admin, customer, number):
	ask(admin, "configure_webhooks", number=number.phone_number)
	assert customer.text("Hello", to=number.phone_number).status == "Threaded"


def test_a_short_code_has_a_webhook_too(stack, admin, sim, ours):
	code = sim.add_short_code(stack.account_sid, new_short_code())
	frappe.get_doc({"doctype": NUMBER, "phone_number": code.phone_number, "account": stack.account}).insert()
	frappe.db.commit()
	assert ask(admin, "configure_webhooks", number=code.phone_number)["replaced"]
	assert (code.sms_url, code.sms_fallback_url) == (ours, ours)


@pytest.fixture
def pooled(stack, sim):
	"""A number whose Messaging Service has a webhook of its own, of another system; with that service."""
	service = sim.add_service(
		stack.account_sid, friendly_name="Campaigns", inbound_url=OTHER, inbound_method="GET"
	)
	name = stack.add_number()
	there = sim.world.numbers[name]
	there.service_sid = service.sid
	yield there, service
	there.service_sid = ""


def test_where_a_service_takes_the_texts_it_is_the_one_that_is_set(stack, admin, customer, pooled, ours):
	number, service = pooled
	own = number.sms_url
	said = ask(admin, "configure_webhooks", number=number.phone_number)
	assert (said["replaced"], said["other"]) == (False, OTHER)
	assert said["words"] == f"Its Messaging Service Campaigns sends messages to another system: {OTHER}"
	row = frappe.get_doc(NUMBER, number.phone_number)
	assert (row.webhook_url, row.webhook_by_service, row.messaging_service_sid) == (OTHER, 1, service.sid)
	said = ask(admin, "configure_webhooks", number=number.phone_number, replace=1)
	assert said["words"] == "Messages come to this site, by its Messaging Service Campaigns"
	assert (service.inbound_url, service.inbound_method, service.fallback_url) == (ours, "POST", ours)
	assert service.status_callback == stack.web + "/api/method/twilio_sms_channel.api.webhooks.status"
	assert number.sms_url == own
	assert customer.text("Hello", to=number.phone_number).status == "Threaded"
	ask(admin, "restore_webhook", number=number.phone_number)
	assert (service.inbound_url, service.inbound_method, service.status_callback) == (OTHER, "GET", "")


def test_a_service_that_takes_texts_and_has_no_webhook_drops_them_until_it_is_set(stack, admin, pooled, ours):
	number, service = pooled
	service.inbound_url = ""
	said = ask(admin, "look_at_webhook", number=number.phone_number)
	assert said["words"] == "Its Messaging Service Campaigns has nothing set: messages go nowhere"
	assert ask(admin, "configure_webhooks", number=number.phone_number)["replaced"]
	assert service.inbound_url == ours


def test_of_many_services_the_one_that_a_number_was_in_is_asked_first(stack, admin, sim, pooled):
	number, service = pooled
	ask(admin, "look_at_webhook", number=number.phone_number)
	others = [sim.add_service(stack.account_sid) for _ in range(5)]
	seen = len(sim.requests)
	ask(admin, "look_at_webhook", number=number.phone_number)
	pools = {request.path.split("/")[3] for request in sim.requests[seen:] if "/v1/Services/" in request.path}
	assert pools == {service.sid}
	for other in others:
		del sim.world.services[other.sid]


def test_a_service_is_set_as_a_sender_of_its_own(stack, admin, sim, ours):
	service = sim.add_service(stack.account_sid, status_callback="https://other.example.com/status")
	frappe.get_doc({"doctype": NUMBER, "phone_number": service.sid, "account": stack.account}).insert()
	frappe.db.commit()
	assert ask(admin, "configure_webhooks", number=service.sid)["replaced"]
	# Another system's reports are about texts of its own.
	assert (service.inbound_url, service.status_callback) == (ours, "https://other.example.com/status")


def test_several_are_set_at_once_and_only_those_named_are_replaced(stack, admin, sim, ours):
	there = at_twilio(sim)
	doc = here(there)
	service = sim.add_service(there.sid, inbound_url=OTHER)
	taken, pooled, other, free = (
		sim.add_number(there.sid, new_number(), sms_url=url, service_sid=pool)
		for url, pool in ((OTHER, ""), ("", service.sid), ("", service.sid), ("", ""))
	)
	ask(admin, "import_numbers", account=doc.name)
	replace = {taken.phone_number: False, pooled.phone_number: True, other.phone_number: False}
	said = ask(admin, "configure_numbers", account=doc.name, numbers=replace | {free.phone_number: False})
	# The third is in the service that was replaced for the second.
	assert [outcome["replaced"] for outcome in said] == [False, True, True, True]
	assert (taken.sms_url, service.inbound_url, free.sms_url) == (OTHER, ours, ours)


def test_what_cannot_be_set_by_the_app_can_be_copied(stack, number, ours):
	simulator = frappe.local.conf.twilio_sms_api_base_url
	frappe.local.conf.twilio_sms_api_base_url = f"http://127.0.0.1:{free_port()}"
	try:
		outcome = webhook_config.configure(frappe.get_doc(NUMBER, number.phone_number))
	finally:
		frappe.local.conf.twilio_sms_api_base_url = simulator
	assert "could not be reached" in outcome.problem
	assert (outcome.replaced, outcome.copy["webhook"], outcome.copy["method"]) == (False, ours, "POST")


@pytest.mark.parametrize(
	("base", "said"),
	[
		("http://help.example.com", "is without HTTPS"),
		("http://localhost:8000", "Twilio cannot reach this site"),
	],
)
def test_an_address_that_twilio_cannot_use_is_not_given_to_it(stack, number, base, said):
	row = frappe.get_doc(NUMBER, number.phone_number)
	frappe.db.set_single_value("Twilio SMS Settings", "public_base_url", base)
	simulator = frappe.local.conf.pop("twilio_sms_api_base_url")
	try:
		with pytest.raises(frappe.ValidationError, match=said):
			webhook_config.configure(row)
	finally:
		frappe.local.conf.twilio_sms_api_base_url = simulator
	assert number.sms_url == ""


def test_a_number_that_the_account_does_not_own_is_said_so(stack, admin, sim):
	name = stack.add_number()
	sim.release_number(name)
	assert "does not own" in refused(admin, "configure_webhooks", number=name)


def test_an_alphanumeric_sender_needs_none(stack, admin):
	frappe.delete_doc(NUMBER, "ACME Shop", force=True, ignore_missing=True)
	frappe.get_doc({"doctype": NUMBER, "phone_number": "ACME Shop", "account": stack.account}).insert()
	frappe.db.commit()
	assert "cannot answer it" in refused(admin, "configure_webhooks", number="ACME Shop")
