"""What the agent screen asks for: a ticket, its feed, merge and split (`hd_ticket.api`, v1.25.1)."""

from datetime import datetime

import frappe
from frappe import _
from frappe.model.document import Document, get_controller
from frappe.query_builder import Order
from frappe.utils import get_url, get_user_info_for_avatar, now_datetime, nowdate, nowtime
from frappe.utils.caching import redis_cache

from helpdesk.helpdesk.doctype.hd_form_script.hd_form_script import get_form_script
from helpdesk.helpdesk.doctype.hd_ticket_template import api as template_api
from helpdesk.utils import agent_only, get_customer, is_agent

TICKET = "HD Ticket"
DEFAULT_TEMPLATE = "Default"
SIDEBAR_FIELDS = ("ticket_type", "agent_group", "priority", "customer")
COMMUNICATION_FIELDS = (
	"name",
	"creation",
	"communication_date",
	"sender",
	"recipients",
	"cc",
	"bcc",
	"subject",
	"content",
	"delivery_status",
	"sent_or_received",
	"user",
)
# What a split-off ticket starts without.
SLA_STATE = (
	"sla",
	"resolution_by",
	"response_by",
	"on_hold_since",
	"resolution_date",
	"resolution_time",
	"first_responded_on",
	"first_response_time",
)


@frappe.whitelist()
def new(doc: dict, attachments: list[dict] | None = None) -> Document:
	"""Make a ticket from the customer portal."""
	ticket = frappe.get_doc({**doc, "doctype": TICKET, "via_customer_portal": 1})
	ticket.attachments = attachments or []
	return ticket.insert()


@frappe.whitelist()
def get_one(name: str, is_customer_portal: bool = False) -> dict:
	"""All that the screen shows of a ticket. Breaks for one with neither contact nor `raised_by`."""
	_check_read(name)
	ticket = frappe.db.get_value(TICKET, name, "*", as_dict=True)
	if not ticket or not (is_agent() or _concerns_user(ticket)):
		frappe.throw(_("There is no such ticket."), frappe.DoesNotExistError)
	template = ticket.template or DEFAULT_TEMPLATE
	return {
		**ticket,
		**_activities(name),
		"contact": _contact_of(ticket),
		"tags": frappe.get_all(
			"Tag Link", filters={"document_type": TICKET, "document_name": name}, pluck="tag"
		),
		"template": template_api.get_one(template),
		"fields": _sidebar_fields(template),
		"_form_script": get_form_script(TICKET, is_customer_portal=is_customer_portal),
	}


@frappe.whitelist()
def get_ticket_activities(ticket: str) -> dict:
	"""A ticket's feed: comments, communications, history, views, calls."""
	_check_read(ticket)
	return _activities(ticket)


@frappe.whitelist()
def get_ticket_contact(ticket: str) -> dict | None:
	_check_read(ticket)
	row = frappe.db.get_value(TICKET, ticket, ["contact", "raised_by"], as_dict=True)
	return _contact_of(row) if row else None


def get_communications(ticket: str) -> list[dict]:
	"""A ticket's Communications of any medium, oldest first, with `user` and `attachments`."""
	Communication = frappe.qb.DocType("Communication")
	rows = (
		frappe.qb.from_(Communication)
		.select(*(Communication[field] for field in COMMUNICATION_FIELDS))
		.where((Communication.reference_doctype == TICKET) & (Communication.reference_name == ticket))
		.orderby(Communication.creation, order=Order.asc)
		.run(as_dict=True)
	)
	for row in rows:
		row.attachments = get_attachments("Communication", row.name)
		sent_by = row.user if row.sent_or_received == "Sent" else None
		row.user = get_user_info_for_avatar(sent_by or row.sender)
	return rows


@redis_cache()
def get_attachments(doctype: str, name: str) -> list[dict]:
	"""The files of a document. Cached for an hour, and nothing clears it when a file is added."""
	return frappe.get_all(
		"File",
		filters={"attached_to_doctype": doctype, "attached_to_name": name},
		fields=["name", "file_url", "file_name"],
	)


def _check_read(ticket: str) -> None:
	# `frappe.has_permission(…, throw=True)` of 2023 stumbles over a document given by name.
	frappe.get_doc(TICKET, ticket).check_permission("read")


def _activities(ticket: str) -> dict:
	return {
		"comments": _comments(ticket),
		"communications": get_communications(ticket),
		"history": _history(ticket),
		"views": _views(ticket),
		"calls": [],
	}


def _comments(ticket: str) -> list[dict]:
	if not frappe.has_permission("HD Ticket Comment", "read"):
		return []
	rows = frappe.get_all(
		"HD Ticket Comment",
		filters={"reference_ticket": ticket},
		fields=["name", "commented_by", "content", "creation", "is_pinned"],
		order_by="creation asc",
	)
	for row in rows:
		row.user = get_user_info_for_avatar(row.commented_by)
		row.attachments = get_attachments("HD Ticket Comment", row.name)
	return rows


def _history(ticket: str) -> list[dict]:
	if not frappe.has_permission("HD Ticket Activity", "read"):
		return []
	rows = frappe.get_all(
		"HD Ticket Activity",
		filters={"ticket": ticket},
		fields=["name", "action", "owner", "creation"],
		order_by="creation desc",
	)
	for row in rows:
		row.user = get_user_info_for_avatar(row.owner)
	return rows


def _views(ticket: str) -> list[dict]:
	rows = frappe.get_all(
		"View Log",
		filters={"reference_doctype": TICKET, "reference_name": ticket},
		fields=["name", "viewed_by", "creation"],
		order_by="creation desc",
	)
	for row in rows:
		row.user = get_user_info_for_avatar(row.viewed_by)
	return rows


def _contact_of(ticket: dict) -> dict:
	contact = ticket.contact and frappe.db.get_value(
		"Contact",
		ticket.contact,
		["name", "company_name", "email_id", "image", "mobile_no", "phone"],
		as_dict=True,
	)
	return contact or {"email_id": ticket.raised_by, "name": ticket.raised_by.split("@")[0]}


def _concerns_user(ticket: dict) -> bool:
	user = frappe.session.user
	return user in (ticket.contact, ticket.raised_by, ticket.owner) or ticket.customer in get_customer(user)


def _sidebar_fields(template: str) -> list[dict]:
	meta = frappe.get_meta(TICKET)
	fields = [meta.get_field(field).as_dict() for field in SIDEBAR_FIELDS]
	rows = template_api.get_fields_meta(template)
	return fields + [row for row in rows if row.fieldname not in SIDEBAR_FIELDS]


# Merge ------------------------------------------------------------------------------------------


@frappe.whitelist()
@agent_only
def merge_ticket(source: str, target: str) -> None:
	"""Copy everything of `source` into `target`, close `source` and say so in both.

	The notice goes through the ticket's `reply_via_agent`, without `to`.
	"""
	for ticket in (source, target):
		if not frappe.db.exists(TICKET, ticket):
			frappe.throw(_("There is no ticket {0}.").format(ticket))
	if source == target:
		frappe.throw(_("A ticket cannot be merged with itself."))

	_copy("HD Ticket Comment", {"reference_ticket": source}, {"reference_ticket": target})
	_copy(
		"Communication", {"reference_doctype": TICKET, "reference_name": source}, {"reference_name": target}
	)
	_copy("File", {"attached_to_doctype": TICKET, "attached_to_name": source}, {"attached_to_name": target})

	merged = frappe.get_doc(TICKET, source)
	merged.update({"status": "Closed", "is_merged": 1, "merged_with": target})
	merged.save()
	_tell(merged, _("Ticket #{0} goes on as ticket {1}.").format(source, _link(target)))
	comment = {"commented_by": frappe.session.user, "reference_ticket": target}
	comment["content"] = _("Ticket {0} was merged into this one.").format(_link(source))
	frappe.get_doc({"doctype": "HD Ticket Comment", **comment}).insert()


def _copy(doctype: str, filters: dict, changes: dict) -> None:
	for name in frappe.get_list(doctype, filters=filters, pluck="name"):
		original = frappe.get_doc(doctype, name)
		copy = frappe.copy_doc(original).update(changes).insert(ignore_permissions=True)
		if doctype == "File":
			continue
		for file in get_attachments(doctype, name):
			get_controller(TICKET).attach_file_with_doc(copy, doctype, copy.name, file["file_url"])
		# The feed is ordered by creation.
		times = {field: original.get(field) for field in ("creation", "modified", "owner", "modified_by")}
		frappe.db.set_value(doctype, copy.name, times, update_modified=False)


# Split ------------------------------------------------------------------------------------------


@frappe.whitelist()
@agent_only
def split_ticket(subject: str, communication_id: str) -> str:
	"""Move a Communication and all that came after it to a new ticket, whose name is returned.

	The notice goes through the old ticket's `reply_via_agent`, without `to`.
	"""
	name, since = frappe.db.get_value("Communication", communication_id, ["reference_name", "creation"])
	ticket = frappe.get_doc(TICKET, name)
	new_name = _split_off(ticket, subject)
	_move("Communication", "reference_name", name, new_name, since, reference_doctype=TICKET)
	_move("HD Ticket Comment", "reference_ticket", name, new_name, since)
	_move("HD Ticket Activity", "ticket", name, new_name, since)
	_move("File", "attached_to_name", name, new_name, since, attached_to_doctype=TICKET)
	_tell(ticket, _("Part of this ticket goes on as ticket {0}.").format(_link(new_name)))
	return new_name


def _split_off(ticket: Document, subject: str) -> str:
	# Fields marked "no copy" come along as well, and the owner: Helpdesk deep-copies the document.
	copy = frappe.copy_doc(ticket, ignore_no_copy=True)
	copy.update(dict.fromkeys(SLA_STATE))
	copy.update(
		{
			"owner": ticket.owner,
			"subject": subject,
			"description": None,
			"ticket_split_from": ticket.name,
			"is_merged": 0,
			"merged_with": None,
			"service_level_agreement_creation": now_datetime(),
			"opening_date": nowdate(),
			"opening_time": nowtime(),
		}
	)
	return copy.insert(ignore_permissions=True).name


def _move(doctype: str, field: str, old: str, new: str, since: datetime, **filters) -> None:
	frappe.db.set_value(
		doctype, {field: old, "creation": (">=", since), **filters}, field, new, update_modified=False
	)


def _tell(ticket: Document, message: str) -> None:
	# Not `ticket.reply_via_agent(…)`: Helpdesk asks for the DocType's class, and so do its overrides.
	get_controller(TICKET).reply_via_agent(ticket, message=message)


def _link(ticket: str) -> str:
	return f'<a href="{get_url(f"/helpdesk/tickets/{ticket}")}">#{ticket}</a>'
