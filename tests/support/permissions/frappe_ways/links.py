"""What leads to a document from elsewhere: links, tags and files."""

import json
from collections.abc import Callable, Iterator

from support.permissions.asking import MANY, told, told_each

# What a ticket system keeps beside a ticket, with the field that links to it.
BESIDE = {
	"HD Ticket": (
		("HD Ticket Activity", "ticket"),
		("HD Ticket Comment", "reference_ticket"),
		("HD Notification", "reference_ticket"),
	),
	# Comments name theirs by a Dynamic Link, through which a list shows nothing.
	"Issue": (),
}


def linked(ticket_doctype: str) -> Iterator[tuple[str, Callable]]:
	"""What is linked with a document that somebody may read, or knows the name of."""
	get = "frappe.desk.form.linked_with.get"
	yield (
		"linked with a number",
		told_each(get, "customer_number", doctype="Twilio SMS Number", docname="{number}"),
	)
	yield "linked with a ticket", told_each(get, "communication", doctype=ticket_doctype, docname="{ticket}")
	yield (
		"linked with a conversation",
		told_each(get, "message", doctype="Twilio SMS Conversation", docname="{conversation}"),
	)


def through_links(ticket_doctype: str) -> Iterator[tuple[str, Callable]]:
	"""A list shows fields of the documents that its own link to."""
	for doctype, link in BESIDE[ticket_doctype]:
		for field in ("subject", "twilio_sms_conversation"):
			needle = "secret" if field == "subject" else "conversation"
			yield (
				f"{doctype}: {link}.{field}",
				told(
					"frappe.client.get_list",
					needle,
					doctype=doctype,
					fields=json.dumps(["name", f"{link}.{field} as theirs"]),
					limit_page_length=MANY,
					order_by="creation desc",
				),
			)


def by_tag(needle: str) -> Iterator[tuple[str, Callable]]:
	"""What is tagged is shown by its title: a ticket's subject, a conversation's customer."""
	yield (
		"get_documents_for_tag",
		told("frappe.desk.doctype.tag.tag.get_documents_for_tag", needle, tag="#tsms-tag"),
	)
	fields = '["document_type", "title"]'
	yield (
		"list of tags",
		told("frappe.client.get_list", needle, doctype="Tag Link", fields=fields, limit_page_length=MANY),
	)


def files() -> Iterator[tuple[str, Callable]]:
	yield "files by name", told("frappe.core.api.file.get_files_by_search_text", "file", text=".png")
	yield (
		"pictures of a text",
		told_each(
			"frappe.core.api.file.get_attached_images",
			"file_url",
			doctype="Communication",
			names='["{communication}"]',
		),
	)
	yield (
		"files of a folder",
		told("frappe.core.api.file.get_files_in_folder", "file", folder="Home/Attachments", page_length=MANY),
	)
	yield (
		"search of files",
		told(
			"frappe.desk.search.search_widget",
			"file",
			doctype="File",
			txt="",
			page_length=MANY,
			ignore_user_permissions=1,
		),
	)
