"""What a document takes over from those that it links to."""

import frappe


def fetch(doc) -> None:
	"""Fill in the fields that are fetched from linked documents. Frappe does so only while it checks the links.

	What came from a document that was deleted stays.
	"""
	for link in doc.meta.get_link_fields():
		if not (name := doc.get(link.fieldname)) or frappe.get_meta(link.options).get("is_virtual"):
			continue
		fetched = [
			field
			for field in doc.meta.get_fields_to_fetch(link.fieldname)
			if not (field.get("fetch_if_empty") and doc.get(field.fieldname))
		]
		if not fetched:
			continue
		sources = [field.fetch_from.split(".")[-1] for field in fetched]
		if values := frappe.db.get_value(link.options, name, sources, as_dict=True):
			for field in fetched:
				doc.set_fetch_from_value(link.options, field, values)
