"""What is examined: an account, its numbers that are in use, and what Twilio says of them."""

from functools import cached_property

import frappe
from frappe.utils.password import get_decrypted_password

from twilio_sms_channel.infra import site_config
from twilio_sms_channel.twilio_gateway import account_check
from twilio_sms_channel.twilio_gateway.client import Gateway
from twilio_sms_channel.twilio_gateway.inventory import Inventory, Sender

ACCOUNT, NUMBER = "Twilio SMS Account", "Twilio SMS Number"
# Fewer numbers than this are asked for one by one.
FEW = 3


class AccountContext:
	"""An account with those of its numbers that are looked at.

	:param account: name of a Twilio SMS Account
	:param number: name of the one Twilio SMS Number to look at; default: all that are switched on
	"""

	def __init__(self, account: str, number: str | None = None):
		self.name = account
		self.doc = frappe.get_doc(ACCOUNT, account)
		self.one_number = number
		# Also one that was switched off meanwhile: nothing is wrong with it any more.
		self.asked_for = {account, number} if number else {account}
		self.silent = ""
		"""why Twilio cannot be asked about this account, "" while it can"""
		self.explained: set[tuple[str, str]] = set()
		"""(number, Twilio's error code) that a finding explains already; the number is "" for the whole account"""
		self.numbers = frappe.get_all(
			NUMBER,
			{"account": account, "enabled": 1, **({"name": number} if number else {})},
			["name", "number_type", "sms_enabled", "mms_enabled", "backfilled_until"],
			order_by="name",
		)

	def secret(self, field: str) -> str | None:
		"""A password of the account, None when it cannot be decrypted."""
		said = len(frappe.local.message_log)
		try:
			site_config.keep_encryption_key()
			return get_decrypted_password(ACCOUNT, self.name, field, raise_exception=False)
		except frappe.ValidationError:
			return None
		finally:
			# Frappe has words of its own for that, which whoever asked would be shown.
			del frappe.local.message_log[said:]

	@cached_property
	def gateway(self) -> Gateway:
		return self.doc.gateway()

	@cached_property
	def verdict(self) -> account_check.Verdict:
		"""What Twilio says of the credentials."""
		return self.doc.check()

	@cached_property
	def senders(self) -> dict[str, Sender]:
		"""What Twilio has of the numbers, by their names; those that it does not have are left out.

		:raises TwilioProblem:
		"""
		inventory = Inventory(self.gateway)
		if len(self.numbers) > FEW:
			return {sender.address: sender for sender in inventory.all()}
		found = ((number.name, inventory.find(number.name)) for number in self.numbers)
		return {name: sender for name, sender in found if sender}


def account_contexts(account: str | None = None, number: str | None = None) -> list[AccountContext]:
	"""Who is examined; without parameters all accounts that are switched on.

	:raises frappe.DoesNotExistError: no such account or number
	"""
	if number:
		return [AccountContext(frappe.get_doc(NUMBER, number).account, number)]
	if account:
		return [AccountContext(frappe.get_doc(ACCOUNT, account).name)]
	return [
		AccountContext(name)
		for name in frappe.get_all(ACCOUNT, {"enabled": 1}, pluck="name", order_by="name")
	]
