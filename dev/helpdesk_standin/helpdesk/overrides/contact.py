import frappe


def link_customer_of_domain(contact, _event: str | None = None) -> None:
	"""Link a new contact to the customer whose domain its e-mail address has (`overrides.contact`, v1.25.1)."""
	if not contact.email_id:
		return
	if customer := frappe.db.get_value("HD Customer", {"domain": contact.email_id.rpartition("@")[2]}):
		contact.append("links", {"link_doctype": "HD Customer", "link_name": customer})
