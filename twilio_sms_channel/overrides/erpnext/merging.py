"""Merged Issues: renamed into another one. Frappe moves Communications and the conversation's ticket there."""

import frappe

from twilio_sms_channel.desks.registry import desk_or_none_of
from twilio_sms_channel.overrides import parting


def bring_along(issue, method: str, old: str, new: str, merge: bool = False) -> None:
	"""Do what Frappe does not for messages (hook `after_rename` of Issue). The merged Issue is deleted after this.

	:param issue: document of the one that goes on
	"""
	desk = desk_or_none_of(issue.doctype)
	if not merge or not desk:
		return
	source = frappe.get_doc(issue.doctype, old)
	target = frappe.db.get_value(issue.doctype, new, parting.FIELDS, as_dict=True)
	if not (source.is_text_ticket or target.twilio_sms_conversation):
		return
	parting.answer_both(desk, source, target)
	desk.refresh(str(new))
