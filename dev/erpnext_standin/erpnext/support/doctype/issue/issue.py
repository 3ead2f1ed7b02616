"""Requests of customers (`support.doctype.issue.issue`, 15.45.0). What their Communications do to them is Frappe's part,
and the service level agreement's."""

import email.utils
import json
from copy import deepcopy

import frappe
from frappe.core.utils import get_parent_doc
from frappe.email.inbox import link_communication_to_document
from frappe.model.document import Document
from frappe.utils import add_days, now_datetime, time_diff_in_seconds
from frappe.utils.user import is_website_user

CLOSED_AFTER_DAYS = 7


class Issue(Document):
	def validate(self):
		self.flags.create_communication = self.is_new() and bool(self.via_customer_portal)
		self.raised_by = self.raised_by or frappe.session.user
		self.set_lead_contact(self.raised_by)

	def on_update(self):
		if self.flags.create_communication:
			self.flags.create_communication = False
			self.create_communication()

	def set_lead_contact(self, email_id: str):
		"""Find the lead, the contact and its customer by an e-mail address, and the company by the lead or by default."""
		address = email.utils.parseaddr(email_id)[1]
		if not address:
			return
		self.lead = self.lead or frappe.db.get_value("Lead", {"email_id": address})
		if not self.contact and not self.customer:
			self.contact = frappe.db.get_value("Contact", {"email_id": address})
			if self.contact:
				self.customer = frappe.get_doc("Contact", self.contact).get_link_for("Customer")
		if not self.company:
			of_lead = self.lead and frappe.db.get_value("Lead", self.lead, "company")
			self.company = of_lead or frappe.db.get_default("Company")

	def create_communication(self):
		"""The description of an issue from the portal, as a received e-mail."""
		communication = frappe.new_doc("Communication")
		communication.update(
			{
				"communication_type": "Communication",
				"communication_medium": "Email",
				"sent_or_received": "Received",
				"status": "Linked",
				"email_status": "Open",
				"sender": self.raised_by,
				"subject": self.subject,
				"content": self.description,
				"reference_doctype": self.doctype,
				"reference_name": self.name,
			}
		)
		communication.flags.ignore_mandatory = True
		communication.save(ignore_permissions=True)

	@frappe.whitelist()
	def split_issue(self, subject: str, communication_id: str) -> str:
		"""Make a copy with another subject; this Communication and all later ones move there. Its name."""
		made = deepcopy(self)
		made.update(
			{
				"subject": subject,
				"issue_split_from": self.name,
				"first_response_time": 0,
				"first_responded_on": None,
				"creation": now_datetime(),
			}
		)
		if made.service_level_agreement:
			made.update(
				{
					"service_level_agreement": None,
					"service_level_agreement_creation": now_datetime(),
					"agreement_status": "First Response Due",
					"response_by": None,
					"resolution_by": None,
					"resolution_time": None,
					"user_resolution_time": None,
				}
			)
		made = frappe.get_doc(made).insert()
		first = frappe.get_doc("Communication", communication_id)
		since = {
			"reference_doctype": "Issue",
			"reference_name": first.reference_name,
			"creation": (">=", first.creation),
		}
		for name in frappe.get_all("Communication", since, pluck="name"):
			communication = frappe.get_doc("Communication", name)
			communication.reference_name = made.name
			communication.save(ignore_permissions=True)
		made.add_comment("Info", f" - Split off <a href='/app/issue/{self.name}'><b>{self.name}</b></a>")
		return made.name


@frappe.whitelist()
def set_multiple_status(names: str, status: str) -> None:
	"""What the list's actions call. No document is read, no right asked for.

	:param names: of issues, as JSON
	"""
	for name in json.loads(names):
		set_status(name, status)


@frappe.whitelist()
def set_status(name: str, status: str) -> None:
	frappe.db.set_value("Issue", name, "status", status)


@frappe.whitelist()
def make_issue_from_communication(communication: str, ignore_communication_links: bool = False) -> str:
	"""Make an issue of a Communication, which is linked to it. Its name."""
	communication = frappe.get_doc("Communication", communication)
	issue = frappe.get_doc(
		{"doctype": "Issue", "subject": communication.subject, "raised_by": communication.sender or ""}
	).insert(ignore_permissions=True)
	link_communication_to_document(communication, "Issue", issue.name, ignore_communication_links)
	return issue.name


def auto_close_tickets() -> None:
	"""Close what was replied to and left alone. While nothing was ever set, that is after 7 days; with 0 it is at once."""
	# Not by get_single_value: to that, nothing is 0 as well.
	set_to = frappe.db.get_value("Support Settings", "Support Settings", "close_issue_after_days")
	days = int(set_to or CLOSED_AFTER_DAYS)
	left_alone = {"status": "Replied", "modified": ("<", add_days(now_datetime(), -days))}
	for name in frappe.get_all("Issue", left_alone, pluck="name"):
		issue = frappe.get_doc("Issue", name)
		issue.status = "Closed"
		issue.flags.ignore_mandatory = True
		issue.save(ignore_permissions=True)


def update_issue(contact, _event: str | None = None) -> None:
	"""A contact that is deleted goes from its issues."""
	frappe.db.set_value("Issue", {"contact": contact.name}, "contact", "", update_modified=False)


def set_first_response_time(communication, _event: str | None = None) -> None:
	"""How long the first answer took, where an agreement counts it."""
	if communication.reference_doctype != "Issue":
		return
	issue = get_parent_doc(communication)
	if not issue.service_level_agreement or not issue.first_responded_on:
		return
	sent = {"reference_name": issue.name, "sent_or_received": "Sent"}
	if len(frappe.get_all("Communication", sent, limit=2)) == 1:
		begun = issue.service_level_agreement_creation or issue.creation
		issue.db_set("first_response_time", time_diff_in_seconds(issue.first_responded_on, begun) or 1)


# --- what customers with a login see --------------------------------------------------------------------------------


def get_list_context(context=None) -> dict:
	return {
		"title": "Issues",
		"get_list": get_issue_list,
		"row_template": "templates/includes/issue_row.html",
		"show_sidebar": True,
		"show_search": True,
		"no_breadcrumbs": True,
	}


def get_issue_list(doctype, txt, filters, limit_start, limit_page_length=20, order_by=None) -> list:
	"""A customer's issues: those of the Customer that their contact is linked to, else those they raised."""
	from frappe.www.list import get_list

	user, for_customer = frappe.session.user, is_website_user()
	if for_customer:
		filters = filters or {}
		contact = frappe.db.get_value("Contact", {"user": user})
		customer = contact and frappe.get_doc("Contact", contact).get_link_for("Customer")
		filters.update({"customer": customer} if customer else {"raised_by": user})
	return get_list(doctype, txt, filters, limit_start, limit_page_length, ignore_permissions=for_customer)


def has_website_permission(doc, ptype, user, verbose=False) -> bool:
	"""Whether a customer may open an issue: by being a portal user of its Customer, or by having raised it."""
	if "Customer" in frappe.get_roles(user):
		customers = frappe.get_all(
			"Portal User", {"user": frappe.session.user, "parenttype": "Customer"}, pluck="parent"
		)
		if doc.customer in customers:
			return True
	return doc.raised_by == user
