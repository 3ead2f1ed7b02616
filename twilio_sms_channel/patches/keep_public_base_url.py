from urllib.parse import urlsplit

import frappe

from twilio_sms_channel.infra import public_url


def execute():
	"""Keep the address that the webhooks at Twilio have, where none was entered: up to now it was taken from the browser
	of whoever set them, and workers could not know it."""
	settings = public_url.SETTINGS
	if frappe.db.get_single_value(settings, "public_base_url"):
		return
	if frappe.conf.get("host_name") or frappe.conf.get("hostname"):
		return
	urls = frappe.get_all("Twilio SMS Number", {"webhook_url": ("is", "set")}, pluck="webhook_url")
	parts = [urlsplit(url) for url in urls]
	found = {f"{part.scheme}://{part.netloc}" for part in parts if part.path == public_url.INBOUND}
	if len(found) == 1:
		frappe.db.set_single_value(settings, "public_base_url", found.pop())
