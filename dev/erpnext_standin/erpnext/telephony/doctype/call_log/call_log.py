"""What ERPNext does with a new contact's phone numbers (`telephony.doctype.call_log`, 15.45.0); there are no calls here."""

import frappe


def link_existing_conversations(contact, _event: str | None = None) -> None:
	"""Link earlier calls of a new contact. Ends the transaction of whoever inserts the contact, for each number."""
	for row in contact.phone_nos:
		if row.phone:
			frappe.db.commit()
