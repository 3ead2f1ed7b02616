import frappe
from frappe import _
from frappe.email.inbox import link_communication_to_document
from frappe.model.document import Document


class Lead(Document):
	"""Somebody who may become a customer; a new one gets a contact (15.45.0)."""

	def before_insert(self):
		self._name()
		contact = frappe.new_doc("Contact")
		contact.update({"first_name": self.first_name or self.lead_name, "last_name": self.last_name})
		if self.email_id:
			contact.append("email_ids", {"email_id": self.email_id, "is_primary": 1})
		if self.phone:
			contact.append("phone_nos", {"phone": self.phone, "is_primary_phone": 1})
		if self.mobile_no:
			contact.append("phone_nos", {"phone": self.mobile_no, "is_primary_mobile_no": 1})
		self.flags.contact = contact.insert(ignore_permissions=True)

	def after_insert(self):
		contact = self.flags.contact
		contact.append("links", {"link_doctype": "Lead", "link_name": self.name})
		contact.save(ignore_permissions=True)

	def validate(self):
		self._name()
		self.title = self.company_name or self.lead_name

	def on_trash(self):
		frappe.db.set_value("Issue", {"lead": self.name}, "lead", None)

	def _name(self):
		person = " ".join(filter(None, (self.first_name, self.last_name)))
		by_mail = (self.email_id or "").partition("@")[0]
		self.lead_name = person or self.lead_name or self.company_name or by_mail
		if not self.lead_name:
			frappe.throw(_("A lead has a name, an organization or an e-mail address."))


@frappe.whitelist()
def make_lead_from_communication(communication: str, ignore_communication_links: bool = False) -> str:
	"""A lead of whoever wrote a Communication, which is linked to it. Its name. No right is asked for."""
	communication = frappe.get_doc("Communication", communication)
	fields = {"email_id": communication.sender, "mobile_no": communication.phone_no}
	known = (frappe.db.get_value("Lead", {field: value}) for field, value in fields.items() if value)
	if not (name := next(filter(None, known), None)):
		lead = frappe.get_doc({"doctype": "Lead", "lead_name": communication.sender_full_name, **fields})
		name = lead.insert(ignore_permissions=True, ignore_mandatory=True).name
	link_communication_to_document(communication, "Lead", name, ignore_communication_links)
	return name
