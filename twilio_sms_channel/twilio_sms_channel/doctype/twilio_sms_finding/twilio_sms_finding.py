import hashlib

from frappe.model.document import Document

from twilio_sms_channel.permissions import protected_fields

NAME_CHARACTERS = 10


class TwilioSMSFinding(Document):
	"""Something that the doctor found wrong and that was still so when it last looked; a check finds it once a document."""

	def validate(self):
		protected_fields.keep_all(self)

	def autoname(self):
		# The same finding has the same name: of two who look at once, one adds it.
		key = "\0".join((self.check_name, self.about_doctype or "", self.about or ""))
		self.name = hashlib.sha256(key.encode()).hexdigest()[:NAME_CHARACTERS]
