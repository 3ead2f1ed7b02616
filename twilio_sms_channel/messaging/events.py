"""Hooks for other apps: `twilio_sms_message_received`, `twilio_sms_status_changed`, `twilio_sms_before_send`."""

import frappe


def tell(hook: str, message) -> None:
	"""Call every dotted path that other apps registered under `hook`, with the message document.

	A failing listener is logged and does not hold up the message, whatever it raises: this app cannot know what other
	apps' code does, and a text that was received or sent stays so.
	"""
	for path in frappe.get_hooks(hook):
		try:
			frappe.get_attr(path)(message)
		except Exception:
			frappe.log_error(title=f"{hook}: {path}", message=frappe.get_traceback())


def ask(hook: str, message) -> None:
	"""Like `tell`, but a listener may stop the message by raising (`frappe.throw`)."""
	for path in frappe.get_hooks(hook):
		frappe.get_attr(path)(message)
