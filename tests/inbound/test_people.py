"""Who wrote: contacts, shared numbers, customers, senders that are no phone numbers."""

import frappe
import pytest
from support import desks
from support.planted import stored
from support.stack import eventually, ticket_of
from support.tickets import says_in_feed

from twilio_sms_channel import install
from twilio_sms_channel.doctor.checks import people
from twilio_sms_channel.patches import one_spelling_of_customers
from twilio_sms_channel.people import contacts, countries, phone


def make_contact(name, *numbers, **fields):
	contact = frappe.get_doc(
		{
			"doctype": "Contact",
			"first_name": name,
			"phone_nos": [{"phone": number} for number in numbers],
			**fields,
		}
	).insert()
	frappe.db.commit()
	return contact


@pytest.mark.parametrize(
	"spell",
	[
		lambda n: n,
		lambda n: f"{n[:2]} ({n[2:5]}) {n[5:8]}-{n[8:]}",
		lambda n: f"{n[:2]}-{n[2:5]}-{n[5:8]}-{n[8:]}",
		lambda n: n.replace("+", "00", 1) if countries.default_region() not in (None, "US", "CA") else n,
		lambda n: f" {n} ",
	],
)
def test_a_contact_is_found_whatever_the_spelling(customer, sim, spell):
	contact = make_contact("Ann", "+44 20 7946 0000", spell(customer.number))
	assert ticket_of(customer.text("Hello")).contact == contact.name


def test_a_number_that_only_ends_alike_is_somebody_else(customer, sim):
	other = "+4" + customer.number[2:]
	contact = make_contact("Ann", other)
	assert ticket_of(customer.text("Hello")).contact != contact.name


def test_a_renamed_contact_keeps_its_name(customer, sim):
	ticket = ticket_of(customer.text("Hello"))
	contact = frappe.get_doc("Contact", ticket.contact)
	assert contact.first_name == phone.display(customer.number)
	contact.first_name = "Ann"
	contact.save()
	frappe.db.commit()
	message = customer.text("Me again")
	assert ticket_of(message).contact == ticket.contact
	frappe.db.rollback()
	assert frappe.db.get_value("Contact", ticket.contact, "first_name") == "Ann"
	assert frappe.db.get_value("Communication", message.communication, "sender_full_name") == "Ann"


def test_a_shared_number_is_left_to_the_agent(customer, sim, agent):
	ann, bob = make_contact("Ann", customer.number), make_contact("Bob", customer.number)
	ticket = ticket_of(customer.text("Guess who"))
	assert not ticket.contact
	(note,) = desks.default().notes(ticket)
	assert "Ann" in note
	assert "Bob" in note

	ticket.contact = bob.name
	ticket.save()
	frappe.db.commit()
	message = customer.text("Right, Bob it is")
	assert frappe.db.get_value("Twilio SMS Conversation", message.conversation, "contact") == bob.name
	assert frappe.db.get_value("Communication", message.communication, "sender_full_name") == "Bob"
	assert ann.name != bob.name


@pytest.mark.helpdesk
def test_the_customer_is_filled_as_helpdesk_does(customer, sim):
	"""Up to v1.27 through the contact's links; v1.28 has members of customers."""
	company = frappe.get_doc({"doctype": "HD Customer", "customer_name": f"Shop {customer.number}"}).insert()
	contact = make_contact("Ann", customer.number)
	if frappe.db.exists("DocType", "HD Customer Member"):
		pytest.skip("members of customers are users there, who need an e-mail address")
	contact.append("links", {"link_doctype": "HD Customer", "link_name": company.name})
	contact.save()
	frappe.db.commit()
	assert ticket_of(customer.text("Hello")).customer == company.name


@pytest.mark.parametrize("sender", ["72345", "ACME Shop"])
def test_senders_that_cannot_be_answered_are_taken_in(stack, sim, agent, sender):
	sent = sim.text(from_=sender, to=stack.number, body=f"Your code from {sender}")
	name = eventually(
		lambda: frappe.db.get_value("Twilio SMS Message", {"twilio_sid": sent.sid, "status": "Threaded"})
	)
	message = frappe.get_doc("Twilio SMS Message", name)
	ticket = ticket_of(message)
	assert message.customer_number == sender
	assert not ticket.contact
	state = agent.call("twilio_sms_channel.api.ticket.state", http="GET", ticket=ticket.name).json()[
		"message"
	]
	assert not state["can_text"]
	assert "cannot be answered" in state["why_not"]
	answer = agent.reply(ticket.name, "<p>Thank you</p>")
	assert answer.status_code == 417
	assert "cannot be answered" in answer.text
	assert says_in_feed(agent, ticket, "Cannot be answered")


def test_the_region_is_the_numbers(customer, sim, agent):
	message = customer.text("Hello", FromCity="JUNEAU", FromState="AK", FromCountry="US")
	assert message.region == "JUNEAU, AK, US"
	contact = frappe.get_doc("Contact", ticket_of(message).contact)
	assert not contact.address
	state = agent.call("twilio_sms_channel.api.ticket.state", http="GET", ticket=ticket_of(message).name)
	assert state.json()["message"]["region"] == "JUNEAU, AK, US"


def test_two_spellings_are_one_person(stack, sim, agent):
	"""Mobile numbers of Mexico come with and without a 1."""
	digits = f"55{int(frappe.generate_hash(length=8), 16) % 10**8:08}"
	contact = make_contact("Ana", f"Mobile: \u202a+52 1 {digits}\u202c")
	texts = []
	for sender in (f"+521{digits}", f"+52{digits}"):
		sent = sim.text(from_=sender, to=stack.number, body="Hola")
		texts.append(
			eventually(
				lambda sid=sent.sid: frappe.db.get_value(
					"Twilio SMS Message",
					{"twilio_sid": sid, "status": "Threaded"},
					["conversation", "customer_number"],
				)
			)
		)
	assert texts[0] == texts[1]
	assert texts[0][1] == f"+52{digits}"
	assert frappe.db.get_value("Twilio SMS Conversation", texts[0][0], "contact") == contact.name
	for query in (f"+521{digits}", f"tel:+52{digits}", f"\u2068{digits}\u2069"):
		found = agent.call("twilio_sms_channel.api.ticket.find", http="GET", query=query).json()["message"]
		assert [row["customer_number"] for row in found] == [phone.display(f"+52{digits}")], query


@pytest.fixture
def country(stack):
	"""Set the site's country as an admin does, for one test."""
	before = frappe.db.get_single_value("Twilio SMS Settings", "default_country")

	def choose(name):
		settings = frappe.get_doc("Twilio SMS Settings")
		settings.default_country = name
		settings.save()
		frappe.db.commit()

	yield choose
	frappe.db.rollback()
	choose(before)
	eventually(all_read)


def test_while_the_app_is_installed_nothing_is_read(country, monkeypatch):
	"""Frappe saves the settings before the fields of contacts are there."""
	monkeypatch.setattr(frappe.db, "has_column", lambda *_: False)
	queued = []
	monkeypatch.setattr(contacts.jobs, "enqueue_after_commit", lambda method, **_: queued.append(method))
	country("Mexico")
	assert queued == []
	monkeypatch.undo()
	assert contacts.read_again_if_needed()


def all_read() -> bool:
	frappe.db.rollback()
	frappe.clear_cache()
	return not contacts.read_again_if_needed()


def copy_of(contact):
	frappe.db.rollback()
	return frappe.db.get_value("Contact Phone", {"parent": contact.name}, "twilio_sms_e164")


@pytest.fixture
def added():
	"""What a test adds to it is gone afterwards: the doctor's tests want a site without findings."""
	docs = []
	yield docs
	frappe.db.rollback()
	for doc in docs:
		doc.delete()
	frappe.db.commit()


def test_a_country_that_is_set_or_corrected_later_is_minded(country, customer, stack, added):
	# Of those that begin otherwise not all are numbers in the United Kingdom.
	digits = "123" + frappe.generate_hash(length=12).translate(str.maketrans("abcdef", "123456"))[:3]
	country("Germany")
	contact = make_contact("Ann", f"07911 {digits}")
	unreadable = make_contact("0 Bob & Sons", "*99123456789")
	added += [contact, unreadable]
	assert (copy_of(contact), copy_of(unreadable)) == (f"+497911{digits}", None)
	country("United Kingdom")
	eventually(lambda: copy_of(contact) == f"+447911{digits}")
	eventually(all_read)
	# The job that read them writes down last as what it did.
	stack.wait_until_idle()
	frappe.db.set_value("Contact Phone", {"parent": contact.name}, "twilio_sms_e164", None)
	frappe.db.commit()
	# Also where an older version read them in another way.
	frappe.db.set_default(contacts.READ_AS, "United Kingdom")
	install.after_migrate()
	frappe.db.commit()
	eventually(lambda: copy_of(contact) == f"+447911{digits}")
	(finding,) = people.check_contacts()
	count, some = contacts.unread(limit=1000)
	assert unreadable.name in some and contact.name not in some
	# Screens escape it. The first five are named.
	assert "Bob & Sons" in finding.what
	assert str(count) in finding.what and "United Kingdom" in finding.how


def test_customers_with_two_spellings_become_one(stack):
	# Numbers of Mexico City from both ends.
	digits = f"55{int(frappe.generate_hash(length=8), 16) % 10**6:06}55"
	old, new, other = f"+521{digits}", f"+52{digits}", f"+52155{digits[:1:-1]}"
	doctype = "Twilio SMS Conversation"
	makes = {"doctype": doctype, "number": stack.number}
	first = frappe.get_doc({**makes, "customer_number": old, "opted_out": 1}).insert(ignore_permissions=True)
	stays = frappe.get_doc({**makes, "customer_number": new}).insert(ignore_permissions=True)
	alone = frappe.get_doc({**makes, "customer_number": other}).insert(ignore_permissions=True)
	event = {"doctype": "Twilio SMS Consent Event", "event": "Opted Out", "number": stack.number}
	event = frappe.get_doc({**event, "customer_number": old, "occurred_at": frappe.utils.now()})
	event.insert(ignore_permissions=True)
	# Both outlive conversations, or never had one.
	without = [f"+521{digits[::-1]}", f"+521{digits[1:]}{digits[0]}"]
	failed = {"direction": "Inbound", "status": "Failed", "account": stack.account, "number": stack.number}
	failed = stored({"doctype": "Twilio SMS Message", "customer_number": without[0], **failed})
	told = {"doctype": event.doctype, "event": "Opted Out", "number": stack.number}
	told = stored({**told, "customer_number": without[1], "occurred_at": frappe.utils.now()})
	one_spelling_of_customers.execute()
	assert not frappe.db.exists(doctype, first.name)
	assert frappe.db.get_value(doctype, stays.name, "opted_out")
	assert frappe.db.get_value(doctype, alone.name, "customer_number") == f"+5255{digits[:1:-1]}"
	assert frappe.db.get_value(event.doctype, event.name, "customer_number") == new
	for kind, name, before in (("Twilio SMS Message", failed, without[0]), (event.doctype, told, without[1])):
		assert frappe.db.get_value(kind, name, "customer_number") == before.replace("+521", "+52")
