"""The records that every new Helpdesk has (`setup.install`, v1.25.1)."""

import frappe
from frappe.permissions import add_permission, update_permission_property

STATUSES = (
	# label, category, colour, label for customers
	("Open", "Open", "Red", None),
	("Replied", "Paused", "Blue", "Awaiting Response"),
	("Resolved", "Resolved", "Green", None),
	("Closed", "Resolved", "Gray", None),
)
HOUR_S = 3600
PRIORITIES = {
	# name: (value, response time, resolution time)
	"Urgent": (100, HOUR_S // 2, 2 * HOUR_S),
	"High": (200, HOUR_S, 4 * HOUR_S),
	"Medium": (300, 8 * HOUR_S, 24 * HOUR_S),
	"Low": (400, 24 * HOUR_S, 72 * HOUR_S),
}
DEFAULT_PRIORITY = "Medium"
TYPES = ("Unspecified", "Question", "Bug", "Incident")
TEAMS = ("Billing", "Product Experts")
AGENT_READS = ("Communication", "Contact", "Email Account", "File")
MANAGER_WRITES = (*AGENT_READS, "Assignment Rule")


def after_install() -> None:
	add_statuses()
	add_priorities_and_sla()
	for ticket_type in TYPES:
		add("HD Ticket Type", ticket_type, is_system=int(ticket_type == "Unspecified"))
	for team in TEAMS:
		add("HD Team", team, team_name=team)
	add("HD Ticket Template", "Default", template_name="Default")
	add_permissions()


def add_statuses() -> None:
	for order, (label, category, color, for_customers) in enumerate(STATUSES, start=1):
		add(
			"HD Ticket Status",
			label,
			label_agent=label,
			category=category,
			color=color,
			order=order,
			different_view=int(bool(for_customers)),
			label_customer=for_customers,
		)
	frappe.db.set_single_value("HD Settings", "default_ticket_status", "Open")
	frappe.db.set_single_value("HD Settings", "ticket_reopen_status", "Open")
	# Defaults of a single apply when it is first saved; Helpdesk's own set-up saves it.
	for field in frappe.get_meta("HD Settings").get("fields", {"fieldtype": "Check"}):
		frappe.db.set_single_value("HD Settings", field.fieldname, int(field.default or 0))


def add_priorities_and_sla() -> None:
	for priority, (value, _response, _resolution) in PRIORITIES.items():
		add("HD Ticket Priority", priority, integer_value=value)
	add(
		"HD Service Level Agreement",
		"Default",
		service_level="Default",
		default_sla=1,
		enabled=1,
		priorities=[
			{
				"priority": priority,
				"default_priority": int(priority == DEFAULT_PRIORITY),
				"response_time": response,
				"resolution_time": resolution,
			}
			for priority, (_value, response, resolution) in PRIORITIES.items()
		],
	)


def add_permissions() -> None:
	for doctype in AGENT_READS:
		add_permission(doctype, "Agent")
	for doctype in MANAGER_WRITES:
		add_permission(doctype, "Agent Manager")
		for right in ("create", "write", "delete"):
			update_permission_property(doctype, "Agent Manager", 0, right, 1)


def add(doctype: str, name: str, **fields) -> None:
	if not frappe.db.exists(doctype, name):
		frappe.get_doc({"doctype": doctype, "name": name, "__newname": name, **fields}).insert()
