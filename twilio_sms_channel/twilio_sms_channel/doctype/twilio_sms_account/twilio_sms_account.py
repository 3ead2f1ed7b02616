import frappe
from frappe import _
from frappe.model.document import Document

from twilio_sms_channel.twilio_gateway.client import Gateway, api_base_url
from twilio_sms_channel.twilio_gateway.errors import AUTHENTICATION_FAILED, Refused, TwilioProblem, explain
from twilio_sms_channel.twilio_gateway.payloads import ACCOUNT_SID

CREDENTIALS = ("account_sid", "auth_token", "next_auth_token", "api_key_sid", "api_key_secret")
STATUS_BY_CODE = {
	AUTHENTICATION_FAILED: "Wrong Credentials",
	"20404": "Wrong Credentials",
	"20005": "Suspended",
	"20403": "Suspended",
}


class TwilioSMSAccount(Document):
	"""A Twilio account: its SID, the auth token that signs webhooks, optionally the next token and an API key."""

	def validate(self):
		# Pasted credentials bring blanks along; Twilio then refuses them without saying why.
		for field in CREDENTIALS:
			if value := self.get(field):
				self.set(field, value.strip())
		if not ACCOUNT_SID.match(self.account_sid or ""):
			frappe.throw(
				_(
					"Account SID: it starts with AC, followed by 32 characters 0-9 and a-f. An API key (SK…) goes below."
				),
				title=_("Wrong kind of SID"),
			)
		if self.api_key_sid and not self.api_key_sid.startswith("SK"):
			frappe.throw(_("API Key SID: it starts with SK."), title=_("Wrong kind of SID"))
		if self.paused_since and any(map(self.has_value_changed, CREDENTIALS)):
			# The next text tells whether it is mended.
			self.paused_since = self.paused_reason = None

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

	def check(self) -> tuple[str, str]:
		"""Ask Twilio about this account: (status, what Twilio said)."""
		try:
			account = self.gateway().read_account()
		except Refused as e:
			return STATUS_BY_CODE.get(e.code, "Unreachable"), explain(e.code, e.message)
		except TwilioProblem as e:
			return "Unreachable", _("{0} (asked {1})").format(e.message, api_base_url())
		if account.status != "active":
			return account.status.capitalize(), _("Twilio has this account as {0}.").format(account.status)
		if account.type == "Trial":
			return "Active", _(
				"A trial account: it only texts verified numbers, and puts a note before each text."
			)
		return "Active", ""
