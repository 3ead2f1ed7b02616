"""What the demo's story has to know of the ticket system that it is told on."""

from __future__ import annotations

import urllib.parse
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
	from browser import Browser

REPLY = "twilio_sms_channel.api.ticket.reply"


class DemoDesk(ABC):
	doctype: str
	word: str
	"""what the story calls a ticket"""
	page: str
	"""where tickets are listed"""
	portal: str
	"""where customers with a login see theirs"""
	box: str
	"""where agents answer"""
	stand_in: str
	"""what of it is a stand-in, in a sentence"""

	@abstractmethod
	def reply(self, agent: Browser, ticket: str, subject: str, html: str, to: str) -> None:
		"""What the box does when Send is pressed.

		:param to: the address of an e-mail, "" for a message
		"""

	def page_of(self, ticket: str) -> str:
		return f"{self.page}/{urllib.parse.quote(ticket)}"


class HelpdeskDemo(DemoDesk):
	doctype, word, page, box = "HD Ticket", "ticket", "/helpdesk/tickets", "the ticket's reply box"
	portal = "/helpdesk/my-tickets"
	stand_in = (
		"Helpdesk, which no package registry has. Its tickets, teams and replies behave as Helpdesk's; "
		"its agent page is a plain copy with the places that this app extends."
	)

	def reply(self, agent: Browser, ticket: str, subject: str, html: str, to: str) -> None:
		arguments = {"message": html, "to": to, "cc": "", "bcc": "", "attachments": []}
		agent.call("run_doc_method", dt=self.doctype, dn=ticket, method="reply_via_agent", args=arguments)


class ERPNextDemo(DemoDesk):
	doctype, word, page, box = "Issue", "issue", "/app/issue", "the SMS box on the issue"
	portal = "/issues"
	stand_in = (
		"ERPNext, which no package registry has. Issues, customers and contacts behave as ERPNext's; "
		"there is nothing to sell, buy or book."
	)

	def reply(self, agent: Browser, ticket: str, subject: str, html: str, to: str) -> None:
		if not to:
			text = html.replace("<p>", "").replace("</p>", "").replace("<b>", "").replace("</b>", "")
			agent.call(REPLY, ticket=ticket, ticket_doctype=self.doctype, message=text)
			return
		agent.call(
			"frappe.core.doctype.communication.email.make",
			doctype=self.doctype,
			name=ticket,
			subject=f"Re: {subject}",
			content=html,
			recipients=to,
			cc="",
			bcc="",
			send_email=1,
		)


# By the ticket systems of the site; where there are two, numbers send new tickets to the first one.
DEMO_DESKS: dict[str, DemoDesk] = {
	"helpdesk": HelpdeskDemo(),
	"erpnext": ERPNextDemo(),
	"both": HelpdeskDemo(),
}
