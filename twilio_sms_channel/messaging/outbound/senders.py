"""Which number of ours a reply goes out from, and whether that one can text the customer at all."""

import frappe
from frappe import _
from frappe.query_builder.functions import Max
from frappe.utils import format_date

from twilio_sms_channel.people import phone

ACCOUNT, NUMBER = "Twilio SMS Account", "Twilio SMS Number"


def number_for(conversation):
	"""The Twilio SMS Number that replies go out from: the conversation's own, or while that is off its fallback.

	One step only: a fallback that is off itself is no help, whatever its own fallback is.
	"""
	number = frappe.get_cached_doc(NUMBER, conversation.number)
	if not number.fallback_number or number.fallback_number == number.name or not why_off(number):
		return number
	fallback = frappe.get_cached_doc(NUMBER, number.fallback_number)
	return number if why_off(fallback) else fallback


def why_off(number) -> str:
	"""The reason why nothing goes out from a number, "" when it is on."""
	if not number.enabled or not number.sms_enabled:
		return _("Our number {0} is switched off. An admin can switch it on.").format(
			phone.display(number.name)
		)
	if not frappe.db.get_value(ACCOUNT, number.account, "enabled"):
		return _("The Twilio account {0} is switched off. An admin can switch it on.").format(number.account)
	return ""


def why_unreachable(customer_number: str) -> str:
	"""The reason why texts do not get to a number, as learnt from an earlier one; "" when they do, or when the customer
	has texted since.

	:param customer_number: E.164
	"""
	Conversation = frappe.qb.DocType("Twilio SMS Conversation")
	query = frappe.qb.from_(Conversation).select(
		Max(Conversation.unreachable_since), Max(Conversation.last_inbound)
	)
	((since, texted),) = query.where(Conversation.customer_number == customer_number).run()
	if not since or (texted and texted > since):
		return ""
	return _(
		"{0} cannot receive texts, the phone network said on {1}: it is a landline, or not a valid number. Use e-mail or call."
	).format(phone.display(customer_number), format_date(since))


def why_out_of_reach(number, customer_number: str) -> str:
	"""The reason why texts from this kind of number do not get to the customer, "" when they do.

	:param customer_number: E.164
	"""
	customer = phone.display(customer_number)
	if number.number_type == "Alphanumeric Sender" and customer_number.startswith("+1"):
		return _(
			"{0} cannot be texted from {1}: networks of the United States and Canada (+1) take no texts from names. Send this as e-mail."
		).format(customer, number.name)
	if number.number_type == "Short Code":
		country = number.country or phone.default_country()
		region = phone.region_of_country(country)
		if region and not phone.is_of_country(customer_number, region):
			return _(
				"{0} cannot be texted from the short code {1}: it reaches phones of {2} only. Send this as e-mail."
			).format(customer, number.name, _(country))
	return ""
