import hashlib

from frappe.model.document import Document

from twilio_sms_channel.permissions import protected_fields

NAME_CHARACTERS = 10


class TwilioSMSFinding(Document):
	"""Something that the doctor found wrong and that was still so when it last looked; a check finds it once a document."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		about: DF.DynamicLink | None
		about_doctype: DF.Link | None
		check_name: DF.Data | None
		first_seen: DF.Datetime | None
		how: DF.SmallText | None
		last_seen: DF.Datetime | None
		remedy: DF.Data | None
		severity: DF.Literal["Broken", "At Risk", "Notice"]
		told: DF.Check
		what: DF.SmallText | None
		why: DF.SmallText | None
	# end: auto-generated types

	def validate(self):
		protected_fields.keep_all(self)

	def autoname(self):
		# The same finding has the same name: of two who look at once, one adds it.
		key = "\0".join((self.check_name, self.about_doctype or "", self.about or ""))
		self.name = hashlib.sha256(key.encode()).hexdigest()[:NAME_CHARACTERS]
