import frappe
from frappe.model.document import Document

from twilio_sms_channel.content.outside import plain
from twilio_sms_channel.messaging.conversation import eligibility, reachability, services
from twilio_sms_channel.people import contacts, phone
from twilio_sms_channel.permissions import protected_fields


class TwilioSMSConversation(Document):
	"""All messages between one of our numbers and one customer number."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		contact: DF.Link | None
		customer_number: DF.Data
		customer_number_reversed: DF.Data | None
		last_inbound: DF.Datetime | None
		last_outbound: DF.Datetime | None
		line_carrier: DF.Data | None
		line_checked_on: DF.Datetime | None
		line_type: DF.Data | None
		may_want_to_stop: DF.Check
		number: DF.Link
		opted_out: DF.Check
		opted_out_on: DF.Datetime | None
		region: DF.Data | None
		ticket: DF.DynamicLink | None
		ticket_doctype: DF.Link | None
		title: DF.Data | None
		unreachable_code: DF.Data | None
		unreachable_since: DF.Datetime | None
	# end: auto-generated types

	def onload(self):
		refused = eligibility.opted_out(self.number, self.customer_number)
		self.set_onload("why_opted_out", refused.reason if refused else "")
		doubt = reachability.doubt(self.customer_number)
		self.set_onload("unreachable", doubt.reason if doubt else "")
		self.set_onload("line", reachability.line_in_words(self))

	def validate(self):
		protected_fields.keep_all(self, but=("contact",))

	def before_save(self):
		who = self.contact_name() or phone.display(self.customer_number)
		# Numbers are also found by their last digits, and an index helps with beginnings only.
		self.customer_number_reversed = self.customer_number[::-1]
		self.title = plain(f"{who} ↔ {services.display(self.number)}")

	def contact_name(self) -> str:
		"""How the contact is called, "" for none; read once."""
		contact, name = self.flags.contact_name or ("", "")
		if contact != self.contact:
			name = contacts.full_name(self.contact)
			self.flags.contact_name = self.contact, name
		return name


def on_doctype_update():
	frappe.db.add_unique("Twilio SMS Conversation", ["number", "customer_number"], "unique_pair")
