"""A restricted API key: what it needs is what docs/accounts.md says, and what it lacks is named."""

import re
from pathlib import Path

import frappe
import pytest
from frappe.utils import add_to_date, now_datetime
from support.received_media import settled
from support.stack import Customer, eventually, status_of
from support.twilio_accounts import ACCOUNT, ask

from twilio_sms_channel import doctor
from twilio_sms_channel.messaging.delivery import account_pause, held
from twilio_sms_channel.messaging.outbound import outbox
from twilio_sms_channel.messaging.upkeep import backfill
from twilio_sms_channel.simulator import key_policy
from twilio_sms_channel.twilio_gateway import errors, number_lookup
from twilio_sms_channel.twilio_gateway.client import Gateway
from twilio_sms_channel.twilio_gateway.key_permissions import PERMISSIONS, missing

DOCS = Path(__file__).parents[2] / "docs"
NAMES = tuple(permission.name for permission in PERMISSIONS)


def test_the_documentation_has_the_same_table():
	page = (DOCS / "accounts.md").read_text()
	assert re.findall(r"^\| `(/twilio/[^`]+)` \|", page, re.M) == list(NAMES)


def test_the_simulator_asks_for_the_same_permissions():
	"""Two readings of Twilio's list, made apart from each other."""
	sid = "XX" + "1" * 32
	for permission in PERMISSIONS:
		path = permission.path.replace(r"\w+", sid).replace("[^/]+", sid).replace("\\", "")
		assert key_policy.permission(permission.method, path) == permission.name


@pytest.fixture
def clinic(clinic, stack):
	"""What was texted is not in Twilio's list afterwards: others compare with it. What was imported is not examined."""
	before = frappe.get_all("Twilio SMS Number", {"account": clinic.account}, pluck="name")
	yield clinic
	stack.wait_until_idle()
	frappe.db.rollback()
	frappe.db.delete("Twilio SMS Number", {"account": clinic.account, "name": ("not in", before)})
	frappe.db.set_single_value("Twilio SMS Settings", "delete_media_at_twilio", 0)
	frappe.db.commit()
	with stack.simulator.world.lock:
		for message in stack.simulator.world.messages.values():
			message.hidden = message.hidden or message.account_sid == clinic.sid


def use_key(clinic, policy) -> str:
	"""Have the account log in with a restricted key; its SID."""
	key = clinic.sim.add_api_key(clinic.sid, type="Restricted", policy=policy)
	clinic.set_account(api_key_sid=key.sid, api_key_secret=key.secret)
	return key.sid


def requests_of(sim, user: str, since: int) -> list:
	return [request for request in sim.requests[since:] if request.user == user]


def reply_to(clinic, customer) -> str:
	conversation = frappe.db.get_value(
		"Twilio SMS Conversation", {"number": clinic.number, "customer_number": customer.number}
	)
	name = outbox.write(frappe.get_doc("Twilio SMS Conversation", conversation), "Hi").name
	frappe.db.commit()
	return name


def text_in(clinic, customer, media=None):
	sent = clinic.sim.text(from_=customer.number, to=clinic.number, body="Hello", media=media or [])
	return customer.arrived(sent)


def test_the_permissions_are_enough_and_none_is_too_many(clinic, stack, sim, admin, picture):
	"""All that the app asks of Twilio, done with a key that has these permissions and no others."""
	since, customer = len(sim.requests), Customer(stack)
	key = use_key(clinic, NAMES)
	sim.add_rcs_sender(clinic.sid, "rcs:acme_keys", service_sid=clinic.service.sid)
	assert ask(admin, "verify", account=clinic.account)["status"] == "Active"
	assert ask(admin, "available_numbers", account=clinic.account)["numbers"]
	ask(admin, "import_numbers", account=clinic.account)
	# The webhook of a number, and that of a service which stands in for its numbers'.
	clinic.number_at_twilio(clinic.toll_free).sms_url = "https://other.example"
	ask(admin, "configure_webhooks", number=clinic.toll_free, replace=1)
	service = sim.world.services[clinic.service.sid]
	service.use_inbound_webhook_on_number, service.inbound_url = False, "https://other.example"
	ask(admin, "configure_webhooks", number=clinic.number, replace=1)
	# A text with a picture, which is fetched and deleted at Twilio; an answer whose fate has to be asked for.
	frappe.db.set_single_value("Twilio SMS Settings", "delete_media_at_twilio", 1)
	frappe.db.commit()
	(file,) = settled(text_in(clinic, customer, [("parcel.png", picture)]))
	assert file.status == "Fetched"
	sim.faults.next("timeout_after")
	answer = reply_to(clinic, customer)
	eventually(lambda: status_of(answer) == "Delivered")
	# One that Twilio holds, and cancels.
	sim.faults.always("compliance_hold")
	night = reply_to(clinic, customer)
	eventually(lambda: frappe.db.get_value("Twilio SMS Message", night, "twilio_status") == "scheduled")
	held.cancel(night)
	sim.faults.off("compliance_hold")
	# A text whose webhook got lost, with a file.
	sim.faults.next("webhook_lost")
	lost = sim.text(from_=customer.number, to=clinic.number, body="Lost", media=[("b.png", picture)])
	frappe.db.rollback()
	backfill.run(clinic.number, add_to_date(now_datetime(), minutes=-5, as_datetime=True))
	frappe.db.commit()
	customer.arrived(lost)
	gateway = Gateway(frappe.get_doc(ACCOUNT, clinic.account))
	gateway.read_message(lost.sid)
	number_lookup.line_of(gateway, customer.number)
	found = doctor.examine(account=clinic.account).as_dict()
	frappe.db.commit()
	assert [done["why_not"] for done in found["checked"] if done["account"] and not done["done"]] == []
	eventually(lambda: any(request.method == "DELETE" for request in requests_of(sim, key, since)))
	# A request that is never answered is in the journal when its time is over.
	eventually(lambda: not sim.under_way)
	asked = requests_of(sim, key, since)
	assert [(r.method, r.path, r.error_code) for r in asked if r.status_code in (401, 403)] == []
	used = {p.name for p in PERMISSIONS for r in asked if p.covers(r.method, r.path)}
	assert used == set(NAMES)
	assert [
		(r.method, r.path) for r in asked if not any(p.covers(r.method, r.path) for p in PERMISSIONS)
	] == []


# A lookup costs money.
CAN_BE_ASKED = [name for name in NAMES if name.endswith(("/list", "messages/read"))]


def test_what_a_key_lacks_is_found_without_changing_anything(clinic, stack, sim):
	text_in(clinic, Customer(stack))
	for lacking in CAN_BE_ASKED:
		use_key(clinic, set(NAMES) - {lacking})
		# Without the list there is no message to ask for.
		assert missing(Gateway(frappe.get_doc(ACCOUNT, clinic.account))) == [lacking]
	use_key(clinic, [name.rpartition("/")[0] + "/*" for name in NAMES])
	since = len(sim.requests)
	assert missing(Gateway(frappe.get_doc(ACCOUNT, clinic.account))) == []
	assert {request.method for request in sim.requests[since:]} == {"GET"}


def test_the_doctor_names_what_a_key_lacks(clinic):
	use_key(clinic, set(NAMES) - {"/twilio/monitor/alerts/list"})
	finding = clinic.only_finding("permissions.missing", clinic.account)
	assert (
		"/twilio/monitor/alerts/list" in finding["what"]
		and "messages" not in finding["what"].partition(":")[2]
	)
	use_key(clinic, NAMES)
	assert clinic.findings() == {}


def test_a_key_that_may_not_list_messages_is_not_accepted(clinic, admin):
	use_key(clinic, set(NAMES) - {"/twilio/messaging/messages/list"})
	said = ask(admin, "verify", account=clinic.account)
	assert said["status"] == "Wrong Credentials"
	assert "lacks the permission /twilio/messaging/messages/list" in said["detail"]


def test_a_key_that_may_not_send_pauses_the_account_until_an_admin_says_that_it_may(
	clinic, stack, sim, admin
):
	customer = Customer(stack)
	text_in(clinic, customer)
	key = sim.world.accounts[clinic.sid].api_keys[use_key(clinic, set(NAMES) - {NAMES[0]})]
	answer = reply_to(clinic, customer)

	def paused():
		return frappe.db.get_value(ACCOUNT, clinic.account, ["paused_since", "paused_reason"])

	eventually(lambda: paused()[0])
	assert f"lacks the permission {NAMES[0]}" in paused()[1]
	assert status_of(answer) == "Queued"
	# That Twilio lets the account in tells nothing about it.
	account_pause.look_again()
	frappe.db.rollback()
	assert paused()[0]
	finding = clinic.only_finding("paused.permission", clinic.account)
	assert NAMES[0] in finding["what"]
	key.policy = frozenset(NAMES)
	assert clinic.mend(finding)["mended"]
	eventually(lambda: status_of(answer) == "Delivered")


def test_a_file_that_the_key_may_not_fetch_says_why(clinic, stack, picture):
	use_key(clinic, set(NAMES) - {"/twilio/messaging/messages.media/read"})
	(file,) = settled(text_in(clinic, Customer(stack), [("parcel.png", picture)]))
	assert file.status == "Failed" and "/twilio/messaging/messages.media/read" in file.error


def test_other_hosts_say_it_with_another_code(site):
	said = "Authorization failed: required permission twilio/monitor/alerts/list is missing"
	assert errors.missing_permission(said) == "/twilio/monitor/alerts/list"
	assert errors.missing_permission("Authenticate") == errors.missing_permission(None) == ""


@pytest.mark.last
def test_every_request_of_the_suite_is_known(stack):
	"""A request that the app has begun to make needs its permission in the table, or goes out with the auth token."""
	for_the_token = (
		r"/2010-04-01/Accounts/\w+\.json",
		r"/2010-04-01/Accounts/\w+/Balance\.json",
		r"/2010-04-01/Accounts/\w+/SMS/ShortCodes(/\w+)?\.json",
		r"/v1/Messaging/GeoPermissions",
		r"/v1/Tollfree/Verifications",
		r"/v1/Webhooks/\w+",
		"/v2/Channels/Senders",
	)
	unknown = {
		(request.method, re.sub(r"[A-Z]{2}[0-9a-f]{32}", "SID", request.path))
		for request in stack.simulator.requests
		if request.status_code != 404
		and not any(permission.covers(request.method, request.path) for permission in PERMISSIONS)
		and not any(re.fullmatch(path, request.path) for path in for_the_token)
	}
	assert unknown == set()
