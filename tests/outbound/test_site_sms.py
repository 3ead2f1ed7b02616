"""What Frappe and ERPNext send as SMS by themselves, through a number of ours."""

import frappe
import pytest
from support import desks
from support.stack import Customer, eventually, status_of, ticket_of

from twilio_sms_channel.messaging.outbound import site_sms
from twilio_sms_channel.overrides.frappe import site_sms as roads
from twilio_sms_channel.people import phone

SETTINGS, MESSAGE = "Twilio SMS Settings", "Twilio SMS Message"
UNSENT = "Notifications by SMS were not sent"
SEND = "frappe.core.doctype.sms_settings.sms_settings.send_sms"


@pytest.fixture
def switched_on(stack):
	number = stack.add_number()
	desks.default().take(number)
	frappe.db.set_single_value(SETTINGS, {"send_site_sms": 1, "site_sms_number": number})
	frappe.db.commit()
	yield number
	frappe.db.rollback()
	frappe.db.set_single_value(SETTINGS, {"send_site_sms": 0, "site_sms_number": None})
	frappe.db.commit()


def records(customer) -> list:
	frappe.db.rollback()
	return frappe.get_all(
		MESSAGE,
		{"customer_number": customer.number, "direction": "Outbound"},
		["name", "body", "communication", "status"],
	)


def notification(customer) -> str:
	"""A notification of a to-do to a user with this number."""
	doc = frappe.get_doc(
		{
			"doctype": "Notification",
			"name": f"Text {frappe.generate_hash(length=8)}",
			"enabled": 0,
			"channel": "SMS",
			"document_type": "ToDo",
			"event": "New",
			"subject": "To do",
			"message": "<b>Look</b> at {{ doc.name }}",
			"recipients": [{"receiver_by_role": "System Manager"}],
		}
	)
	return doc


def test_it_is_off_by_default(stack):
	assert site_sms.number() is None


def test_a_notification_goes_out_and_its_answer_opens_a_ticket(
	stack, sim, customer, switched_on, monkeypatch
):
	todo = frappe.get_doc({"doctype": "ToDo", "description": "Look"}).insert()
	doc = notification(customer)
	monkeypatch.setattr(type(doc), "get_receiver_list", lambda self, doc, context: [customer.number])
	doc.send_sms(todo, {"doc": todo})
	frappe.db.commit()
	eventually(lambda: [message.body for message in customer.inbox()] == [f"Look at {todo.name}"])
	(record,) = records(customer)
	assert record.communication is None
	assert ticket_of(customer.text("Who is this?", to=switched_on)).doctype == desks.default().doctype


def test_whoever_opted_out_gets_nothing_and_there_is_a_record(stack, sim, switched_on):
	customer, other = Customer(stack), Customer(stack)
	customer.text("STOP", to=switched_on)
	site_sms.send([customer.number, other.number, "nobody"], "We moved")
	frappe.db.commit()
	eventually(lambda: [message.body for message in other.inbox()] == ["We moved"])
	(record,) = records(customer)
	eventually(lambda: status_of(record.name) == "Blocked")
	assert customer.inbox() == []


def test_who_may_want_no_more_is_left_out_and_reported(stack, sim, switched_on):
	undecided, other = Customer(stack), Customer(stack)
	conversation = undecided.text("Hello", to=switched_on).conversation
	frappe.db.set_value("Twilio SMS Conversation", conversation, "may_want_to_stop", 1)
	frappe.db.commit()
	site_sms.send([undecided.number, other.number], "We moved")
	said = "".join(str(message) for message in frappe.get_message_log())
	frappe.db.commit()
	assert undecided.number in said and other.number not in said
	eventually(lambda: [message.body for message in other.inbox()] == ["We moved"])
	assert [record.body for record in records(undecided)] == []


def logged(about: str) -> int:
	frappe.db.rollback()
	return frappe.db.count("Error Log", {"method": UNSENT, "error": ("like", f"%{about}%")})


def test_a_notification_about_messages_does_not_notify_of_itself(stack, customer, switched_on):
	doc = notification(customer)
	doc.update({"enabled": 1, "document_type": MESSAGE, "message": "Look", "recipients": []})
	doc.append("recipients", {"receiver_by_document_field": "customer_number"})
	doc.insert()
	frappe.db.commit()
	try:
		for sent in (1, 2):
			site_sms.send([customer.number], "We moved")
			frappe.db.commit()
			assert [record.body for record in records(customer)] == ["We moved"] * sent
			assert logged(doc.name) == 1
		# Nor later, as one about the day before does.
		message = frappe.get_doc(MESSAGE, records(customer)[0].name)
		frappe.get_doc("Notification", doc.name).send(message)
		frappe.db.commit()
		assert len(records(customer)) == 2
	finally:
		frappe.db.rollback()
		frappe.delete_doc("Notification", doc.name)
		frappe.db.commit()


def test_whoever_saves_a_document_is_told_of_no_number_that_is_notified(
	stack, customer, switched_on, monkeypatch
):
	nobody = "nobody in particular"
	before = logged(nobody)
	todo = frappe.get_doc({"doctype": "ToDo", "description": "Look"}).insert()
	doc = notification(customer)
	monkeypatch.setattr(type(doc), "get_receiver_list", lambda self, doc, context: [nobody])
	doc.send_sms(todo, {"doc": todo})
	assert nobody not in "".join(str(message) for message in frappe.get_message_log())
	frappe.db.commit()
	assert logged(nobody) == before + 1


def test_very_many_are_left_to_a_worker_and_each_number_gets_one(stack, sim, switched_on, monkeypatch):
	monkeypatch.setattr(site_sms, "AT_ONCE", 2)
	customers = [Customer(stack) for _ in range(3)]
	numbers = [customer.number for customer in customers]
	site_sms.send([*map(phone.display, numbers), *numbers], "We moved")
	assert not frappe.db.count(MESSAGE, {"customer_number": ("in", numbers)})
	frappe.db.commit()
	for customer in customers:
		eventually(lambda customer=customer: [text.body for text in customer.inbox()] == ["We moved"])
		assert len(records(customer)) == 1


def test_a_job_queues_some_and_leaves_the_others_to_the_next(stack, sim, switched_on, monkeypatch):
	monkeypatch.setattr(site_sms, "AT_ONCE", 2)
	customers = [Customer(stack) for _ in range(3)]
	with stack.without_worker():
		site_sms.queue(switched_on, [customer.number for customer in customers], "We moved")
		frappe.db.commit()
		assert [len(records(customer)) for customer in customers] == [1, 1, 0]
	for customer in customers:
		eventually(lambda customer=customer: [text.body for text in customer.inbox()] == ["We moved"])


def test_the_switch_wants_a_number(switched_on):
	with pytest.raises(frappe.MandatoryError):
		frappe.get_doc(SETTINGS).update({"send_site_sms": 1, "site_sms_number": None}).save()
	frappe.get_doc(SETTINGS).update({"send_site_sms": 0, "site_sms_number": None}).save()


def test_the_endpoint_of_forms_goes_this_way_for_people_of_the_site(stack, sim, agent, customer, switched_on):
	answer = agent.call(SEND, receiver_list=[customer.number], msg="Your order is here")
	assert answer.status_code == 200, answer.text
	eventually(lambda: [message.body for message in customer.inbox()] == ["Your order is here"])


def test_while_it_is_off_the_sites_gateway_is_asked(stack, agent, customer):
	answer = agent.call(SEND, receiver_list=[customer.number], msg="Hello")
	assert "SMS Settings" in answer.text
	assert records(customer) == []


def test_login_codes_go_by_another_function():
	from frappe import twofactor

	assert not hasattr(twofactor, "send_sms") and roads.ORIGINAL.endswith(".send_sms")


@pytest.mark.erpnext
def test_sms_center_goes_this_way(stack, sim, customer, switched_on):
	center = frappe.get_doc("SMS Center")
	center.update({"receiver_list": customer.number, "message": "We are open on Sunday"})
	center.send_sms()
	frappe.db.commit()
	eventually(lambda: [message.body for message in customer.inbox()] == ["We are open on Sunday"])


@pytest.mark.erpnext
def test_sms_center_reads_numbers_and_names_with_hyphens(stack, sim, switched_on):
	customers = [Customer(stack) for _ in range(2)]
	numbers = [
		f"{customer.number[:5]}-{customer.number[5:8]}-{customer.number[8:]}" for customer in customers
	]
	center = frappe.get_doc("SMS Center")
	receivers = f"Anna-Lena Hart-Lee - {numbers[0]}\n{numbers[1]}\n"
	center.update({"receiver_list": receivers, "message": "We are open on Sunday"})
	center.send_sms()
	frappe.db.commit()
	for customer in customers:
		eventually(
			lambda customer=customer: [text.body for text in customer.inbox()] == ["We are open on Sunday"]
		)
