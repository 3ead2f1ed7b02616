"""Frappe's File documents: what they hold, and attaching them once more."""

from pathlib import Path

import frappe

from twilio_sms_channel.infra import conditional_update


def content_of(file) -> bytes:
	"""What a File document holds, from the disk: its get_content() makes text of what can be read as text, from v16 on
	even of pictures."""
	return Path(file.get_full_path()).read_bytes()


def attach(file_name: str, content: bytes, communication: str, is_private: bool = True):
	"""Attach what a message brings to its Communication, as a File document of its own, which is returned.

	Frappe keeps equal contents on disk once.
	"""
	file = frappe.get_doc(
		{
			"doctype": "File",
			"file_name": file_name,
			# Its address alone will not do: from v16 on Frappe would read a picture as text and write it anew.
			"content": content,
			"is_private": int(is_private),
			"attached_to_doctype": "Communication",
			"attached_to_name": communication,
		}
	)
	conditional_update.insert(file, ignore_permissions=True, ignore_mandatory=True)
	return file


def attach_again(file, doctype: str, name: str) -> str:
	"""Attach what a File document holds to another document as well. Returns the new File's name.

	Not inserted as Frappe does it: that would read the file and write it anew, JPEGs with less in them, and from v16 on
	pictures that can be read as text as text.
	"""
	again = frappe.copy_doc(file)
	again.update({"attached_to_doctype": doctype, "attached_to_name": name, "attached_to_field": None})
	again.name = frappe.generate_hash(length=10)
	# copy_doc() empties it; insert() would set it.
	again.docstatus = 0
	again.db_insert()
	return again.name


def attach_address(file_url: str, doctype: str, name: str) -> None:
	"""Attach the file at an address to a document, unless it is."""
	there = {"attached_to_doctype": doctype, "attached_to_name": name}
	if frappe.db.exists("File", {"file_url": file_url, **there}):
		return
	if known := frappe.db.get_value("File", {"file_url": file_url, "is_folder": 0}):
		attach_again(frappe.get_doc("File", known), doctype, name)
	else:
		frappe.get_doc({"doctype": "File", "file_url": file_url, **there}).insert(
			ignore_permissions=True, ignore_mandatory=True
		)
