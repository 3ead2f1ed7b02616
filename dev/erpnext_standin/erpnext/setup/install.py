"""The records of a site whose set-up wizard was answered (`setup.setup_wizard`, 15.45.0)."""

import frappe

COMPANY, ABBR = "Example Shop", "ES"
COUNTRY, CURRENCY = "United States", "USD"
PRIORITIES = ("Low", "Medium", "High")
# Of people with a login who are no staff.
PORTAL_ROLES = ("Customer", "Supplier")


def after_install() -> None:
	for role in PORTAL_ROLES:
		add("Role", role, role_name=role, desk_access=0)
	for priority in PRIORITIES:
		add("Issue Priority", priority)
	frappe.db.set_single_value("Support Settings", "close_issue_after_days", 7)
	add_company()


def add_company() -> None:
	add("Company", COMPANY, company_name=COMPANY, abbr=ABBR, default_currency=CURRENCY, country=COUNTRY)
	defaults = frappe.get_doc("Global Defaults")
	defaults.update({"default_company": COMPANY, "country": COUNTRY, "default_currency": CURRENCY})
	defaults.save()


def add(doctype: str, name: str, **fields) -> None:
	if not frappe.db.exists(doctype, name):
		frappe.get_doc({"doctype": doctype, "name": name, "__newname": name, **fields}).insert()
