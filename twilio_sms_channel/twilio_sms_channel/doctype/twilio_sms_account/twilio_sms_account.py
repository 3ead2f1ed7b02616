import frappe
from frappe import _
from frappe.model.document import Document

from twilio_sms_channel.infra import field_errors, own_writes, redaction, site_config, site_identity
from twilio_sms_channel.permissions import protected_fields
from twilio_sms_channel.twilio_gateway import account_check, credentials, regions
from twilio_sms_channel.twilio_gateway.client import Gateway

CREDENTIALS = ("account_sid", "region", "auth_token", "next_auth_token", "api_key_sid", "api_key_secret")
# What Twilio says of the account; messages leave, or wait, accordingly.
PAUSED = ("paused_since", "paused_reason", "paused_code")
LEARNED = ("status", "account_type", "status_detail", "last_checked", *PAUSED)
# Whether it is the simulator's decides whose signature counts.
KEPT = (*LEARNED, "is_practice", "usage_told_on")
SHARED_KEYS = ("shared_key", "second_shared_key")


class TwilioSMSAccount(Document):
	"""A Twilio account: its SID, the auth token that signs webhooks, optionally the next token, an API key and shared keys."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		account_name: DF.Data
		account_sid: DF.Data
		account_type: DF.Literal["", "Full", "Trial"]
		alert_amount: DF.Float
		alert_messages: DF.Int
		api_key_secret: DF.Password | None
		api_key_sid: DF.Data | None
		auth_token: DF.Password
		auth_token_used: DF.Datetime | None
		enabled: DF.Check
		is_practice: DF.Check
		last_checked: DF.Datetime | None
		next_auth_token: DF.Password | None
		next_auth_token_used: DF.Datetime | None
		paused_code: DF.Data | None
		paused_reason: DF.SmallText | None
		paused_since: DF.Datetime | None
		region: DF.Literal["US1", "IE1", "AU1"]
		second_shared_key: DF.Password | None
		second_shared_key_id: DF.Data | None
		second_shared_key_used: DF.Datetime | None
		shared_key: DF.Password | None
		shared_key_id: DF.Data | None
		shared_key_used: DF.Datetime | None
		status: DF.Literal["Not Checked", "Active", "Suspended", "Closed", "Wrong Credentials", "Unreachable"]
		status_detail: DF.SmallText | None
		usage_told_on: DF.Date | None
	# end: auto-generated types

	def onload(self):
		self.set_onload("copy", site_identity.why())

	def before_insert(self):
		redaction.forget_form()

	def validate(self):
		redaction.forget_form()
		site_config.keep_encryption_key()
		protected_fields.restore(self, KEPT)
		if self.is_new() and not own_writes.is_ours(self):
			# Practice mode's own account is made before it is on.
			self.is_practice = int(site_config.practises())
		self.check_form()
		self.refuse_twin()
		if self.paused_since and any(self.has_value_changed(field) for field in CREDENTIALS):
			# The next message tells whether it is mended.
			self.update(dict.fromkeys(PAUSED))
			if not self.has_value_changed("status"):
				self.status, self.status_detail = "Not Checked", ""

	def on_trash(self):
		frappe.db.delete("Twilio SMS Finding", {"about_doctype": self.doctype, "about": self.name})

	def check_form(self) -> None:
		"""Take away what pasting brought along, and see that each field holds what belongs there.

		:raises frappe.ValidationError: naming the field; Twilio would only say that it is wrong somewhere
		"""
		self.account_sid = credentials.clean(self.account_sid)
		self._refuse("account_sid", credentials.why_no_account_sid(self.account_sid))
		self.region = self.region or regions.US1
		if self.region not in regions.PLACES:
			self._refuse("region", _("Region: choose one of {0}.").format(", ".join(regions.PLACES)))
		for field in ("auth_token", "next_auth_token"):
			if self._typed(field):
				self.set(field, credentials.clean(self.get(field)))
				label = _(self.meta.get_label(field))
				self._refuse(field, credentials.why_no_token(self.get(field), label))
		if self.api_key_sid:
			self.api_key_sid = credentials.clean(self.api_key_sid)
			self._refuse("api_key_sid", credentials.why_no_api_key_sid(self.api_key_sid))
		if self._typed("api_key_secret"):
			self.api_key_secret = credentials.clean_secret(self.api_key_secret)
			self._refuse("api_key_secret", credentials.why_no_secret(self.api_key_secret))
		for field in SHARED_KEYS:
			self._check_shared_key(field, f"{field}_id")

	def refuse_twin(self, error: type[Exception] = frappe.UniqueValidationError) -> None:
		"""See that the account is here once for each region: both have its SID, and tokens of their own."""
		same = {"account_sid": self.account_sid, "region": self.region, "name": ("!=", self.name or "")}
		known = frappe.db.get_value(self.doctype, same, ["name", "enabled"])
		if not known:
			return
		name, is_enabled = known
		why = _("Account SID: this account is connected already, as {0}.")
		if not is_enabled:
			why = _(
				"Account SID: this account is connected already, as {0}, and is switched off. Open it, tick Enabled and save."
			)
		field_errors.refuse("account_sid", why.format(frappe.bold(name)), error, title=_("Connected already"))

	def get_password(self, *args, **kwargs) -> str | None:
		site_config.keep_encryption_key()
		return super().get_password(*args, **kwargs)

	def promote_token(self) -> None:
		"""The next auth token becomes the current one; saves."""
		token = self.get_password("next_auth_token", raise_exception=False)
		if not token:
			frappe.throw(
				_("Enter the next auth token first: Twilio shows it in the console as the secondary token."),
				title=_("No next token"),
			)
		self.update(
			{
				"auth_token": token,
				"auth_token_used": self.next_auth_token_used,
				"next_auth_token": "",
				"next_auth_token_used": None,
			}
		)
		self.save()

	def gateway(self) -> Gateway:
		return Gateway(self)

	def check(self) -> account_check.Verdict:
		"""Ask Twilio about this account."""
		return account_check.ask(self)

	def _check_shared_key(self, field: str, id_field: str) -> None:
		labels = {name: _(self.meta.get_label(name)) for name in (field, id_field)}
		if self._typed(field):
			self.set(field, credentials.clean(self.get(field)))
			self._refuse(field, credentials.why_no_shared_key(self.get(field), labels[field]))
		self.set(id_field, credentials.clean(self.get(id_field)))
		if self.get(id_field):
			self._refuse(id_field, credentials.why_no_shared_key_id(self.get(id_field), labels[id_field]))
		elif self.get(field):
			self._refuse(id_field, credentials.why_no_shared_key_id("", labels[id_field]))

	def _typed(self, field: str) -> bool:
		"""Whether a secret was entered anew; a stored one is here as asterisks only."""
		return bool(self.get(field)) and not self.is_dummy_password(self.get(field))

	def _refuse(self, field: str, reason: str) -> None:
		if reason:
			field_errors.refuse(field, reason, title=_("Check what you pasted"))


def on_doctype_update():
	# Also finds the accounts that a webhook may be of: it names the SID alone.
	frappe.db.add_unique(
		"Twilio SMS Account", ["account_sid", "region"], constraint_name="account_sid_region"
	)
