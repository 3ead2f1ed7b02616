from urllib.parse import urlsplit

import frappe
from frappe import _
from frappe.model.document import Document

from twilio_sms_channel.infra import public_url, site_identity
from twilio_sms_channel.people import contacts


class TwilioSMSSettings(Document):
	"""What holds for all accounts and numbers of the site."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		default_country: DF.Link | None
		delete_media_at_twilio: DF.Check
		links_expire_after_days: DF.Int
		public_base_url: DF.Data | None
		send_site_sms: DF.Check
		site_sms_number: DF.Link | None
	# end: auto-generated types

	def onload(self):
		self.set_onload("copy", site_identity.why())

	def validate(self):
		url = (self.public_base_url or "").strip().rstrip("/")
		if reason := public_url.why_no_login(url):
			frappe.throw(reason, title=_("Not a base URL"))
		parts = urlsplit(url)
		if url and (
			parts.scheme not in ("http", "https")
			or not parts.hostname
			or parts.path
			or parts.query
			or parts.fragment
		):
			frappe.throw(
				_("Public Base URL: scheme and host only, for example https://help.example.com"),
				title=_("Not a base URL"),
			)
		if url and self.has_value_changed("public_base_url"):
			self._refuse_insecure(url)
		self.public_base_url = url
		# `mandatory_depends_on` holds in the form alone.
		if self.send_site_sms and not self.site_sms_number:
			frappe.throw(
				_("Choose the number that these messages are sent from."),
				frappe.MandatoryError,
				title=_("Sent From"),
			)

	def on_update(self):
		if contacts.read_again_if_needed():
			frappe.msgprint(
				_(
					"Phone numbers of contacts are read again in the background, as numbers of this country. The doctor names those that cannot be read."
				),
				alert=True,
			)

	def _refuse_insecure(self, url: str) -> None:
		if reason := public_url.why_insecure(url):
			frappe.throw(reason, title=_("No HTTPS"))
