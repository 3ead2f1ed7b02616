"""HD Settings, as the ticket reads them."""

import frappe


def setting(field: str):
	return frappe.db.get_single_value("HD Settings", field)
