"""An agent's reply, written down as Queued together with its Communication, in one transaction."""

import hashlib
from typing import NoReturn

import frappe
from frappe import _

from twilio_sms_channel.content import media_links, segments, text
from twilio_sms_channel.desks.registry import desk_of, desk_or_none_of
from twilio_sms_channel.infra import asking, conditional_update
from twilio_sms_channel.infra.courtesies import Back
from twilio_sms_channel.messaging.conversation import conversations, eligibility, entries, reachability
from twilio_sms_channel.messaging.outbound import attachments, collision, reply_line
from twilio_sms_channel.messaging.sending import rate_limit, wake
from twilio_sms_channel.people import contacts, phone

MESSAGE, CONVERSATION = "Twilio SMS Message", "Twilio SMS Conversation"


class CannotText(frappe.ValidationError):
	"""The message may not or cannot be sent; the error says why and what to do."""


class MayWantToStop(CannotText):
	"""The customer's last messages sound like a wish for no more: an agent has to say first what is meant."""


class AnsweredMeanwhile(CannotText):
	"""Another agent has answered since the caller last looked; the message says who, and what they wrote."""


def write(
	conversation,
	body: str,
	*,
	files: list[str] | None = None,
	request_id: str | None = None,
	about: tuple[str, ...] | None = None,
	seen: str | None = None,
	seen_up_to_s: float = 0,
):
	"""Queue a message to the customer and show it in the ticket. Returns the Twilio SMS Message.

	Nothing is sent before the caller's transaction is committed, and nothing is written when the message is refused.

	:param conversation: Twilio SMS Conversation document
	:param body: plain text, at most 1,600 characters
	:param files: names of File documents to send as MMS, or as links where the number says so
	:param request_id: whoever repeats it for the same ticket gets the first message again, and nothing is written
	:param about: what else than the ticket the request is about
	:param seen: newest message of the ticket that the caller has seen, "" for none. Leave it out to write whatever
		colleagues wrote. The caller holds the conversation, see `conversations.lock`: of two who write at the same
		moment the second one is refused
	:param seen_up_to_s: without `seen`: what colleagues wrote before so many seconds ago counts as seen
	:raises AnsweredMeanwhile: another agent wrote something that was not seen
	:raises MayWantToStop: an agent has to say first whether the customer still wants messages
	:raises CannotText: empty, too long, opted out, number off, not answerable, a file that cannot go along …
	:raises conditional_update.TakenBack: another app's code has undone the transaction
	"""
	about = about or (conversation.ticket_doctype, str(conversation.ticket))
	digest = _digest(request_id, about) if request_id else None
	if digest and (first := _asked_before(digest)):
		return first
	_refuse_if_answered(conversation, seen, seen_up_to_s)
	back, entry = Back(), frappe.generate_hash(length=10)
	try:
		message = _write(conversation, body, files, entry, request_id=digest)
		# Files have hooks as well.
		conditional_update.require("Communication", message.communication)
		conditional_update.require(MESSAGE, message.name)
		return message
	except frappe.UniqueValidationError:
		# The same request at the same moment was faster.
		_undo(back, entry)
		if not digest or not (first := _asked_before(digest, for_update=True)):
			raise
		frappe.clear_last_message()
		return first
	except Exception:
		# Other apps raise anything. Whoever goes on with other tickets (Helpdesk's bulk reply) leaves nothing
		# half-written in this one.
		_undo(back, entry)
		raise


def _undo(back: Back, entry: str) -> None:
	"""Take back what was written of a message that is not sent.

	:param entry: name of its Communication, which other apps' code may have committed: it would look like a message on its way
	"""
	back.go()
	if not back.was_committed:
		return
	# The message itself may be committed as well. One that a worker has taken on meanwhile stays, and its entry with it.
	waiting = {"communication": entry, "status": "Queued"}
	if message := frappe.db.get_value(MESSAGE, waiting, for_update=True):
		frappe.db.delete("Twilio SMS Media", {"parent": message})
		frappe.db.delete(MESSAGE, {"name": message})
	if not frappe.db.exists(MESSAGE, {"communication": entry}):
		frappe.db.delete("Communication", {"name": entry})
	# Undoes what other apps' code has committed; the request ends with an error, at which Frappe rolls back.
	frappe.db.commit()  # nosemgrep


def _refuse_if_answered(conversation, seen: str | None, seen_up_to_s: float) -> None:
	ticket = conversation.ticket_doctype, str(conversation.ticket)
	if seen is not None:
		answer = collision.answer_after(*ticket, seen)
	else:
		answer = seen_up_to_s and collision.answer_within(*ticket, seen_up_to_s)
	if answer:
		frappe.throw(collision.about(answer), AnsweredMeanwhile, title=_("Another agent already replied"))


def _write(conversation, body: str, files: list[str] | None, entry: str, **facts):
	body = text.clean(body)
	files = list(dict.fromkeys(files or []))
	if reason := why_not(conversation, body, files):
		refuse(reason)
	ask_about_unreachable(conversation.customer_number)
	number = eligibility.number_for(conversation)
	try:
		outgoing = attachments.prepare(files, number, conversation.customer_number)
		links = sum(file.as_link for file in outgoing)
		line = reply_line.of(number, body)
		body = as_sent(body, number, with_links=links, line=line)
		ending = len(line) + 1 if line else 0
		if reason := why_too_long(len(body) + links * (media_links.length() + 1) + ending, links):
			refuse(reason)
		sending = _from(conversation, number)
		refuse_if_unasked(conversation, sending)
		communication = entries.sent(conversation, _joined(body, line))
		conditional_update.insert(
			communication, ignore_permissions=True, ignore_mandatory=True, set_name=entry
		)
		attached = [attachments.attach(file, communication.name) for file in outgoing]
		attachments.check_stored(attached, attachments.limits_of(number, conversation.customer_number))
	except attachments.CannotSendFile as e:
		refuse(str(e))
	body = _joined(body, *_links(attached), line)
	if links:
		# Not saved again: Helpdesk would take it for another reply.
		communication.db_set("content", text.to_html(body), update_modified=False)
	for row in attached:
		if row["changed"]:
			frappe.msgprint(row["changed"], alert=True)
	conversations.answered_from(conversation)
	# What the customer answers there is about this.
	others = [number.reply_to_number] if line else []
	for other in {*others, sending.number} - {conversation.number}:
		_lead_here(conversations.of_other_number(conversation, other), conversation)
	if sending.name != conversation.name:
		facts["stands_in_for"] = conversation.name
	return _queue(sending, body, communication.name, sent_by=frappe.session.user, media=attached, **facts)


def _lead_here(other, conversation) -> None:
	"""Have a conversation with another number go on in this one's ticket, but for one that others answer: it is not for
	whoever may not write their ticket to take the customer out of it."""
	# `other` has been given this one's ticket already, and is not saved.
	theirs = frappe.db.get_value(CONVERSATION, other.name, ["ticket_doctype", "ticket"], as_dict=True)
	ticket = conversations.ticket_of(theirs)
	if not ticket or ticket.resolved_at or desk_of(ticket.doctype).may_write(ticket.name):
		conversations.answered_from(other)


def refuse_files(conversation, files: list[str]) -> None:
	"""Look at what is in files before anything is written for a message that they are to go along with.

	:param files: names of File documents
	:raises CannotText: one of them cannot be sent
	"""
	number = eligibility.number_for(conversation)
	try:
		attachments.prepare(list(dict.fromkeys(files)), number, conversation.customer_number)
	except attachments.CannotSendFile as e:
		refuse(str(e))


def as_sent(body: str, number, with_links: int = 0, line: str = "") -> str:
	"""The text as this number sends it: with plain characters where it replaces fancy ones and that is cheaper.

	:param with_links: how many links to files will follow
	:param line: what will follow these
	"""
	if not number.replace_fancy_characters:
		return body
	# A link's characters are all of GSM-7.
	ending = ("\n" + "x" * media_links.length()) * with_links + (f"\n{line}" if line else "")
	cheaper = segments.cheaper(body + ending)
	# A character can become several, so the ending is counted by its own.
	return cheaper.removesuffix(segments.plain(ending)) if cheaper else body


def _joined(*parts: str) -> str:
	return "\n".join(part for part in parts if part)


def write_automatic(conversation, body: str):
	"""Queue the confirmation of STOP, START or HELP. Returns the Twilio SMS Message.

	It goes to a customer who opted out as well, and is no agent's reply: the ticket keeps its status and its clocks.
	"""
	if not conversation.ticket or not desk_or_none_of(conversation.ticket_doctype):
		return _queue(conversation, body, None, automatic=1)
	communication = entries.sent(conversation, body)
	communication.update(
		{"communication_type": "Automated Message", "sender": None, "sender_full_name": _("Automatic")}
	)
	# Without the hooks, by which Helpdesk up to v1.19 would take it for a reply.
	communication.db_insert()
	return _queue(conversation, body, communication.name, automatic=1)


def write_for_site(conversation, body: str, by: str):
	"""Queue a message that no agent wrote and no ticket shows. Returns the Twilio SMS Message.

	:param by: whose messages it takes turns with
	"""
	return _queue(conversation, body, None, by=by)


def _queue(conversation, body: str, communication: str | None, by: str = "", **facts):
	number = frappe.get_cached_doc("Twilio SMS Number", conversation.number)
	count = segments.count(body)
	message = frappe.get_doc(
		{
			"doctype": "Twilio SMS Message",
			"direction": "Outbound",
			"status": "Queued",
			"account": number.account,
			"number": number.name,
			"customer_number": conversation.customer_number,
			"conversation": conversation.name,
			"communication": communication,
			"body": body,
			"encoding": count.encoding,
			"segments": count.segments,
			"turn": rate_limit.round_for(number.name, conversation.name, by=by or facts.get("sent_by") or ""),
			**facts,
		}
	).insert(ignore_permissions=True, ignore_mandatory=True)
	wake.wake()
	return message


def why_not(conversation, body: str | None = None, files: list[str] | None = None) -> str:
	"""The reason why a message cannot be sent in this conversation, "" when it can.

	What the files contain is looked at only when the message is written.

	:param body: leave out to ask about the conversation alone
	"""
	if refused := eligibility.refusal(conversation):
		return refused.reason
	if body is None:
		return ""
	if not body.strip() and not files:
		return _("The message is empty. Write something or attach a file.")
	if files and len(files) > attachments.MAX_FILES:
		return _(
			"A message takes at most {0} files, not {1}. Remove some, or send them in a second message."
		).format(attachments.MAX_FILES, len(files))
	# Plain characters are shorter or longer; the text as it is sent is looked at again.
	return why_too_long(len(body))


def ask_about_unreachable(customer_number: str) -> None:
	"""
	:raises CannotText: no text gets to this number, as far as is known; doing the same again texts it anyway
	"""
	doubt = reachability.doubt(customer_number)
	# A phone that was off may be on again: the screen says so, and nobody is asked.
	if doubt and doubt.is_lasting:
		asking.first(
			f"text:{customer_number}",
			_("{0} To text it anyway, send once more.").format(doubt.reason),
			CannotText,
			_("The message was not sent"),
		)


def why_too_long(characters: int, links: int = 0) -> str:
	if characters <= segments.MAX_CHARACTERS:
		return ""
	if links:
		return _(
			"The message has {0} characters with the links to its files; Twilio sends at most {1}. Shorten it, or send it as e-mail."
		).format(characters, segments.MAX_CHARACTERS)
	return _(
		"The message has {0} characters; Twilio sends at most {1}. Shorten it, or send it as e-mail."
	).format(characters, segments.MAX_CHARACTERS)


def all_asked_about(conversation) -> list:
	"""The conversations in which a customer may have said that they want no more messages, before the next one of this
	conversation leaves: this one, and the one that it leaves by while another number stands in."""
	number = eligibility.number_for(conversation)
	if number.name == conversation.number:
		return [conversation]
	return [conversation, conversations.get_or_new(number.name, conversation.customer_number)]


def ask_first(conversation) -> str:
	"""What an agent has to decide before the next message to this customer, "" for nothing."""
	if not any(asked.may_want_to_stop for asked in all_asked_about(conversation)):
		return ""
	return _(
		"{0} may want no more text messages, but wrote none of the words that opt out. Press Opt Out or, if they still want them, Keep Texting."
	).format(phone.display(conversation.customer_number))


def refuse_if_unasked(*conversations) -> None:
	"""
	:raises MayWantToStop: a customer may want no more messages, and no agent has said yet what is meant
	"""
	for conversation in conversations:
		if question := ask_first(conversation):
			frappe.throw(question, MayWantToStop, title=_("The message was not sent"))


def _from(conversation, number):
	"""The conversation that the message goes out in: its own, or the customer's with the number that stands in."""
	if number.name == conversation.number:
		return conversation
	return conversations.of_other_number(conversation, number.name)


def _links(rows: list[dict]) -> list[str]:
	return [media_links.for_customer(row["file"]) for row in rows if row["status"] == "Linked"]


def asked_before(request_id: str | None, about: tuple[str, ...]):
	"""The message that the same request wrote before, None when it is new. See `write`."""
	return _asked_before(_digest(request_id, about)) if request_id else None


def _digest(request_id: str, about: tuple[str, ...]) -> str:
	"""What makes a request the same one: who asks, about what, and the caller's own id."""
	parts = (frappe.session.user, *about, str(request_id))
	return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _asked_before(digest: str, for_update: bool = False):
	name = frappe.db.get_value(MESSAGE, {"request_id": digest}, for_update=for_update)
	return frappe.get_doc(MESSAGE, name, for_update=for_update) if name else None


def refuse(reason: str) -> NoReturn:
	"""
	:raises CannotText: always, with the reason
	"""
	frappe.throw(reason, CannotText, title=_("The message was not sent"))


def customer_of(conversation) -> str:
	"""How the customer is shown: name, otherwise number."""
	return contacts.full_name(conversation.contact) or phone.display(conversation.customer_number)
