"""Frappe v15 replaces a DocType's class as a whole (`override_doctype_class`); v16 takes the mixin alone."""

from helpdesk.helpdesk.doctype.hd_ticket.hd_ticket import HDTicket

from twilio_sms_channel.overrides.helpdesk.ticket import TicketMixin


class SMSTicket(TicketMixin, HDTicket):
	pass
