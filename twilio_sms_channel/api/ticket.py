"""The agents' endpoints. Each checks that the caller is an agent who may write the ticket.

A ticket is named by `ticket` and `ticket_doctype`, see `named_ticket`.
"""

from typing import Any

import frappe
from frappe import _

from twilio_sms_channel.api import arguments, named_ticket
from twilio_sms_channel.content import outside, segments
from twilio_sms_channel.desks.registry import desk_of
from twilio_sms_channel.messaging.conversation import (
	consent,
	conversations,
	ticket_search,
)
from twilio_sms_channel.messaging.inbound import intake, media
from twilio_sms_channel.messaging.outbound import (
	again,
	channel_switch,
	cost_preview,
	message_actions,
	outbox,
	sender_choice,
	starting,
	ticket_view,
)
from twilio_sms_channel.people import contact_search, contacts

MESSAGE, CONVERSATION = "Twilio SMS Message", "Twilio SMS Conversation"


@frappe.whitelist(methods=["POST"])
def reply(
	ticket: str | int,
	message: str = "",
	attachments: list | str | None = None,
	request_id: str | int | None = None,
	seen: str | None = None,
	ticket_doctype: str | None = None,
) -> dict[str, Any]:
	"""Text the customer of a ticket.

	:param message: plain text, at most 1,600 characters
	:param attachments: names of File documents, as a list, as JSON, or one name
	:param request_id: the caller's own id of this reply: asked again with the same one for the same ticket, nothing
		more is sent and the answer is about the first message
	:param seen: `newest` of the state that the caller saw last, "" for none: what another agent has written since
		makes this refuse. Left out, the message goes whatever others wrote
	:return: `{"message": name, "status": "Queued", "encoding", "characters", "segments", …}`
	:raises outbox.AnsweredMeanwhile: another agent answered, with what they wrote
	:raises outbox.MayWantToStop: the customer may want no more messages: call `opt_out` or `keep_texting` first
	:raises outbox.CannotText: the message may not or cannot be sent, with the reason
	"""
	doc = named_ticket.writable(ticket, ticket_doctype)
	if not doc.is_text_ticket:
		frappe.throw(_("This ticket has no SMS conversation."), outbox.CannotText)
	files = _files(attachments)

	def write():
		doc.reload()
		return doc.reply_by_text((message or "").strip(), files, request_id=request_id, seen=seen)

	# Clicks and messages at the same moment take turns, and the second one sees what the first one wrote.
	sent = conversations.serialize(doc.twilio_sms_conversation, write)
	return {"message": sent.name, "status": sent.status, **vars(segments.count(sent.body))}


@frappe.whitelist(methods=["POST"])
def switch_channel(
	ticket: str | int, channel: str, email: str | None = None, ticket_doctype: str | None = None
) -> dict[str, Any]:
	"""Have the ticket's reply box send e-mail, or text messages again, from now on.

	:param channel: "SMS" or "Email"
	:param email: the address to mail from now on; the contact gets it when it does not have it yet
	:return: the ticket's state, see `state`
	"""

	def switch():
		return channel_switch.switch(named_ticket.writable(ticket, ticket_doctype), channel, email)

	return channel_switch.in_turn(named_ticket.writable(ticket, ticket_doctype), switch)


@frappe.whitelist()
def state(ticket: str | int, ticket_doctype: str | None = None) -> dict[str, Any]:
	"""What a ticket's screen shows of its SMS conversation. For agents who may read the ticket.

	:return: `{"ticket": {"name", "subject"}, "ticket_doctype", "channel": "SMS" | "Email" | None, "can_text", "why_not",
		"waiting_because": why messages wait for the time being, or "", "unreachable": why the next message may not get to the
		customer, or "", "line": what Twilio Lookup said of their number, or "", "email",
		"customer", "customer_number", "number" that replies go out from, "from": {"number", "label", "mms"},
		"opted_out", "may_want_to_stop", "ask_first": what an agent has to decide before the next message,
		"region", "group": who else reads along what the customer wrote last, or "", "cost": None | {"amount", "currency", "text"} of the conversation so
		far, "limits": {"characters", "files", "bytes", "types": [MIME types], "endings": [of files' names], "no_files":
		reason or "", "others": "Refuse" | "Send as Link"}, "earlier": number of the customer number's other tickets, "newest": name of the
		newest message, "messages": [...] the newest 200, "older": number of those before them, see `earlier`, "events": [{"at", "what"}], "can_start": [{"number", "display"}]}`.
		`channel` is None for a ticket without a conversation; `can_start` then has the contact's numbers. Each message
		has its `fate` and `travelled`, the way it took, in words; `error`, None or `{"code", "what", "do", "who", "link", "actions"}`
		with those actions ("retry", "link", "email", "number", "account") that fit and the caller may take; `can_retry`, `can_cancel`, `can_email`
	"""
	return ticket_view.of(named_ticket.readable(ticket, ticket_doctype))


@frappe.whitelist()
def earlier(ticket: str | int, before: str, ticket_doctype: str | None = None) -> dict[str, Any]:
	"""The messages of a long ticket that came before those that are known. For agents who may read the ticket.

	:param before: name of the oldest known message
	:return: `{"messages": at most 200, oldest first, as in `state`, "older": how many there are before these}`
	"""
	doc = named_ticket.readable(ticket, ticket_doctype)
	if not doc.is_text_ticket:
		frappe.throw(_("This ticket has no SMS conversation."))
	return ticket_view.earlier(doc, before)


@frappe.whitelist()
def preview(
	message: str,
	ticket: str | int | None = None,
	html: bool | int = False,
	ticket_doctype: str | None = None,
	number: str | None = None,
	to: str | None = None,
) -> dict[str, Any]:
	"""What a composer shows of a message that is being written.

	:param ticket: whose number's settings count
	:param number: without a ticket: the number of ours that texts, and `to`, the customer's in any spelling. For agents
	:param html: `message` is HTML of Helpdesk's reply box, of which the message is made that would be sent
	:return: `{"encoding", "characters", "segments", "counted", "forcing": [characters that are not of GSM-7],
		"named": [{"character", "name", "plain": None | what means the same and is of GSM-7}] of these,
		"max_characters", "left", "left_in_segment", "plain": None | {"text", "encoding", "segments"}, "replaced",
		"ends_with": the line that the number adds, or "", "cost", "cost_with_files": None | {"amount", "currency", "text"},
		about what it will cost as SMS and as MMS, as earlier messages to the country tell}`.
		`plain` is there when plain quotes, dashes … would save segments; `replaced` says that the number sends that one by itself
	:raises outbox.CannotText: it is many times as long as a message can be
	"""
	doc = named_ticket.readable(ticket, ticket_doctype) if ticket else None
	is_html = bool(frappe.utils.cint(html))
	if doc or not number:
		return cost_preview.of(message, is_html, cost_preview.from_ticket(doc))
	named_ticket.only_agents(ticket_doctype)
	return cost_preview.of(message, is_html, cost_preview.from_number(number, to))


@frappe.whitelist()
def saved_replies(
	ticket: str | int | None = None,
	query: str = "",
	ticket_doctype: str | None = None,
	number: str | None = None,
) -> list[dict[str, str]]:
	"""The ticket system's saved replies that the caller may use.

	:param ticket: left out for a message that opens a ticket
	:param query: words of the title
	:param number: our number that texts, which decides in which ticket system that ticket will be
	:return: at most 20, `[{"name", "title", "source": DocType}]`
	"""
	return named_ticket.replied_to(ticket, ticket_doctype, number)[0].saved_replies(query)


@frappe.whitelist()
def saved_reply(
	name: str,
	ticket: str | int | None = None,
	ticket_doctype: str | None = None,
	number: str | None = None,
) -> dict[str, Any]:
	"""A saved reply as plain text, filled in for the ticket.

	:param ticket: left out for a message that opens a ticket; then a saved reply that names the ticket's fields is refused
	:param number: as in `saved_replies`
	:return: `{"text", "title", "actions": what the ticket system does to the ticket when it is sent, as `{"action_type",
		"value", "label"}`}`; whoever sends it applies them by the ticket system's own endpoint
	"""
	desk, doc = named_ticket.replied_to(ticket, ticket_doctype, number)
	found = desk.saved_reply(doc, name)
	return {"text": found.text, "title": found.title, "actions": found.actions}


@frappe.whitelist()
def people(query: str, ticket_doctype: str | None = None) -> list[dict[str, Any]]:
	"""Contacts by their name, for whoever texts them first: those that the caller may read and that have a phone number.

	:return: at most 8, by name: `[{"contact", "name", "numbers": [{"number", "display"}]}]`
	"""
	named_ticket.only_agents(ticket_doctype)
	return contact_search.find(query)


@frappe.whitelist(methods=["POST"])
def retry(message: str, as_links: bool | int = False) -> dict[str, Any]:
	"""Send a failed message again, take a failed inbound message in again, or fetch its failed files again.

	:param as_links: 1: with links in place of the files that a network did not take
	"""
	doc = frappe.get_doc(MESSAGE, message)
	ticket = named_ticket.writable_of_message(doc)
	if doc.direction == "Outbound":
		again.send(doc, ticket, as_links=bool(frappe.utils.cint(as_links)))
	elif doc.status == "Failed":
		intake.retry(doc.name)
	else:
		media.retry(doc.name)
	return {"message": doc.name, "status": frappe.db.get_value(MESSAGE, doc.name, "status")}


@frappe.whitelist(methods=["POST"])
def cancel(message: str) -> dict[str, Any]:
	"""Cancel a message that still waits to be sent.

	:raises message_actions.CannotCancel: it is being sent, or was, with the reason
	"""
	doc = frappe.get_doc(MESSAGE, message)
	named_ticket.writable_of_message(doc)
	message_actions.cancel(doc.name)
	return {"message": doc.name, "status": "Canceled"}


@frappe.whitelist(methods=["POST"])
def send_as_email(message: str, email: str | None = None) -> dict[str, Any]:
	"""Send a message that did not arrive, or was canceled, as an e-mail in the same ticket.

	The ticket's reply channel stays as it is.

	:param email: the address to mail it to; the contact gets it when it does not have it yet
	:raises message_actions.CannotSendAsEmail: the customer has no valid address, or the message does not fit, with the reason
	"""
	doc = frappe.get_doc(MESSAGE, message)
	ticket = named_ticket.writable_of_message(doc)
	if not ticket:
		frappe.throw(_("This message is in no ticket."), message_actions.CannotSendAsEmail)
	address = channel_switch.address_given(ticket, (email or "").strip())
	message_actions.as_email(doc.name, ticket, address)
	return {"message": doc.name, "status": doc.status}


@frappe.whitelist(methods=["POST"])
def opt_out(ticket: str | int, ticket_doctype: str | None = None) -> dict[str, Any]:
	"""Note that the customer wants no more messages, in whatever words they said so. Only START from them lifts it.

	:return: the ticket's state, see `state`
	"""
	doc = named_ticket.writable(ticket, ticket_doctype)
	if not doc.is_text_ticket:
		frappe.throw(_("This ticket has no SMS conversation."))
	consent.opt_out(frappe.get_doc(CONVERSATION, doc.twilio_sms_conversation), "Agent")
	desk_of(doc.doctype).refresh(str(doc.name))
	return ticket_view.of(doc)


@frappe.whitelist(methods=["POST"])
def keep_texting(ticket: str | int, ticket_doctype: str | None = None) -> dict[str, Any]:
	"""Say that a customer whose message sounded like a wish to stop still wants messages: the next one can go out.

	:return: the ticket's state, see `state`
	"""
	doc = named_ticket.writable(ticket, ticket_doctype)
	if not doc.is_text_ticket:
		frappe.throw(_("This ticket has no SMS conversation."))
	conversations.lock(doc.twilio_sms_conversation)
	conversation = frappe.get_doc(CONVERSATION, doc.twilio_sms_conversation)
	consent.keep_texting(outbox.all_asked_about(conversation))
	desk_of(doc.doctype).refresh(str(doc.name))
	return ticket_view.of(doc)


@frappe.whitelist(methods=["POST"])
def start(
	to: str,
	message: str = "",
	number: str | None = None,
	ticket: str | int | None = None,
	contact: str | None = None,
	subject: str | None = None,
	attachments: list | str | None = None,
	request_id: str | int | None = None,
	confirmed: bool | int | str = False,
	ticket_doctype: str | None = None,
) -> dict[str, Any]:
	"""Text somebody first: in a new ticket, or in the one that the conversation with them is in.

	:param to: the phone number in any spelling; without a country code it is read as in the country of `number`
	:param message: plain text, at most 1,600 characters
	:param number: which number of ours texts; default: the first one of `numbers`
	:param ticket: an e-mail ticket, which replies by SMS from then on
	:param contact: name of the Contact to text; default: the one with this number, made when nobody has it
	:param subject: of a new ticket; default: the message's first line
	:param attachments: names of File documents, as a list, as JSON, or one name
	:param request_id: the caller's own id: asked again with the same one for the same customer, nothing more is sent
	:param confirmed: 1: the customer still wants messages, although their last ones sounded otherwise
	:return: `{"ticket", "ticket_doctype", "conversation", "message", "created": whether the ticket is new}`
	:raises outbox.MayWantToStop: the customer may want no more messages; see `confirmed`
	:raises outbox.CannotText: with the reason; then nothing was written
	"""
	named_ticket.only_agents(ticket_doctype)
	doc = (
		named_ticket.writable(named_ticket.living(ticket, ticket_doctype), ticket_doctype) if ticket else None
	)
	started = starting.start(
		to,
		(message or "").strip(),
		number=number or None,
		ticket=str(doc.name) if doc else None,
		ticket_doctype=doc.doctype if doc else None,
		contact=_readable_contact(contact),
		subject=(subject or "").strip(),
		files=_files(attachments),
		request_id=request_id,
		confirmed=bool(frappe.utils.cint(confirmed)),
	)
	return vars(started)


@frappe.whitelist(methods=["GET", "POST"])
def numbers(
	to: str | None = None,
	contact: str | None = None,
	ticket: str | int | None = None,
	ticket_doctype: str | None = None,
	files: bool | int | str = False,
) -> list[dict[str, Any]]:
	"""Our numbers that a new message can go out from, the one to propose first.

	:param to: the customer's phone number in any spelling
	:param contact: whose first phone number counts when `to` is left out
	:param ticket: an e-mail ticket that is to reply by SMS
	:param files: 1: files go along
	:return: see `sender_choice.numbers`
	:raises outbox.CannotText: `to` is no phone number, or the contact has none
	"""
	named_ticket.only_agents(ticket_doctype)
	doc = named_ticket.readable(ticket, ticket_doctype) if ticket else None
	if not to and _readable_contact(contact) and not (to := next(iter(contacts.numbers_of(contact)), None)):
		frappe.throw(
			_("{0} has no phone number yet. Enter one.").format(
				outside.harmless(contacts.full_name(contact) or contact)
			),
			outbox.CannotText,
		)
	of_ticket = (str(doc.name), doc.doctype) if doc else (None, None)
	return sender_choice.numbers(to or None, *of_ticket, with_files=bool(frappe.utils.cint(files)))


@frappe.whitelist()
def find(query: str, ticket_doctype: str | None = None) -> list[dict[str, Any]]:
	"""Tickets by the customer's phone number in any spelling, a short code, or at least its last six digits.

	:param ticket_doctype: only tickets of this DocType; left out, those of all ticket systems in which the caller is an agent
	:return: at most 20 that the caller may read, `[{"ticket", "ticket_doctype", "subject", "status", "customer",
		"customer_number", "last": when the last message came or went}]`; [] for what is no number
	"""
	return ticket_search.tickets(query, named_ticket.only_agents(ticket_doctype))


@frappe.whitelist()
def history(ticket: str | int, ticket_doctype: str | None = None) -> list[dict[str, Any]]:
	"""The other tickets of this ticket's customer number, newest first; at most 20 that the caller may read.

	:return: `[{"ticket", "ticket_doctype", "subject", "status", "opened", "last", "texts": count, "number" of ours}]`
	"""
	return ticket_search.history(named_ticket.readable(ticket, ticket_doctype))


def _readable_contact(contact: str | None) -> str | None:
	if contact:
		frappe.get_doc("Contact", contact).check_permission("read")
	return contact or None


def _files(value: list | str | None) -> list[str]:
	return arguments.names(
		value,
		_(
			'The attachments are not a list of file names. Upload each file, then give the names that come back, for example ["a1b2c3"].'
		),
		outbox.CannotText,
	)
