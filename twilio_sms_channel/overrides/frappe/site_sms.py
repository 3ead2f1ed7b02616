"""Frappe's own ways to send SMS: while the site wants it, through a number of ours (`messaging.outbound.site_sms`).

Login codes are not among them: Frappe sends those by a function of its own.
"""

import inspect
from typing import Any

import frappe
from frappe import _
from frappe.utils import strip_html_tags

from twilio_sms_channel.messaging.outbound import site_sms

ORIGINAL = "frappe.core.doctype.sms_settings.sms_settings.send_sms"


@frappe.whitelist()
def send_sms(receiver_list: Any, msg: str, **args: Any) -> Any:
	"""Send a message to several numbers (Frappe: `sms_settings.send_sms`, which ERPNext's forms call).

	:param receiver_list: numbers, as a list or as JSON
	"""
	if not site_sms.number():
		args.pop("cmd", None)
		return frappe.call(frappe.get_attr(ORIGINAL), receiver_list=receiver_list, msg=msg, **args)
	if frappe.get_cached_value("User", frappe.session.user, "user_type") != "System User":
		frappe.throw(_("Not permitted"), frappe.PermissionError)
	receivers = frappe.parse_json(receiver_list)
	site_sms.send(receivers if isinstance(receivers, list) else [str(receiver_list)], msg)
	frappe.msgprint(_("The messages are on their way."), alert=True)


class NotificationMixin:
	"""What this app adds to Frappe's Notification."""

	def send_sms(self, doc, context: dict) -> None:
		if not site_sms.number():
			return super().send_sms(doc, context)
		if site_sms.would_not_end(doc):
			return site_sms.log_endless(self.name)
		# Since v15.40 one function finds numbers and addresses.
		of_numbers = ("mobile_no", self.get_mobile_no) if hasattr(self, "get_mobile_no") else ()
		wanted = len(inspect.signature(self.get_receiver_list).parameters) - 2
		receivers = self.get_receiver_list(doc, context, *of_numbers[:wanted])
		# The notification's own template, as Frappe renders it: System Managers write these.
		body = strip_html_tags(frappe.render_template(self.message, context))  # nosemgrep
		said = len(frappe.local.message_log)
		try:
			site_sms.send([receiver for receiver in receivers if receiver], body)
		finally:
			# Whoever saves a document, a customer on the portal as well, is told of no number that is notified of it. The
			# Error Log says it.
			del frappe.local.message_log[said:]


class SMSCenterMixin:
	"""What this app adds to ERPNext's SMS Center."""

	@frappe.whitelist(methods=["POST"])
	def send_sms(self) -> None:
		if not site_sms.number() or not self.message:
			return super().send_sms()
		# ERPNext writes "name - number" and then takes what stands between two hyphens, of a name or a number as well.
		lines = [line.rpartition(" - ")[2].strip() for line in (self.receiver_list or "").splitlines()]
		if receivers := [line for line in lines if line]:
			site_sms.send(receivers, str(self.message))
			frappe.msgprint(_("The messages are on their way."), alert=True)
		else:
			# It says that there are none.
			self.get_receiver_nos()
