"""See `overrides.helpdesk.ticket_v15`."""

from frappe.email.doctype.notification.notification import Notification

from twilio_sms_channel.overrides.frappe.site_sms import NotificationMixin


class SMSNotification(NotificationMixin, Notification):
	pass
