import frappe

from twilio_sms_channel.people import phone

CONVERSATION = "Twilio SMS Conversation"
OTHERS = ("Twilio SMS Message", "Twilio SMS Consent Event")


def execute():
	"""Give customers whose number has two spellings, such as +521… and +52…, one conversation with each of our numbers."""
	for old in _customers():
		if (new := phone.of_sender(old)) == old:
			continue
		for name in frappe.get_all(CONVERSATION, {"customer_number": old}, pluck="name"):
			_respell(frappe.get_doc(CONVERSATION, name), new)
		for doctype in OTHERS:
			frappe.db.set_value(
				doctype, {"customer_number": old}, "customer_number", new, update_modified=False
			)


def _customers() -> list[str]:
	"""A message that failed before it got into a ticket has no conversation, and what is known of consent outlives it."""
	numbers = {"customer_number": ("like", "+%")}
	return sorted(
		{
			number
			for doctype in (CONVERSATION, *OTHERS)
			for number in frappe.get_all(doctype, numbers, pluck="customer_number", distinct=True)
		}
	)


def _respell(conversation, new: str) -> None:
	stays = frappe.db.get_value(CONVERSATION, {"number": conversation.number, "customer_number": new})
	if not stays:
		conversation.customer_number = new
		conversation.before_save()
		fields = ("customer_number", "customer_number_reversed", "title")
		conversation.db_set({field: conversation.get(field) for field in fields}, update_modified=False)
		return
	stays = frappe.get_doc(CONVERSATION, stays)
	facts = {"contact": stays.contact or conversation.contact}
	if conversation.opted_out and not stays.opted_out:
		facts.update(opted_out=1, opted_out_on=conversation.opted_out_on)
	if _latest(conversation) > _latest(stays):
		facts.update(ticket_doctype=conversation.ticket_doctype, ticket=conversation.ticket)
	for field in ("last_inbound", "last_outbound"):
		facts[field] = max((at for at in (stays.get(field), conversation.get(field)) if at), default=None)
	stays.db_set(facts, update_modified=False)
	of_it = {"conversation": conversation.name}
	frappe.db.set_value("Twilio SMS Message", of_it, "conversation", stays.name, update_modified=False)
	if frappe.db.table_exists("HD Ticket") and frappe.db.has_column("HD Ticket", "twilio_sms_conversation"):
		of_it = {"twilio_sms_conversation": conversation.name}
		frappe.db.set_value("HD Ticket", of_it, "twilio_sms_conversation", stays.name, update_modified=False)
	frappe.db.delete(CONVERSATION, {"name": conversation.name})


def _latest(conversation) -> str:
	return max(str(conversation.get(field) or "") for field in ("last_inbound", "last_outbound"))
