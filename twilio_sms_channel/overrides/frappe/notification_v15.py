"""Notification before Frappe v16: see `overrides.extending`."""

from twilio_sms_channel.overrides import extending
from twilio_sms_channel.overrides.frappe.site_sms import NotificationMixin

__getattr__ = extending.classes(__name__, SMSNotification=("Notification", "frappe", NotificationMixin))
