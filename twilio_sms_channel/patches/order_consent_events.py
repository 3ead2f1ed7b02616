import frappe

from twilio_sms_channel.infra.clock import to_utc
from twilio_sms_channel.messaging.conversation import consent

EVENT, MESSAGE = "Twilio SMS Consent Event", "Twilio SMS Message"


def execute():
	"""Give events that were there before their order, and keep what messages said that are in no ticket yet."""
	events = frappe.get_all(EVENT, {"sequence": 0}, ["name", "occurred_at"], order_by="occurred_at, creation")
	for place, event in enumerate(events, 1):
		values = {"sequence": place, "sent_at_utc": to_utc(event.occurred_at).replace(tzinfo=None)}
		frappe.db.set_value(EVENT, event.name, values, update_modified=False)
	waiting = frappe.get_all(
		MESSAGE,
		{"direction": "Inbound", "status": ("in", ("Received", "Failed"))},
		["name", "number", "customer_number", "body", "opt_out_type", "service_sid", "received_at"],
		order_by="received_at",
	)
	for row in waiting:
		if not frappe.db.exists(EVENT, {"message": row.name}):
			consent.keep_from_before(row)
