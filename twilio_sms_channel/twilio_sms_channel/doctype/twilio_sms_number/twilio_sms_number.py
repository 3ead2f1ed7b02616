import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import now_datetime

from twilio_sms_channel.infra import site_identity
from twilio_sms_channel.people import countries, phone
from twilio_sms_channel.twilio_gateway import credentials
from twilio_sms_channel.twilio_gateway.payloads import SERVICE_SID


class TwilioSMSNumber(Document):
	"""Something of ours that messages come from and go to; its name is the number in E.164, or the sender as it stands."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		accept_attachments: DF.Check
		account: DF.Link
		backfill_result: DF.SmallText | None
		backfilled_until: DF.Datetime | None
		country: DF.Link | None
		description: DF.Data | None
		disconnected_on: DF.Datetime | None
		enabled: DF.Check
		fallback_number: DF.Link | None
		help_answer: DF.SmallText | None
		messaging_service_sid: DF.Data | None
		mms_enabled: DF.Check
		number_type: DF.Literal[
			"Long Code", "Toll-Free", "Short Code", "Alphanumeric Sender", "Messaging Service"
		]
		phone_number: DF.Data
		previous_webhook: DF.Code | None
		rcs_sender: DF.Data | None
		rcs_status: DF.Data | None
		region: DF.Data | None
		registered_in_australia: DF.Check
		registered_in_ireland: DF.Check
		registered_in_singapore: DF.Check
		registered_in_united_kingdom: DF.Check
		released_on: DF.Datetime | None
		reopen_within_days: DF.Int
		replace_fancy_characters: DF.Check
		reply_to_number: DF.Link | None
		segments_per_second: DF.Float
		sms_enabled: DF.Check
		start_answer: DF.SmallText | None
		stop_answer: DF.SmallText | None
		threading_policy: DF.Literal[
			"The open ticket",
			"Any open ticket of the contact",
			"Always a new ticket",
			"Always the same ticket",
		]
		twilio_sid: DF.Data | None
		unsendable_files: DF.Literal["Automatic", "Refuse", "Send as Link"]
		webhook_by_service: DF.Check
		webhook_checked: DF.Datetime | None
		webhook_fallback_url: DF.Data | None
		webhook_method: DF.Data | None
		webhook_url: DF.Data | None
	# end: auto-generated types

	def onload(self):
		self.set_onload("copy", site_identity.why())

	def autoname(self):
		self.phone_number = self.name = self._canonical()

	def validate(self):
		if self.messaging_service_sid:
			self.messaging_service_sid = credentials.clean(self.messaging_service_sid)
			if reason := credentials.why_no_service_sid(self.messaging_service_sid):
				frappe.throw(reason, title=_("Wrong kind of SID"))
		if self.is_new():
			self._fill_in()
		elif not self.region:
			# A worker may have filled it in since this was read.
			self.region = frappe.db.get_value(self.doctype, self.name, "region", for_update=True)
		if self.enabled and self.disconnected_on:
			# What came to another system meanwhile stays there: it is compared with Twilio from now on.
			self.disconnected_on, self.backfilled_until = None, now_datetime()
		if self.fallback_number and self.fallback_number == self.name:
			frappe.throw(
				_("When Switched Off, Send From: choose another number than {0} itself, or none.").format(
					self.name
				)
			)

		self._check_reply_to()

	def on_update(self):
		if self.messaging_service_sid and self.has_value_changed("messaging_service_sid"):
			from twilio_sms_channel.messaging.inbound import unread_webhooks

			unread_webhooks.read_of_service(self.messaging_service_sid)

	def _check_reply_to(self) -> None:
		"""
		:raises frappe.ValidationError: nobody can answer the number to reply to either
		"""
		if not self.reply_to_number:
			return
		kind = frappe.db.get_value(self.doctype, self.reply_to_number, "number_type")
		if kind not in ("Long Code", "Toll-Free", "Short Code"):
			frappe.throw(
				_(
					"Number to Reply To: {0} has no digits that a customer could text. Choose another number."
				).format(self.reply_to_number)
			)

	def on_trash(self):
		self._refuse_to_leave_customers()
		frappe.db.delete("Twilio SMS Pace", {"number": self.name})
		frappe.db.delete("Twilio SMS Finding", {"about_doctype": self.doctype, "about": self.name})

	def _refuse_to_leave_customers(self) -> None:
		"""
		:raises frappe.LinkExistsError: what customers wrote to this number could not be answered any more
		"""
		conversations = frappe.db.count("Twilio SMS Conversation", {"number": self.name})
		opt_outs = frappe.db.count("Twilio SMS Consent Event", {"number": self.name})
		if not conversations and not opt_outs:
			return
		frappe.throw(
			_(
				"{0} has conversations ({1}), messages ({2}) and entries in the record of opt-outs ({3}). Without it nobody could answer these customers any more, and what they write would be lost. Switch it off instead: clear Enabled, and nothing is sent from it."
			).format(
				phone.display(self.name),
				conversations,
				frappe.db.count("Twilio SMS Message", {"number": self.name}),
				opt_outs,
			),
			frappe.LinkExistsError,
			title=_("Not deleted"),
		)

	def take_over(self, sender) -> None:
		"""Take over what Twilio says of this number; what it does not say stays, and so does what an admin chose here:
		what is switched off stays off, and a country stays.

		:param sender: `twilio_gateway.inventory.Sender`
		"""
		self.update(
			{
				"number_type": sender.kind,
				"twilio_sid": sender.sid,
				"messaging_service_sid": sender.service_sid,
				"released_on": None,
				"webhook_url": sender.webhook.url,
				"webhook_method": sender.webhook.method,
				"webhook_fallback_url": sender.webhook.fallback_url,
				"webhook_by_service": sender.webhook_by_service,
				"webhook_checked": now_datetime(),
			}
		)
		if sender.rcs is not None:
			rcs = next(iter(sender.rcs), None)
			self.rcs_sender, self.rcs_status = (rcs.address, rcs.status) if rcs else (None, None)
		for field, can in (("sms_enabled", sender.sms), ("mms_enabled", sender.mms)):
			if can is not None and (self.is_new() or not can):
				self.set(field, int(can))
		country = countries.country_of_region(sender.country)
		if country and (self.is_new() or not self.country):
			self.country = country

	def _canonical(self) -> str:
		text = phone.cleaned(self.phone_number)
		if SERVICE_SID.match(text):
			self.number_type, self.messaging_service_sid = "Messaging Service", text
			return self._not_twice(text)
		if kind := credentials.kind_of(text):
			frappe.throw(
				_(
					"Number or Sender: this is the SID of {0}. Enter the phone number itself, or the SID of a Messaging Service, which starts with MG."
				).format(kind),
				title=_("Wrong kind of SID"),
			)
		if number := phone.canonical_of_ours(text, countries.default_region()):
			return self._not_twice(number)
		frappe.throw(
			_(
				"{0} is not a phone number, short code or alphanumeric sender. Write phone numbers with their country code, for example +1 415 555 0132."
			).format(frappe.utils.escape_html(text)),
			title=_("Number or Sender"),
		)

	def _not_twice(self, name: str) -> str:
		if account := frappe.db.get_value("Twilio SMS Number", name, "account"):
			frappe.throw(
				_(
					"Number or Sender: {0} is set up here already, for the account {1}. A number can be in one account only; open it to change that."
				).format(phone.display(name), account),
				frappe.DuplicateEntryError,
				title=_("Set up already"),
			)
		return name

	def _fill_in(self) -> None:
		"""What the digits tell."""
		if self.number_type == "Long Code":
			self.number_type = self._likely_type()
		if self.name.startswith("+"):
			told = countries.country_of_region(phone.region_of(self.name))
			# Frappe fills a field of this name with the site's country. Toll-free digits are of several countries.
			is_default = self.country == frappe.db.get_default("country") and self.number_type == "Long Code"
			if not self.country or (told and is_default):
				self.country = told

	def _likely_type(self) -> str:
		if phone.SHORT_CODE.match(self.phone_number):
			return "Short Code"
		if not self.phone_number.startswith("+"):
			return "Alphanumeric Sender"
		return "Toll-Free" if phone.is_toll_free(self.phone_number) else "Long Code"
