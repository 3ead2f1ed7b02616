"""Frappe Helpdesk. What knows that it is about Helpdesk asks `desk_of(TICKET)`."""

TICKET = "HD Ticket"
