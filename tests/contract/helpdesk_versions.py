"""Where releases of Helpdesk differ in what the channel meets, asked in one place.

A capability that can be seen is looked at; behaviour that only shows when it happens goes by the release.
"""

import inspect
import re
from importlib import import_module
from importlib.util import find_spec

import frappe
import helpdesk
from helpdesk import utils
from helpdesk.helpdesk.doctype.hd_ticket import api
from helpdesk.helpdesk.doctype.hd_ticket.hd_ticket import HDTicket

RELEASE = tuple(int(part) for part in re.findall(r"\d+", helpdesk.__version__)[:3])

# v1.15 made the feed a function of its own; before, `get_one` brought it along.
FEED_IS_SEPARATE = hasattr(api, "get_ticket_activities")
# v1.15 made statuses documents with a category, and the reopening one a setting. Before, everything reopens to Open.
STATUSES_ARE_DOCUMENTS = hasattr(HDTicket, "default_open_status")
# v1.17.2: an assigned agent may read a ticket of another team.
ASSIGNED_MAY_READ = RELEASE >= (1, 17, 2)
# v1.18: live events go to the ticket's room and carry `{ticket_id}`; before, to everybody and the ticket's number.
EVENTS_HAVE_ROOMS = "room" in inspect.signature(utils.publish_event).parameters
COMMENT_EVENT = "helpdesk:ticket-comment" if EVENTS_HAVE_ROOMS else "helpdesk:new-ticket-comment"
# v1.19: HD Saved Reply instead of HD Canned Response.
HAS_SAVED_REPLIES = RELEASE >= (1, 19)
# v1.20: the times of the last responses are kept, and automatic messages are no answers.
KEEPS_RESPONSE_TIMES = RELEASE >= (1, 20)
# v1.22.2: `reply_via_agent` refuses customers by itself.
REPLY_REFUSES_CUSTOMERS = RELEASE >= (1, 22, 2)
# v1.24: an agent chooses the account to write from.
REPLY_TAKES_SENDER = "from_email" in inspect.signature(HDTicket.reply_via_agent).parameters
# v1.25: a reply without `to` is mailed to nobody; before, to `raised_by`.
REPLY_NEEDS_RECIPIENT = RELEASE >= (1, 25)
# v1.26: many tickets are answered at once.
HAS_BULK_REPLY = bool(find_spec("helpdesk.api.ticket")) and hasattr(
	import_module("helpdesk.api.ticket"), "bulk_reply"
)
# v1.28: the first Communication of a ticket can be a reply; before, `None.name` breaks it while mailing.
REPLY_CAN_OPEN = RELEASE >= (1, 28)
# v1.28: what arrives in a merged ticket is put into the one that goes on.
MERGED_TICKETS_FORWARD = RELEASE >= (1, 28)
# v1.28: contacts are rows of the customer (HD Customer Member); before, the customer is a link of the contact.
CUSTOMERS_LIST_CONTACTS = hasattr(utils, "get_customers")


def ticket_names_are_numbers() -> bool:
	"""Up to v1.14 names are numbers of the database, later text like "0042"."""
	return frappe.get_meta("HD Ticket").autoname == "autoincrement"


def feed(ticket: str) -> dict:
	"""A ticket's comments, communications, history and views."""
	return api.get_ticket_activities(str(ticket)) if FEED_IS_SEPARATE else api.get_one(str(ticket))


def link_to_customer(contact: str, customer: str) -> None:
	if CUSTOMERS_LIST_CONTACTS:
		customer = frappe.get_doc("HD Customer", customer)
		customer.append("contacts", {"contact_name": contact})
		customer.save()
	else:
		contact = frappe.get_doc("Contact", contact)
		contact.append("links", {"link_doctype": "HD Customer", "link_name": customer})
		contact.save()


def set_statuses(new: str, reopened: str) -> None:
	"""Have tickets start and reopen with these statuses, where that can be chosen."""
	if not STATUSES_ARE_DOCUMENTS:
		return
	values = {"default_ticket_status": new, "ticket_reopen_status": reopened}
	# An SLA's choice wins over the settings'.
	for name in frappe.get_all("HD Service Level Agreement", pluck="name"):
		frappe.db.set_value("HD Service Level Agreement", name, values)
	for field, value in values.items():
		frappe.db.set_single_value("HD Settings", field, value)


def expected_reopen_status(configured: str) -> str:
	return configured if STATUSES_ARE_DOCUMENTS else "Open"
