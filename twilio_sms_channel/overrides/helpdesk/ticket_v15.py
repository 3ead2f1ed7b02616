"""HD Ticket before Frappe v16: see `overrides.extending`. From v16 on Frappe takes the mixin alone."""

from twilio_sms_channel.overrides import extending
from twilio_sms_channel.overrides.helpdesk.ticket import TicketMixin

__getattr__ = extending.classes(__name__, SMSTicket=("HD Ticket", "helpdesk", TicketMixin))
