import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import now_datetime

from twilio_sms_channel.messaging import phone
from twilio_sms_channel.twilio_gateway.payloads import SERVICE_SID


class TwilioSMSNumber(Document):
	"""Something of ours that texts come from and go to; its name is the number in E.164, or the sender as it stands."""

	def autoname(self):
		self.phone_number = self.name = self._canonical()

	def validate(self):
		if self.messaging_service_sid:
			self.messaging_service_sid = self.messaging_service_sid.strip()
			if not SERVICE_SID.match(self.messaging_service_sid):
				frappe.throw(_("Messaging Service SID: it starts with MG, followed by 32 characters."))
		if self.is_new() and self.number_type == "Long Code":
			self.number_type = self._likely_type()
		if self.fallback_number and self.fallback_number == self.name:
			frappe.throw(
				_("When Switched Off, Send From: choose another number than {0} itself, or none.").format(
					self.name
				)
			)

	def on_trash(self):
		frappe.db.delete("Twilio SMS Pace", {"number": self.name})

	def take_over(self, number) -> None:
		"""Take over what Twilio says of this number.

		:param number: `twilio_gateway.client.TwilioNumber`
		"""
		self.update(
			{
				"twilio_sid": number.sid,
				"sms_enabled": number.sms,
				"mms_enabled": number.mms,
				"webhook_url": number.sms_url,
				"webhook_method": number.sms_method,
				"webhook_checked": now_datetime(),
			}
		)

	def _canonical(self) -> str:
		text = (self.phone_number or "").strip()
		if SERVICE_SID.match(text):
			self.number_type, self.messaging_service_sid = "Messaging Service", text
			return text
		if number := phone.canonical(text):
			return number
		frappe.throw(
			_(
				"{0} is not a phone number, short code or alphanumeric sender. Write phone numbers with their country code, for example +1 415 555 0132."
			).format(frappe.utils.escape_html(text)),
			title=_("Number or Sender"),
		)

	def _likely_type(self) -> str:
		if phone.SHORT_CODE.match(self.phone_number):
			return "Short Code"
		if not self.phone_number.startswith("+"):
			return "Alphanumeric Sender"
		return "Toll-Free" if phone.is_toll_free(self.phone_number) else "Long Code"
