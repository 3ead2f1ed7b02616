"""Messages on a site that has no ticket system yet: kept, and in tickets as soon as there is one."""

import frappe
from support.stack import MESSAGE, Customer, eventually, ticket_of

from twilio_sms_channel.desks import registry
from twilio_sms_channel.messaging.inbound import intake


def row_of(sent):
	frappe.db.rollback()
	fields = ["name", "status", "attempts", "next_attempt", "error_message"]
	return frappe.db.get_value(MESSAGE, {"twilio_sid": sent.sid}, fields, as_dict=True)


def test_they_wait_as_long_as_it_takes(stack, sim, ticket_system, monkeypatch):
	customer, leaving = Customer(stack), Customer(stack)
	with stack.without_worker():
		sent, stop = customer.text("Hello", wait=False), leaving.text("STOP", wait=False)
		eventually(lambda: row_of(sent) and row_of(stop))
		stack.empty_queues()
		with monkeypatch.context() as nothing_installed:
			nothing_installed.setattr(registry, "_installed", list)
			for _attempt in range(8):
				for one in (sent, stop):
					frappe.db.set_value(MESSAGE, row_of(one).name, "next_attempt", None)
					frappe.db.commit()
					intake.process(row_of(one).name)
			row = row_of(sent)
			assert (row.status, row.attempts) == ("Received", 0)
			assert row.next_attempt and "ERPNext" in row.error_message
		pair = {"number": stack.number, "customer_number": leaving.number}
		assert frappe.db.exists("Twilio SMS Consent Event", pair)
		intake.resume_kept()
		frappe.db.commit()
		intake.process(row_of(sent).name)
		message = frappe.get_doc(MESSAGE, row_of(sent).name)
		assert message.status == "Threaded" and message.error_message is None
		assert ticket_of(message).subject == "Hello"
