import frappe

TICKET = "HD Ticket"


@frappe.whitelist()
def get_one(name: str) -> dict:
	"""A template with the properties of its fields (`hd_ticket_template.api`, v1.25.1)."""
	if not frappe.db.exists("HD Ticket Template", name):
		return {"about": None, "fields": []}
	template = frappe.get_cached_doc("HD Ticket Template", name)
	return {
		"about": template.about,
		"description_template": template.description_template,
		"fields": get_fields_meta(name),
	}


def get_fields_meta(template: str) -> list[dict]:
	"""The template's rows, each with what the ticket's meta says of that field; unknown fields are left out."""
	meta = frappe.get_meta(TICKET)
	rows = frappe.get_all(
		"HD Ticket Template Field",
		filters={"parent": template},
		fields=["fieldname", "required", "hide_from_customer", "url_method", "placeholder", "idx"],
		order_by="idx",
	)
	for row in rows:
		if field := meta.get_field(row.fieldname):
			row.update(
				{
					key: field.get(key)
					for key in ("label", "fieldtype", "options", "description", "depends_on")
				}
			)
	return [row for row in rows if "fieldtype" in row]
