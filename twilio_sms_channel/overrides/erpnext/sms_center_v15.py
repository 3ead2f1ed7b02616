"""See `overrides.helpdesk.ticket_v15`."""

from erpnext.selling.doctype.sms_center.sms_center import SMSCenter

from twilio_sms_channel.overrides.frappe.site_sms import SMSCenterMixin


class TwilioSMSCenter(SMSCenterMixin, SMSCenter):
	pass
