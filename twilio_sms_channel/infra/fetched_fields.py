"""What a document takes over from those that it links to."""

import frappe

from twilio_sms_channel.infra import db_errors
from twilio_sms_channel.infra.courtesies import courtesy


def fetch(doc) -> None:
	"""Fill in the fields that are fetched from linked documents. Frappe does so only while it checks the links.

	What came from a document that was deleted stays, and so does what a site has fetched from where nothing is.
	"""
	for link in doc.meta.get_link_fields():
		if not (name := doc.get(link.fieldname)):
			continue
		fetched = [
			field
			for field in doc.meta.get_fields_to_fetch(link.fieldname)
			if not (field.get("fetch_if_empty") and doc.get(field.fieldname))
		]
		if fetched:
			_fetch(doc, link.options, name, fetched)


@courtesy(
	"What is fetched from a linked document could not be read", writes=False, but=db_errors.is_transient
)
def _fetch(doc, doctype: str, name: str, fields: list) -> None:
	# Not asked of all links: a worker reads each DocType out of the cache, which takes as long as a query.
	if frappe.get_meta(doctype).get("is_virtual"):
		return
	sources = [field.fetch_from.split(".")[-1] for field in fields]
	if values := frappe.db.get_value(doctype, name, sources, as_dict=True):
		for field in fields:
			doc.set_fetch_from_value(doctype, field, values)
