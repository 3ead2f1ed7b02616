"""Merged Issues: renamed into another one. Frappe moves Communications and the conversation's ticket there."""

import frappe
from frappe import _

from twilio_sms_channel.desks.registry import desk_or_none_of
from twilio_sms_channel.overrides import parting
from twilio_sms_channel.overrides.erpnext import splitting


def refuse_others(issue, method: str, old: str, new: str, merge: bool = False) -> None:
	"""Let nobody merge Issues with messages who may not write both (hook `before_rename` of Issue).

	Early releases of Frappe v15 ask about the other Issue only whether somebody may write Issues at all: whoever merges theirs
	into it would say whom it answers.

	:raises frappe.PermissionError: naming the Issue
	"""
	desk, both = desk_or_none_of(issue.doctype), (str(old), str(new))
	if not merge or not desk or not any(splitting.has_messages(name) for name in both):
		return
	for name in both:
		# That one is not there, Frappe says.
		if frappe.db.exists(issue.doctype, name) and not desk.may_write(name):
			frappe.throw(
				_("You may not change ticket {0}.").format(frappe.utils.escape_html(name)),
				frappe.PermissionError,
				title=_("The tickets were not merged"),
			)


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
