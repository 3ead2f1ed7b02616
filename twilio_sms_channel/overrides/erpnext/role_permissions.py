"""Frappe's page Role Permissions Manager: who answers Issues says what they read of this app.

Releases of Frappe v15 write there past the hooks of Custom DocPerm.
"""

from typing import Any

import frappe
from frappe.core.page.permission_manager import permission_manager

from twilio_sms_channel.desks.erpnext import TICKET, rights


@frappe.whitelist()
def update(doctype: str, role: str, permlevel: int, ptype: str, **args: Any) -> str | None:
	args.pop("cmd", None)
	answer = frappe.call(
		permission_manager.update, doctype=doctype, role=role, permlevel=permlevel, ptype=ptype, **args
	)
	_give_again(doctype)
	return answer


@frappe.whitelist()
def remove(doctype: str, role: str, permlevel: int, **args: Any) -> None:
	args.pop("cmd", None)
	frappe.call(permission_manager.remove, doctype=doctype, role=role, permlevel=permlevel, **args)
	_give_again(doctype)


@frappe.whitelist()
def reset(doctype: str) -> None:
	permission_manager.reset(doctype)
	_give_again(doctype)


def _give_again(doctype: str) -> None:
	# Reset, our own DocTypes lose what was given.
	if doctype == TICKET or doctype in rights.DOCTYPES:
		rights.give_if_installed()
