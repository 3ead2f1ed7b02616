"""Frappe v15 replaces a DocType's class as a whole (`override_doctype_class`); v16 takes the mixin alone."""

from erpnext.support.doctype.issue.issue import Issue

from twilio_sms_channel.overrides.erpnext.issue import IssueMixin


class SMSIssue(IssueMixin, Issue):
	pass
