"""Pictures and files of inbound messages, fetched from Twilio."""

import frappe
from frappe import _
from frappe.query_builder.functions import Min
from rq.timeouts import JobTimeoutException

from twilio_sms_channel.content import files, outside
from twilio_sms_channel.content.media_types import WORDS, kind_of
from twilio_sms_channel.infra import clock, jobs, locks, site_identity
from twilio_sms_channel.infra.retry_policies import MEDIA as MEDIA_RETRIES
from twilio_sms_channel.messaging.delivery import message_status
from twilio_sms_channel.messaging.inbound import media_words
from twilio_sms_channel.messaging.inbound.threading import FETCH_MEDIA, MEDIA_QUEUE
from twilio_sms_channel.twilio_gateway.client import Gateway
from twilio_sms_channel.twilio_gateway.credentials import SECRET_IS_UNREADABLE
from twilio_sms_channel.twilio_gateway.errors import TwilioProblem
from twilio_sms_channel.twilio_gateway.media import CannotFetch, download, sids_of

MESSAGE, MEDIA = "Twilio SMS Message", "Twilio SMS Media"
TAKE_UP, CLEAN_UP = (f"twilio_sms_channel.messaging.inbound.media.{job}" for job in ("take_up", "clean_up"))


def fetch(message: str) -> None:
	"""Fetch what waits of a message's media and attach it, privately, to its Communication.

	The message is in the ticket already; a file that fails says why on its row and is tried again by the sweep.

	:param message: name of an inbound Twilio SMS Message
	"""
	jobs.as_administrator()
	doc = frappe.get_doc(MESSAGE, message)
	account = frappe.get_doc("Twilio SMS Account", doc.account)
	left = [item for item in doc.media if item.status == "Waiting"]
	while left:
		_fetch_one(doc, left.pop(0), account)
		if left and jobs.has_backlog():
			# Messages and answers do not wait for files: this job goes on after them.
			jobs.enqueue_after_commit(FETCH_MEDIA, message, MEDIA_QUEUE)
			break
	message_status.refresh(doc)
	# The files are stored here before Twilio's copies are deleted.
	frappe.db.commit()  # nosemgrep
	delete_at_twilio(doc.name)


def retry(message: str) -> None:
	"""Try failed media of an inbound message once more."""
	frappe.db.set_value(MEDIA, {"parent": message, "status": "Failed"}, {"status": "Waiting", "attempts": 0})
	jobs.enqueue_after_commit(FETCH_MEDIA, message, MEDIA_QUEUE)


def take_up() -> None:
	"""Fetch what waits (worker)."""
	jobs.resume_stalled(TAKE_UP, waiting, fetch, MEDIA_QUEUE)


def clean_up() -> None:
	"""Delete at Twilio what is to be deleted there (worker)."""
	jobs.resume_stalled(CLEAN_UP, undeleted, delete_at_twilio, MEDIA_QUEUE)


def waiting(limit: int = 200) -> list[str]:
	"""Messages in a ticket whose media still waits, and was not tried within the last minute."""
	return _messages_with({"status": "Waiting"}, limit)


def undeleted(limit: int = 200) -> list[str]:
	"""Messages of which Twilio still keeps files that are to be deleted there."""
	return _messages_with({"twilio_copy": "To Delete"}, limit)


def delete_at_twilio(message: str) -> None:
	"""Delete Twilio's copies of a message's files, as far as they are to be deleted; the sweep tries again."""
	items = frappe.get_all(MEDIA, {"parent": message, "twilio_copy": "To Delete"}, ["name", "url"])
	# The original site may not have fetched them yet.
	if not items or site_identity.is_copy():
		return
	account = frappe.get_doc("Twilio SMS Account", frappe.db.get_value(MESSAGE, message, "account"))
	try:
		gateway = Gateway(account)
	except SECRET_IS_UNREADABLE:
		frappe.clear_messages()
		# Other accounts' files come first for a while.
		frappe.db.set_value(
			MEDIA, {"parent": message, "twilio_copy": "To Delete"}, "twilio_copy", "To Delete"
		)
		frappe.db.commit()
		return
	for item in items:
		try:
			gateway.delete_media(*sids_of(item.url, account))
			frappe.db.set_value(MEDIA, item.name, "twilio_copy", "Deleted")
		except CannotFetch as e:
			# Not at Twilio, as after a forged webhook: there is nothing of it to delete.
			frappe.db.set_value(MEDIA, item.name, {"twilio_copy": None, "error": str(e)[:500]})
		except TwilioProblem as e:
			# Also moves `modified`, by which the sweep waits a while.
			frappe.db.set_value(MEDIA, item.name, "error", _("Twilio's copy: {0}").format(e.message)[:500])
		# File by file: what Twilio has deleted is noted, whatever comes of the next one.
		frappe.db.commit()  # nosemgrep


def _fetch_one(message, item, account) -> None:
	try:
		content = download(item.url, account)
		# The sweep and a late job may fetch the same file: the first one that is done attaches it.
		if frappe.db.get_value(MEDIA, item.name, "status", for_update=True) != "Waiting":
			frappe.db.commit()
			return
		kind, ending = kind_of(content, item.content_type)
		file_name = f"{message.twilio_sid[-8:]}-{item.idx}.{ending}"
		file = files.attach(file_name, content, message.communication)
		delete_there = frappe.db.get_single_value("Twilio SMS Settings", "delete_media_at_twilio")
		item.db_set(
			{
				"status": "Fetched",
				"file": file.name,
				"file_name": outside.plain(file.file_name),
				"content_type": kind,
				"size": len(content),
				"error": None,
				"twilio_copy": "To Delete" if delete_there else None,
			}
		)
		frappe.db.commit()
		if kind == WORDS and not message.body:
			_add_words(message, content)
	except CannotFetch as e:
		_note_failure(item, str(e), e.transient)
	except JobTimeoutException:
		# The job's time is over, whatever it was spent on.
		frappe.db.rollback()
		raise
	except Exception as e:
		# The file is there, but this site does not take it: too large for its settings, no space left …
		frappe.db.rollback()
		frappe.clear_messages()
		frappe.log_error(title=f"A file of message {message.name} could not be kept")
		refused = isinstance(e, frappe.ValidationError)
		_note_failure(item, _("The file could not be kept: {0}").format(str(e)), transient=not refused)
	# File by file: what was fetched stays when the worker is stopped during the next one.
	frappe.db.commit()  # nosemgrep


def _add_words(message, content: bytes) -> None:
	"""Whatever becomes of the words, their file is kept."""
	try:
		locks.again(lambda: media_words.add(message, content))
	except JobTimeoutException:
		raise
	except Exception:
		# Hooks of other apps raise anything, and what escaped here would have the file, which is kept, noted as failed.
		frappe.db.rollback()
		frappe.clear_messages()
		frappe.log_error(title=f"The words of message {message.name} could not be added")


def _note_failure(item, reason: str, transient: bool) -> None:
	attempts = (item.attempts or 0) + 1
	final = not transient or MEDIA_RETRIES.is_exhausted(attempts)
	item.db_set(
		{"attempts": attempts, "error": outside.sentence(reason), "status": "Failed" if final else "Waiting"}
	)


def _messages_with(media: dict, limit: int) -> list[str]:
	Media, Message = frappe.qb.DocType(MEDIA), frappe.qb.DocType(MESSAGE)
	query = (
		frappe.qb.from_(Media)
		.join(Message)
		.on(Message.name == Media.parent)
		.select(Message.name)
		.groupby(Message.name)
		.orderby(Min(Media.modified))
		.where(Message.status == "Threaded")
		.where(clock.is_older(Media.modified, clock.now(), jobs.LOST_AFTER_S))
		.limit(limit)
	)
	for field, value in media.items():
		query = query.where(Media[field] == value)
	return query.run(pluck=True)
