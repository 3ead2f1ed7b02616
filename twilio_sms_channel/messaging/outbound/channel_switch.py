"""Replying to a ticket by e-mail instead, and back."""

from collections.abc import Callable
from typing import Any, TypeVar

import frappe
from frappe import _

from twilio_sms_channel.content import outside
from twilio_sms_channel.desks.registry import desk_of
from twilio_sms_channel.infra import locks, own_writes
from twilio_sms_channel.messaging.conversation import conversations, timeline
from twilio_sms_channel.messaging.outbound import ticket_view
from twilio_sms_channel.people import contacts

Answer = TypeVar("Answer")
# What Frappe keeps of one, and with a name before it.
MAX_ADDRESS_CHARACTERS, MAX_TYPED_CHARACTERS = 140, 400


def in_turn(doc, switch: Callable[[], Answer]) -> Answer:
	"""Switch while nobody else switches or replies, and no message of the customer's comes in. Only for the beginning of a
	request.
	"""
	conversation = doc.get("twilio_sms_conversation")
	if conversation and frappe.db.exists("Twilio SMS Conversation", conversation):
		return conversations.serialize(conversation, switch)
	# Also a ticket whose conversation was deleted goes on by e-mail.
	return locks.again(switch)


def switch(doc, channel: str, email: str | None) -> dict[str, Any]:
	"""See `api.ticket.switch_channel`.

	:param doc: the ticket's document, which the caller may write
	"""
	if channel not in ("SMS", "Email"):
		frappe.throw(_("The channel is SMS or Email, not {0}.").format(outside.harmless(channel)))
	if not doc.is_text_ticket:
		frappe.throw(_("This ticket has no SMS conversation, so its replies go by e-mail."))
	if channel == "Email":
		_make_reachable_by_email(doc, (email or "").strip())
	changed = doc.twilio_sms_reply_channel != channel
	doc.twilio_sms_reply_channel = channel
	# Whoever switches is not asked for what else the ticket lacks.
	doc.flags.ignore_mandatory = doc.flags.ignore_links = True
	own_writes.ours(doc).save()
	if changed:
		line = timeline.TO_EMAIL if channel == "Email" else timeline.TO_TEXT
		timeline.log(doc.doctype, doc.name, line)
	desk_of(doc.doctype).refresh(str(doc.name))
	return ticket_view.of(doc)


def _make_reachable_by_email(doc, email: str) -> None:
	address = address_given(doc, email)
	if not address:
		frappe.throw(
			_("{0} has no valid e-mail address. Add one to the contact, then switch to e-mail.").format(
				outside.harmless(contacts.full_name(doc.contact)) or _("The customer")
			),
			title=_("Still replying by SMS"),
		)
	doc.raised_by = address


def address_given(doc, email: str) -> str:
	"""The address that an agent typed, from now on the contact's as well; the customer's when they typed none."""
	address = doc.customer_email()
	if not email:
		return address
	given = _one_address(email)
	if given.lower() == address.lower():
		return address
	if contacts.exists(doc.contact):
		contacts.add_email(doc.contact, given)
	return given


def _one_address(email: str) -> str:
	"""The address that an agent typed, with the name before it or without.

	:raises frappe.InvalidEmailAddressError: it is none, several, too long, or one of ours
	"""
	if len(email) > MAX_TYPED_CHARACTERS:
		_refuse_long_address(len(email))
	address = contacts.one_address(email)
	if not address:
		frappe.throw(
			_("{0} is not a single e-mail address. Enter exactly one, for example ann@example.com.").format(
				outside.harmless(email)
			),
			frappe.InvalidEmailAddressError,
		)
	if len(address) > MAX_ADDRESS_CHARACTERS:
		_refuse_long_address(len(address))
	if contacts.is_ours(address):
		frappe.throw(
			_("{0} is an address of this help desk. Enter the customer's.").format(outside.harmless(address)),
			frappe.InvalidEmailAddressError,
		)
	return address


def _refuse_long_address(characters: int) -> None:
	frappe.throw(
		_("The e-mail address has {0} characters; at most {1} can be kept. Enter another one.").format(
			characters, MAX_ADDRESS_CHARACTERS
		),
		frappe.InvalidEmailAddressError,
	)
