import frappe
from pypika import CustomFunction

from twilio_sms_channel.content.outside import NO_MARKUP

CLEANED = ("Data", "Small Text")


def execute():
	"""Rows written before values from outside were cleaned: what people cannot edit holds no markup."""
	for doctype in frappe.get_all(
		"DocType", {"module": "Twilio SMS Channel", "issingle": 0, "is_virtual": 0}, pluck="name"
	):
		for field in frappe.get_meta(doctype).fields:
			if field.fieldtype in CLEANED and field.read_only and not field.get("is_virtual"):
				_clean(doctype, field.fieldname)


def _clean(doctype: str, column: str) -> None:
	Row, replace = frappe.qb.DocType(doctype), CustomFunction("REPLACE", ["text", "what", "by"])
	cleaned = Row[column]
	for character, instead in NO_MARKUP.items():
		cleaned = replace(cleaned, chr(character), instead)
	has_markup = Row[column].like("%<%") | Row[column].like("%>%")
	frappe.qb.update(Row).set(Row[column], cleaned).where(has_markup).run()
