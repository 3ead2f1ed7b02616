from urllib.parse import urlsplit

import frappe
from frappe import _
from frappe.model.document import Document


class TwilioSMSSettings(Document):
	"""What holds for all accounts and numbers of the site."""

	def validate(self):
		url = (self.public_base_url or "").strip().rstrip("/")
		parts = urlsplit(url)
		if url and (parts.scheme not in ("http", "https") or not parts.hostname or parts.path or parts.query):
			frappe.throw(
				_("Public Base URL: scheme and host only, for example https://help.example.com"),
				title=_("Not a base URL"),
			)
		self.public_base_url = url
