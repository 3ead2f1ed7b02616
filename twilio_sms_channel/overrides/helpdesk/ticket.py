"""HD Ticket with a reply box that sends messages.

Helpdesk's own methods are replaced only where a ticket without e-mail address would break them or mail the wrong
person; everything else goes through to Helpdesk.
"""

from collections.abc import Callable
from typing import Any

import frappe
from frappe import _
from frappe.utils import validate_email_address

from twilio_sms_channel.content import files, text
from twilio_sms_channel.desks.helpdesk import TICKET
from twilio_sms_channel.desks.registry import desk_of
from twilio_sms_channel.infra import db_errors
from twilio_sms_channel.infra.courtesies import courtesy, is_for_lack
from twilio_sms_channel.messaging.conversation import entries
from twilio_sms_channel.messaging.outbound import outbox
from twilio_sms_channel.overrides.helpdesk import feed_html, merging
from twilio_sms_channel.overrides.text_ticket import TextTicketMixin
from twilio_sms_channel.people import phone

# What Helpdesk changes of a ticket when a message comes or goes.
CHANGED_BY_MESSAGE = (
	*("status", "status_category", "description"),
	*("last_customer_response", "last_agent_response", "first_responded_on"),
)


class TicketMixin(TextTicketMixin):
	"""What this app adds to Helpdesk's HDTicket. Before Frappe v16 see `ticket_v15`."""

	@frappe.whitelist(methods=["POST"])
	def reply_via_agent(self, message: str, **kwargs: Any) -> None:
		"""Send an agent's reply through the ticket's reply channel (Helpdesk: `HDTicket.reply_via_agent`).

		Helpdesk calls this from the reply box and from bulk reply, both naming `to`, and for its own notices on
		merge and split, which do not. Portal customers can call it as well.

		:param message: HTML
		:param kwargs: `to`, `cc`, `bcc`, `attachments` (names of Files), since v1.24 `from_email`
		:raises frappe.PermissionError: the user is no agent or may not write the ticket; or it is no POST request
		:raises outbox.CannotText: the message may not or cannot be sent
		"""
		asked_for = _asked_for_by_request("reply_via_agent")
		if asked_for:
			if frappe.request.method != "POST":
				# Frappe asks for the HTTP method at one of its three ways to a document's methods alone.
				frappe.throw(_("Send replies with a POST request."), frappe.PermissionError)
			# A request can bring the whole document along, with another conversation or team in it.
			self.reload()
		if not self.is_text_ticket:
			return super().reply_via_agent(message, **kwargs)
		if not desk_of(TICKET).is_agent():
			frappe.throw(_("Only agents can reply from here."), frappe.PermissionError)
		if asked_for:
			self.check_permission("write")
		if "to" not in kwargs and not asked_for:
			return self._note_notice(message)
		if self.replies_by_text:
			self._refuse_to_text_another(kwargs.get("to"))
			return self._reply_from_box(message, list(kwargs.get("attachments") or []))
		kwargs["to"] = _addresses(kwargs.get("to")) or self.customer_email()
		return super(TicketMixin, self._where_it_goes_on()).reply_via_agent(
			feed_html.for_customer(message), **kwargs
		)

	def reply_by_email(self, message: str, to: str, files: list[str]) -> None:
		"""Have Helpdesk mail an agent's reply, whatever the ticket's reply channel is.

		:param message: HTML
		:param files: names of File documents, which Helpdesk attaches to the e-mail's Communication instead
		"""
		super().reply_via_agent(message, to=to, cc="", bcc="", attachments=files)

	def attach_file_with_doc(self, doctype: str, docname: str | int, file_url: str) -> None:
		"""Attach a file once more, by its address (Helpdesk: `HDTicket.attach_file_with_doc`).

		Of all tickets: on a merge Helpdesk calls this with the copied entry in the ticket's place.
		"""
		files.attach_address(file_url, doctype, str(docname))

	def on_update(self) -> None:
		super().on_update()
		if self.get("is_merged") and self.get("merged_with") and self.has_value_changed("is_merged"):
			merging.bring_along(self)

	def on_communication_update(self, c) -> None:
		"""Frappe calls this at each save of a Communication in the ticket (Helpdesk: `HDTicket`)."""
		if self._goes_on_elsewhere(c):
			return
		if c.communication_medium != "SMS":
			return super().on_communication_update(c)
		# Reading with a lock shows what others have saved since the transaction began.
		self.flags.for_update = True
		self.reload()
		if self._goes_on_elsewhere(c):
			return
		# Whoever texts fills in no fields, and does not mind what was deleted.
		self.flags.ignore_mandatory = self.flags.ignore_links = True
		with courtesy(
			f"Ticket {self.name} could not be saved for a message", but=_is_to_be_heard_of(c.sent_or_received)
		) as saved:
			super().on_communication_update(c)
		if saved.failed:
			self._keep_what_a_message_changed()

	def _goes_on_elsewhere(self, c) -> bool:
		return bool(self.get("is_merged") and self.get("merged_with") and merging.redirect(self, c))

	def _keep_what_a_message_changed(self) -> None:
		"""Without the rest of saving the ticket, which failed."""
		kept = {field: self.get(field) for field in CHANGED_BY_MESSAGE if self.meta.has_field(field)}
		if "status_category" in kept:
			kept["status_category"] = frappe.db.get_value("HD Ticket Status", self.status, "category")
		frappe.db.set_value(self.doctype, self.name, kept)

	def notify_agent(self, agent: str, *args: Any, **kwargs: Any) -> None:
		# For one who was renamed or deleted there is no notification, and no reason not to save the ticket.
		with courtesy(f"{agent} could not be told of ticket {self.name}"):
			super().notify_agent(agent, *args, **kwargs)

	def set_raised_by(self) -> None:
		# Helpdesk would fill in the session user, and e-mail replies would go to the agent.
		if not self.is_text_ticket:
			super().set_raised_by()

	def send_acknowledgement_email(self) -> None:
		# Runs only on insert: somebody who texts is not answered by e-mail.
		if not self.is_text_ticket:
			super().send_acknowledgement_email()

	def handle_email_feedback(self) -> None:
		if not self.is_text_ticket or (not self.replies_by_text and self.raised_by):
			super().handle_email_feedback()

	def _reply_from_box(self, message: str, files: list[str]) -> None:
		"""
		:param message: HTML
		"""
		if _asked_for_by_request("reply_via_agent"):
			self.reply_from_box(message, files)
			return
		body = text.from_html(message)
		try:
			self._send_message(message, body, files)
		except Exception as e:
			# Helpdesk's bulk reply goes on with the other tickets and tells nobody.
			if isinstance(e, outbox.CannotText):
				self._note_not_sent(body, str(e))
			elif db_errors.is_transient(e):
				self._note_not_sent(
					body, _("Somebody else changed the ticket at the same moment. Send it again.")
				)
			raise

	def _where_it_goes_on(self):
		"""The ticket, or the one that it was merged into: a reply in a closed one is seen by nobody.

		:raises outbox.CannotText: the user may not write that one
		"""
		if not (self.get("is_merged") and self.get("merged_with")):
			return self
		desk = desk_of(TICKET)
		living = desk.resolve_ticket(str(self.merged_with))
		if not living or living.name == str(self.name):
			return self
		if not desk.may_write(living.name):
			frappe.throw(
				_(
					"This ticket was merged into ticket {0}, which is with other colleagues. Ask them to answer."
				).format(living.name),
				outbox.CannotText,
				title=_("The message was not sent"),
			)
		frappe.msgprint(
			_("This ticket was merged into ticket {0}, where replies go now.").format(living.name), alert=True
		)
		return frappe.get_doc(self.doctype, living.name)

	def _refuse_to_text_another(self, to: Any) -> None:
		"""The Reply icon beside a message fills in its sender: in a merged ticket that may be another customer."""
		customer = frappe.db.get_value(
			"Twilio SMS Conversation", self.twilio_sms_conversation, "customer_number"
		)
		for number in _listed(to):
			if phone.is_answerable(number) and phone.of_sender(number) != customer:
				frappe.throw(
					_(
						"Text messages from this ticket go to {0}, not to {1}. Open the reply box again to answer {0}, or start an SMS conversation with {1}."
					).format(phone.display(customer), frappe.utils.escape_html(phone.display(number))),
					outbox.CannotText,
					title=_("The message was not sent"),
				)

	def _note_not_sent(self, body: str, reason: str) -> None:
		lines = _("This reply was not sent: {0}").format(frappe.utils.escape_html(reason)), text.to_html(body)
		desk_of(TICKET).note(str(self.name), "".join(f"<p>{line}</p>" for line in lines))

	def _note_notice(self, message: str) -> None:
		"""Keep Helpdesk's notice in the ticket without sending it: its link to the portal is no text message."""
		# The ticket is in the caller's hands: Communication.on_update would save another copy of it.
		entries.notice(self, message).db_insert()


def _is_to_be_heard_of(direction: str) -> Callable[[Exception], bool]:
	"""Which errors of saving the ticket count: those that pass, and for an agent who replies what a site refuses."""

	def says(error: Exception) -> bool:
		if db_errors.is_transient(error):
			return True
		refuses = isinstance(error, frappe.ValidationError | frappe.PermissionError)
		return direction == "Sent" and refuses and not is_for_lack(error)

	return says


def _asked_for_by_request(method: str) -> bool:
	"""Whether the running request names this document method itself (an API client leaving out `to`)."""
	request = getattr(frappe.local, "request", None)
	if not request:
		return False
	# Frappe takes `run_method` away from what it makes of the request before it calls the method.
	body = request.get_json(silent=True) if request.is_json else request.form
	given = (frappe.form_dict or {}, request.args, body if isinstance(body, dict) else request.form)
	named = {source.get(key) for source in given for key in ("method", "run_method")}
	return method in named or request.path.rstrip("/").endswith(f"/method/{method}")


def _addresses(to: Any) -> str:
	"""The valid e-mail addresses of what the reply box gave: it also holds phone numbers of text messages."""
	return ", ".join(address for address in _listed(to) if validate_email_address(address))


def _listed(to: Any) -> list[str]:
	if isinstance(to, str):
		to = to.split(",")
	return [(address or "").strip() for address in to or []]
