"""Sending a message again, at an agent's wish."""

import frappe
from frappe import _

from twilio_sms_channel.infra import asking, site_identity, statuses
from twilio_sms_channel.messaging.delivery import message_status
from twilio_sms_channel.messaging.sending import rate_limit, wake
from twilio_sms_channel.twilio_gateway import errors
from twilio_sms_channel.twilio_gateway.client import NOT_FOUND, Gateway

MESSAGE = "Twilio SMS Message"


class MayHaveArrived(frappe.ValidationError):
	"""A message that is to be sent again may be on the customer's phone; the error says why and what to do."""


def send_again(message: str) -> None:
	"""Queue a message again that failed for good, or that an agent has to decide about, at the agent's wish. Others that are
	unconfirmed are never repeated.

	:raises site_identity.IsCopy: nothing is sent from here
	:raises MayHaveArrived: it has arrived meanwhile, or may have: the first time the agent is told
	"""
	site_identity.refuse_on_copy()
	doc = frappe.get_doc(MESSAGE, message)
	if not _may_be_repeated(doc):
		return
	_refuse_to_send_twice(doc)
	known_sid = doc.twilio_sid
	doc = frappe.get_doc(MESSAGE, message, for_update=True)
	if not _may_be_repeated(doc) or doc.twilio_sid != known_sid:
		return
	doc.db_set(
		{
			"status": "Queued",
			# Delivery reports of the earlier attempt may still come.
			"earlier_sids": "\n".join(sids for sids in (doc.earlier_sids, doc.twilio_sid) if sids) or None,
			"twilio_sid": None,
			"twilio_status": None,
			"needs_decision": 0,
			"words_at_twilio": None,
			"attempts": 0,
			"tried_since": None,
			"next_attempt": None,
			"error_code": None,
			"error_message": None,
			"turn": rate_limit.round_for(doc.number, doc.conversation, by=frappe.session.user),
		}
	)
	message_status.publish(doc)
	wake.wake()


def _may_be_repeated(doc) -> bool:
	failed = doc.status in statuses.NOT_DELIVERED or (doc.status == "Unconfirmed" and doc.needs_decision)
	return doc.direction == "Outbound" and failed and not doc.sent_as_email


def _refuse_to_send_twice(doc) -> None:
	why = _why_it_may_have_arrived(doc)
	if not why:
		return
	if not _may_be_repeated(doc):
		frappe.throw(why, MayHaveArrived, title=_("It was not sent again"))
	asking.first(
		f"send_again:{doc.name}",
		_("{0} To send it anyway, press Send Again once more.").format(why),
		MayHaveArrived,
		_("Send it a second time?"),
	)


def _why_it_may_have_arrived(doc) -> str:
	"""What speaks against sending a message again, "" for nothing. Networks give back what arrives after all: Twilio is
	asked. When it has arrived that is written down; commits."""
	if doc.needs_decision:
		return _("It may have been sent, and would arrive twice.")
	if not doc.twilio_sid:
		return ""
	try:
		account = frappe.get_doc("Twilio SMS Account", doc.account)
		found, _code, _words = Gateway(account).read_message(doc.twilio_sid)
	except errors.TwilioProblem as e:
		if e.code == NOT_FOUND:
			return ""
		return _("Twilio cannot be asked at the moment whether it has arrived meanwhile: {0}").format(
			e.message
		)
	except (frappe.AuthenticationError, frappe.ValidationError) as e:
		return _("Twilio cannot be asked whether it has arrived meanwhile: {0}").format(str(e))
	status = statuses.OUR_STATUS.get(found.twilio_status, "")
	if status in statuses.ARRIVED:
		message_status.apply_callback(doc.name, found.twilio_status, sid=found.sid)
		# It arrived: that stays, although the request ends with an error, at which Frappe rolls back.
		frappe.db.commit()  # nosemgrep
		doc.reload()
		return _("Twilio now says that it arrived after all.")
	if status in statuses.FINAL:
		return ""
	return _("Twilio says that it is still on its way ({0}).").format(found.twilio_status)
