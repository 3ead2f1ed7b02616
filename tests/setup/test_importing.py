"""Numbers: taken over from Twilio, brought up to date, released; and added by hand."""

from types import SimpleNamespace

import frappe
import pytest
from support import desks
from support.stack import Customer, eventually
from support.twilio_accounts import NUMBER, ask, at_twilio, here, new_number, new_short_code, refused

from twilio_sms_channel.messaging.setup import importing
from twilio_sms_channel.twilio_gateway.errors import TwilioProblem
from twilio_sms_channel.twilio_gateway.inventory import Inventory
from twilio_sms_channel.twilio_gateway.rcs_senders import RcsSenders


@pytest.fixture
def shop(stack, sim):
	"""An account with one of each kind: the long code is in the Messaging Service, which leaves its webhook alone."""
	there = at_twilio(sim)
	service = sim.add_service(there.sid, friendly_name="Campaigns")
	numbers = SimpleNamespace(
		long=new_number(415), free=new_number(888), code=new_short_code(), service=service.sid
	)
	sim.add_number(there.sid, numbers.long, friendly_name="Front desk", service_sid=service.sid)
	sim.add_number(
		there.sid, numbers.free, kind="toll-free", mms=False, sms_url="https://other.example.com/hook"
	)
	sim.add_short_code(there.sid, numbers.code)
	numbers.alpha = f"Shop{numbers.code}"
	sim.add_number(there.sid, numbers.alpha, kind="alphanumeric sender", service_sid=service.sid)
	doc = here(there)
	return SimpleNamespace(there=there, doc=doc, name=doc.name, **vars(numbers))


def row(number: str):
	frappe.db.rollback()
	return frappe.get_doc(NUMBER, number)


def test_what_can_be_imported_is_told_with_what_is_known_of_it(shop, admin, sim):
	said = ask(admin, "available_numbers", account=shop.name)
	offers = {offer["address"]: offer for offer in said["numbers"]}
	assert set(offers) == {shop.long, shop.free, shop.code, shop.alpha, shop.service}
	long = offers[shop.long]
	assert (long["kind"], long["country_name"], long["sms"], long["mms"]) == (
		"Long Code",
		"United States",
		True,
		True,
	)
	assert (long["service_sid"], long["whose"], long["here"], long["suggested"]) == (
		shop.service,
		"none",
		False,
		True,
	)
	assert long["words"] == "Nothing is set: messages go nowhere"
	free = offers[shop.free]
	assert (free["kind"], free["whose"]) == ("Toll-Free", "other")
	assert free["words"] == "Messages go to another system: https://other.example.com/hook"
	assert offers[shop.code]["kind"] == "Short Code"
	assert "Cannot be answered" in offers[shop.alpha]["words"]
	assert (offers[shop.service]["kind"], offers[shop.service]["suggested"]) == ("Messaging Service", False)
	assert offers[shop.service]["words"] == "Its messages go where each of its numbers sends them"
	assert said["trouble"] == ""


def test_rcs_senders_are_reached_through_their_service(shop, admin, sim):
	agent, lonely = (f"rcs:acme_{shop.code}_{n}_agent" for n in range(2))
	sim.add_rcs_sender(
		shop.there.sid, agent, service_sid=shop.service, friendly_name="Acme", status="TWILIO_REVIEW"
	)
	sim.add_rcs_sender(shop.there.sid, lonely)
	said = ask(admin, "available_numbers", account=shop.name)
	assert agent not in {offer["address"] for offer in said["numbers"]}
	offers = {offer["address"]: offer for offer in said["rcs_senders"]}
	acme = offers[agent]
	assert (acme["name"], acme["status"], acme["is_online"], acme["service_sid"]) == (
		"Acme",
		"TWILIO_REVIEW",
		False,
		shop.service,
	)
	assert "Messaging Service Campaigns" in acme["words"] and "TWILIO_REVIEW" in acme["words"]
	# This service leaves incoming messages to its senders.
	assert "set this sender's webhook to" in acme["words"]
	assert (offers[lonely]["service_sid"], offers[lonely]["is_online"]) == ("", True)
	assert "in no Messaging Service" in offers[lonely]["words"]
	assert next(o["suggested"] for o in said["numbers"] if o["address"] == shop.service)

	ask(admin, "import_numbers", account=shop.name)
	assert (row(shop.long).rcs_sender, row(shop.service).rcs_status) == (agent, "TWILIO_REVIEW")
	assert not row(shop.free).rcs_sender
	sim.release_number(agent)
	ask(admin, "import_numbers", account=shop.name)
	assert not row(shop.long).rcs_sender and not row(shop.service).rcs_status


def test_an_account_without_access_to_rcs_senders_is_imported_all_the_same(shop, sim):
	gateway, unknown = shop.doc.gateway(), ["MG" + "0" * 32]
	assert RcsSenders(gateway, unknown).is_known
	agent = f"rcs:acme_{shop.code}_agent"
	sim.add_rcs_sender(shop.there.sid, agent, service_sid=shop.service)
	# A service that Twilio does not tell about.
	senders = RcsSenders(gateway, unknown)
	assert not senders.is_known and not senders.in_pool


def test_all_are_imported_and_a_second_import_brings_them_up_to_date(shop, admin, sim):
	everything = {shop.long, shop.free, shop.code, shop.alpha, shop.service}
	assert set(ask(admin, "import_numbers", account=shop.name)["added"]) == everything
	long = row(shop.long)
	assert (long.account, long.description, long.number_type) == (shop.name, "Front desk", "Long Code")
	assert (long.country, long.mms_enabled, long.messaging_service_sid) == ("United States", 1, shop.service)
	assert row(shop.free).webhook_url == "https://other.example.com/hook"
	assert row(shop.code).number_type == "Short Code"
	assert row(shop.alpha).messaging_service_sid == shop.service
	assert row(shop.service).description == "Campaigns"

	long.update({"description": "Our own words", "enabled": 0}).save()
	frappe.db.commit()
	sim.add_number(shop.there.sid, shop.long, friendly_name="Renamed", mms=False)
	again = ask(admin, "import_numbers", account=shop.name)
	assert (again["added"], set(again["updated"])) == ([], everything)
	long = row(shop.long)
	assert (long.description, long.enabled, long.mms_enabled) == ("Our own words", 0, 0)
	assert not long.messaging_service_sid
	assert frappe.db.count(NUMBER, {"account": shop.name}) == len(everything)


def test_an_import_gives_nothing_that_an_admin_took_away(shop, admin, sim):
	ask(admin, "import_numbers", account=shop.name)
	row(shop.long).update({"mms_enabled": 0, "sms_enabled": 0, "country": "Canada"}).save()
	frappe.db.commit()
	ask(admin, "import_numbers", account=shop.name)
	long = row(shop.long)
	assert (long.mms_enabled, long.sms_enabled, long.country) == (0, 0, "Canada")


def test_a_number_with_conversations_is_switched_off_instead_of_deleted(stack, sim, admin, customer):
	"""The doctor's findings go with a number and with an account; an answer that nobody can give any more does not."""
	account = here(at_twilio(sim)).name
	number = frappe.get_doc({"doctype": NUMBER, "phone_number": new_number(), "account": account}).insert()
	for doctype, name in ((NUMBER, number.name), ("Twilio SMS Account", account)):
		about = {
			"doctype": "Twilio SMS Finding",
			"check_name": "x.y",
			"about_doctype": doctype,
			"about": name,
		}
		frappe.get_doc(about).insert(ignore_permissions=True)
	frappe.delete_doc(NUMBER, number.name)
	frappe.delete_doc("Twilio SMS Account", account)
	assert not frappe.get_all("Twilio SMS Finding", {"about": ("in", (number.name, account))})
	frappe.db.commit()

	used = stack.add_number()
	customer.text("Hello", to=used)
	for _ in range(2):
		said = admin.session.delete(f"{stack.web}/api/resource/{NUMBER}/{used}", timeout=30)
		assert said.status_code == 417, said.text
		customer.text("STOP", to=used)
	frappe.db.rollback()
	assert frappe.db.exists(NUMBER, used)
	assert "conversations (1), messages (2)" in said.text and "Enabled" in said.text, said.text


def test_what_twilio_calls_a_number_by_itself_is_no_description(shop, admin, sim):
	digits = shop.free[2:]
	called = f"({digits[:3]}) {digits[3:6]}-{digits[6:]}"
	sim.add_number(shop.there.sid, shop.free, kind="toll-free", friendly_name=called)
	ask(admin, "import_numbers", account=shop.name, numbers=[shop.free])
	assert not row(shop.free).description


@pytest.mark.helpdesk
def test_some_are_chosen_and_get_a_team(shop, admin, sim):
	team = frappe.db.get_value("HD Team", {}, "name")
	chosen = [shop.long, "+13125550199"]
	said = ask(admin, "import_numbers", account=shop.name, numbers=chosen, team=team)
	assert said["added"] == [shop.long]
	assert "does not own" in said["refused"]["+13125550199"]
	assert row(shop.long).team == team
	# Those that are here are brought up to date by each import; a team of theirs stays.
	said = ask(admin, "import_numbers", account=shop.name, numbers=[shop.free])
	assert (said["added"], said["updated"]) == ([shop.free], [shop.long])
	assert (row(shop.long).team, row(shop.free).team) == (team, None)


def test_a_number_that_left_the_account_is_marked_and_one_that_came_back_is_not(shop, admin, sim):
	ask(admin, "import_numbers", account=shop.name)
	typed = frappe.get_doc({"doctype": NUMBER, "phone_number": new_number(), "account": shop.name}).insert()
	frappe.db.commit()
	sim.release_number(shop.free)
	assert ask(admin, "import_numbers", account=shop.name)["released"] == [shop.free]
	since = row(shop.free).released_on
	assert since
	assert not row(typed.name).released_on
	ask(admin, "import_numbers", account=shop.name)
	assert row(shop.free).released_on == since
	sim.add_number(shop.there.sid, shop.free, kind="toll-free")
	said = ask(admin, "import_numbers", account=shop.name)
	assert (said["returned"], said["released"]) == ([shop.free], [])
	assert not row(shop.free).released_on


def test_a_number_of_another_account_stays_there_and_the_reason_is_said(shop, stack, admin, sim):
	number = stack.add_number()
	sim.add_number(shop.there.sid, number)
	offers = ask(admin, "available_numbers", account=shop.name)["numbers"]
	offer = next(offer for offer in offers if offer["address"] == number)
	assert not offer["suggested"]
	said = ask(admin, "import_numbers", account=shop.name)
	assert f"for the account {stack.account}" in said["refused"][number]
	assert stack.account in offer["refused"]
	assert row(number).account == stack.account


def test_an_import_that_twilio_interrupts_leaves_all_as_it_was(shop, admin, sim):
	ask(admin, "import_numbers", account=shop.name, numbers=[shop.long])
	for n in range(101):
		sim.add_number(shop.there.sid, f"+1206{2_000_000 + n}")
	sim.release_number(shop.long)
	inventory = Inventory(shop.doc.gateway())
	assert len(inventory.all()) == 101 + 4
	pages = [r for r in sim.requests if "IncomingPhoneNumbers" in r.path and shop.there.sid in r.path]
	assert len(pages) >= 2
	sim.faults.always("outage")
	with pytest.raises(TwilioProblem):
		importing.take_over(shop.doc)
	sim.faults.off()
	assert frappe.db.count(NUMBER, {"account": shop.name}) == 1
	assert not row(shop.long).released_on


@pytest.mark.helpdesk
def test_an_import_that_breaks_off_while_writing_leaves_nothing_half_saved(shop, admin, sim):
	said = refused(admin, "import_numbers", account=shop.name, team="No such team")
	assert "Team" in said
	assert frappe.db.count(NUMBER, {"account": shop.name}) == 0
	assert len(ask(admin, "import_numbers", account=shop.name)["added"]) == 5


def test_wrong_credentials_are_said_so(shop, admin, sim):
	shop.there.auth_token = "another"
	assert "rejected this account's credentials" in refused(admin, "available_numbers", account=shop.name)


def test_a_number_that_was_imported_receives_texts(shop, admin, stack, sim):
	ask(admin, "import_numbers", account=shop.name, numbers=[shop.long])
	ask(admin, "configure_webhooks", number=shop.long)
	before = ask(admin, "latest_text", http="GET", account=shop.name)
	customer = Customer(stack)
	customer.text("Hello", to=shop.long)
	text = eventually(lambda: ask(admin, "latest_text", http="GET", account=shop.name))
	# A worker fills in the place, after the import.
	assert eventually(lambda: row(shop.long).region).endswith(("CA", "California"))
	assert (before, text["number"]) == ({}, shop.long)
	assert frappe.db.exists(desks.default().doctype, text["ticket"])
	opened = admin.session.get(
		f"{stack.web}/api/resource/{desks.default().doctype}/{text['ticket']}", timeout=30
	)
	assert text["may_read"] is opened.ok


def test_a_save_keeps_the_region_that_a_worker_filled_in_meanwhile(stack):
	number = stack.add_number()
	frappe.db.set_value(NUMBER, number, "region", None)
	doc = frappe.get_doc(NUMBER, number)
	frappe.db.set_value(NUMBER, number, "region", "San Francisco, CA", update_modified=False)
	doc.save()
	frappe.db.commit()
	assert row(number).region == "San Francisco, CA"


# By hand


@pytest.mark.parametrize(
	("typed", "stored", "kind"),
	[
		("+1 (415) 555-2671", "+14155552671", "Long Code"),
		("+1 800 555 2672", "+18005552672", "Toll-Free"),
		("72346", "72346", "Short Code"),
		("ACME Shop", "ACME Shop", "Alphanumeric Sender"),
	],
)
def test_numbers_are_taken_in_any_spelling(stack, typed, stored, kind):
	frappe.delete_doc("Twilio SMS Number", stored, force=True, ignore_missing=True)
	doc = frappe.get_doc(
		{"doctype": "Twilio SMS Number", "phone_number": typed, "account": stack.account}
	).insert()
	assert (doc.name, doc.number_type) == (stored, kind)


@pytest.mark.parametrize("typed", ["hello?!", "<script>", "+", "12"])
def test_what_is_no_number_is_refused_with_the_reason(stack, typed):
	with pytest.raises(frappe.ValidationError, match="not a phone number"):
		frappe.get_doc(
			{"doctype": "Twilio SMS Number", "phone_number": typed, "account": stack.account}
		).insert()


def test_a_number_added_by_hand_knows_its_country(stack):
	# As Frappe fills in a field of this name.
	country = frappe.db.get_default("country")
	doc = frappe.get_doc(
		{"doctype": NUMBER, "phone_number": "+44 20 7946 0018", "account": stack.account, "country": country}
	).insert()
	assert doc.country == "United Kingdom"


def test_a_number_cannot_be_in_two_accounts(stack):
	with pytest.raises(
		frappe.DuplicateEntryError, match=f"is set up here already, for the account {stack.account}"
	):
		frappe.get_doc({"doctype": NUMBER, "phone_number": stack.number, "account": here(None).name}).insert()


@pytest.mark.parametrize(
	("field", "sid", "said"),
	[
		("phone_number", "PN" + "0" * 32, "Number or Sender: this is the SID of a phone number"),
		("messaging_service_sid", "AC" + "0" * 32, "Messaging Service SID: this is the SID of an account"),
		("messaging_service_sid", "MG123", "Messaging Service SID: it starts with MG"),
	],
)
def test_a_sid_of_the_wrong_kind_is_named(stack, field, sid, said):
	fields = {"phone_number": new_number(), field: sid}
	with pytest.raises(frappe.ValidationError, match=said):
		frappe.get_doc({"doctype": NUMBER, "account": stack.account, **fields}).insert()


@pytest.mark.parametrize(
	("kind", "address", "country", "from_us", "from_de"),
	[
		("Long Code", "+14155550100", "US", "here", "abroad"),
		("Long Code", "+493025555010", "DE", "abroad", "here"),
		("Toll-Free", "+18885550100", "US", "here", "none"),
		("Toll-Free", "+18885550100", "CA", "here", "none"),
		("Short Code", "70707", "US", "here", "none"),
		("Alphanumeric Sender", "Shop", "", "none", "none"),
		("Messaging Service", "MG" + "0" * 32, "", "none", "none"),
	],
)
def test_which_number_a_phone_of_the_sites_country_can_text(kind, address, country, from_us, from_de):
	"""The guide proposes one of these for the first message."""
	sender = SimpleNamespace(kind=kind, address=address, country=country)
	assert importing.reach(sender, "US") == from_us
	assert importing.reach(sender, "DE") == from_de
