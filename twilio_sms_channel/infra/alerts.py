"""Tell the site's managers that something needs them."""

import frappe
from frappe.desk.doctype.notification_log.notification_log import make_notification_logs
from frappe.utils.user import get_users_with_role

from twilio_sms_channel.infra.courtesies import courtesy


@courtesy("The site's managers could not be told")
def tell_managers(subject: str, doctype: str, name: str) -> None:
	"""Notify those who look after the channel; once about each document as long as they have not read it.

	:param subject: plain text
	"""
	about = {"document_type": doctype, "document_name": name}
	managers = set(get_users_with_role("System Manager"))
	unread = {**about, "for_user": ("in", list(managers)), "read": 0, "type": "Alert"}
	untold = sorted(managers - set(frappe.get_all("Notification Log", unread, pluck="for_user")))
	make_notification_logs(
		frappe._dict(
			about, type="Alert", from_user="Administrator", subject=frappe.utils.escape_html(subject)
		),
		untold,
	)
