import frappe
from frappe import _
from frappe.core.doctype.sms_settings.sms_settings import send_sms
from frappe.model.document import Document


class SMSCenter(Document):
	"""Texts to many, by the gateway of SMS Settings (15.45.0)."""

	@frappe.whitelist()
	def create_receiver_list(self):
		"""Write who is to be texted into `receiver_list`, as "name - number" in a line each."""
		if self.send_to == "All Lead (Open)":
			rows = frappe.get_all(
				"Lead", {"mobile_no": ("!=", ""), "status": "Open"}, ["lead_name", "mobile_no"], as_list=True
			)
		else:
			rows = [(f"{row.first_name} {row.last_name or ''}", row.mobile_no) for row in self._contacts()]
		self.receiver_list = "".join(f"{name} - {number}\n" for name, number in rows)

	def _contacts(self) -> list:
		links = {"parenttype": "Contact"}
		if self.send_to == "All Customer Contact":
			links["link_doctype"] = "Customer"
			if self.customer:
				links["link_name"] = self.customer
		names = frappe.get_all("Dynamic Link", links, pluck="parent")
		return frappe.get_all(
			"Contact",
			{"name": ("in", names), "mobile_no": ("!=", "")},
			["first_name", "last_name", "mobile_no"],
		)

	def get_receiver_nos(self) -> list[str]:
		"""The numbers: what follows the first hyphen of a line, or the whole line without one."""
		lines = (self.receiver_list or "").split("\n")
		numbers = [line.split("-")[1] if "-" in line else line for line in lines]
		return [number.strip() for number in numbers if number.strip()]

	@frappe.whitelist()
	def send_sms(self):
		if not self.message:
			frappe.msgprint(_("Write the message first."))
		elif not (numbers := self.get_receiver_nos()):
			frappe.msgprint(_("Nobody is in the list of receivers."))
		else:
			send_sms(numbers, str(self.message))
