"""An agent's files on their way into a message: what can go along, what is made smaller, what goes as a link."""

import mimetypes
import os
from dataclasses import dataclass

import frappe
from frappe import _

from twilio_sms_channel.content import files, images, media_types, outside
from twilio_sms_channel.content.media_types import Limits, kind_of
from twilio_sms_channel.messaging.conversation import services
from twilio_sms_channel.people import phone, sender_rules

MAX_FILES = 10
SMALLEST_SHARE_BYTES = 16 * 1024
REFUSE, SEND_AS_LINK = "Refuse", "Send as Link"
PICTURES = ("image/jpeg", "image/png", "image/gif", "image/bmp", "image/tiff", "image/webp")


class CannotSendFile(Exception):
	"""Why a file cannot go along and what to do, for people."""


@dataclass
class Outgoing:
	"""One file of a reply, as it will be sent."""

	source: object
	"""File document"""
	file_name: str
	content: bytes
	content_type: str
	scaled_from: int = 0
	"""Bytes it had before it was made smaller or another type, 0 when it was not"""
	as_link: bool = False
	fixed: str = ""
	"""Why it cannot be made smaller"""

	@property
	def called(self) -> str:
		"""What the agent knows it as, for sentences"""
		return outside.harmless(self.source.file_name or self.source.name)

	@property
	def size(self) -> int:
		return len(self.content)


def prepare(files: list[str], number, customer_number: str) -> list[Outgoing]:
	"""The files as they can be sent to this customer. Reads them, writes nothing.

	:param files: names of File documents
	:param number: the Twilio SMS Number that the message goes out from
	:raises CannotSendFile: one of them cannot, and the number's files do not go as links
	:raises frappe.PermissionError: the user may not read one of them
	"""
	outgoing = [_read(name) for name in files]
	links_allowed = what_of_others(number) == SEND_AS_LINK
	if outgoing and (reason := why_no_files(number, customer_number)):
		if not links_allowed:
			raise CannotSendFile(reason)
		for file in outgoing:
			file.as_link = True
		return outgoing
	limits = limits_of(number, customer_number)
	for file in outgoing:
		try:
			_make_sendable(file, limits)
		except CannotSendFile:
			if not links_allowed:
				raise
			file.as_link = True
	_fit([file for file in outgoing if not file.as_link], links_allowed, limits)
	return outgoing


def why_no_files(number, customer_number: str) -> str:
	"""The reason why no file can go from this number to this customer, by whichever way, "" when it can."""
	reason = why_no_mms(number, customer_number)
	return "" if reason and services.is_on_rcs(number, customer_number) else reason


def limits_of(number, customer_number: str) -> Limits:
	"""What a message can carry. Where MMS is there as well, its limits hold for RCS too: a phone that takes no RCS at that
	moment gets it by MMS, and Twilio rejects what is too large for that."""
	if why_no_mms(number, customer_number) and services.is_on_rcs(number, customer_number):
		return media_types.RCS
	return media_types.MMS


def why_no_mms(number, customer_number: str) -> str:
	"""The reason why no file can go from this number to this customer as MMS, "" when it can."""
	if number.number_type == "Alphanumeric Sender":
		return _(
			"The sender {0} is a name, and messages from names cannot carry files. Remove them, or send this as e-mail."
		).format(number.name)
	if not number.mms_enabled:
		return _("Our number {0} cannot send files. Remove them, or send this as e-mail.").format(
			phone.display(number.name)
		)
	if phone.region_of(customer_number) not in sender_rules.MMS_REGIONS:
		return _(
			"Messages with files reach the United States, Canada and Australia only, not {0}. Remove them, or send this as e-mail."
		).format(phone.display(customer_number))
	return ""


def what_of_others(number) -> str:
	"""What becomes of an agent's files that cannot go as MMS from this number: REFUSE or SEND_AS_LINK."""
	if number.unsendable_files in (REFUSE, SEND_AS_LINK):
		return number.unsendable_files
	# Where none can go, a link is the only way for any; elsewhere most go, and a link is for an admin to decide.
	can_none = number.number_type == "Alphanumeric Sender" or not number.mms_enabled
	return SEND_AS_LINK if can_none else REFUSE


def types(limits: Limits = media_types.MMS) -> list[str]:
	"""The types of files that can go along, or of which a picture is made that can."""
	return sorted({*limits.offered(), *PICTURES})


def endings(limits: Limits = media_types.MMS) -> list[str]:
	"""How the names of such files end: a browser may know another type for them, or none."""
	kinds = {*(media_types.SENDABLE & limits.types), *PICTURES}
	return sorted({ending for kind in kinds for ending in media_types.ENDINGS[kind]})


def attach(file: Outgoing, communication: str) -> dict:
	"""Attach what is sent to the Communication, as a File of its own. Returns the message's media row.

	The same upload may go into several replies; Frappe keeps equal contents on disk once.
	"""
	copy = files.attach(
		outside.plain(file.file_name), file.content, communication, is_private=file.source.is_private
	)
	# Frappe may have written a JPEG anew, without what cameras put into it.
	stored_size = len(files.content_of(copy))
	return {
		"file": copy.name,
		"file_name": outside.plain(file.file_name),
		"content_type": file.content_type,
		"size": stored_size,
		"status": "Linked" if file.as_link else "Attached",
		"changed": outside.sentence(_what_was_changed(file, stored_size)),
	}


def check_stored(rows: list[dict], limits: Limits) -> None:
	"""Whether what was stored still fits into one message.

	:raises CannotSendFile: Frappe's own settings made a picture larger than it was
	"""
	total = sum(row["size"] for row in rows if row["status"] == "Attached")
	if total > limits.max_bytes:
		names = ", ".join(outside.harmless(row["file_name"]) for row in rows)
		raise CannotSendFile(_too_large(names, total, limits))


def _what_was_changed(file: Outgoing, stored_size: int) -> str:
	"""What was done to a file, for the agent; "" for nothing."""
	if file.as_link:
		return _("{0}: sent as a link").format(file.called)
	if not file.scaled_from:
		return ""
	if stored_size >= file.scaled_from:
		return _("{0}: sent as {1}").format(file.called, outside.harmless(file.file_name))
	return _("{0}: {1} scaled down to {2}").format(file.called, size(file.scaled_from), size(stored_size))


def size(size_bytes: int) -> str:
	"""A size for people: "820 KB", "1.4 MB"."""
	if size_bytes < 1024**2:
		return f"{max(1, round(size_bytes / 1024))} KB"
	return f"{size_bytes / 1024**2:.1f} MB"


def _read(name: str) -> Outgoing:
	source = frappe.get_doc("File", name)
	source.check_permission("read")
	if "/" in (source.file_name or ""):
		# Frappe itself closes what looks like markup in names, "<b>" with "</b>", and then gives nobody a path for the file.
		source.db_set("file_name", source.file_name.replace("/", "-"), update_modified=False)
	file_name = source.file_name or name
	try:
		if source.is_folder or source.is_remote_file:
			raise FileNotFoundError
		content = files.content_of(source)
	except OSError:
		raise CannotSendFile(
			_("{0} is not stored on this site, so it cannot be sent. Attach it again.").format(
				outside.harmless(file_name)
			)
		) from None
	declared = mimetypes.guess_type(file_name)[0] or ""
	# Sound and film that do not say what they are would be refused by Twilio.
	content_type, ending = kind_of(content, declared if declared.startswith("text/") else "")
	return Outgoing(source, _named(file_name, content_type, ending), content, content_type)


def _named(file_name: str, content_type: str, ending: str) -> str:
	"""The file's name, with another ending where a message can carry the file and the name says something else.

	Frappe, phones and browsers go by it.
	"""
	stem, named = os.path.splitext(file_name)
	if media_types.accepted(content_type):
		same = named[1:].lower() in media_types.ENDINGS[content_type]
		return file_name if same else f"{stem}.{ending}"
	# Frappe would read it as the picture that it is not.
	return f"{file_name}.{ending}" if mimetypes.guess_type(file_name)[0] == "image/jpeg" else file_name


def _make_sendable(file: Outgoing, limits: Limits) -> None:
	"""Bring one file into a form that Twilio takes, whatever its size.

	:raises CannotSendFile: there is none
	"""
	if not file.content:
		raise CannotSendFile(_("{0} is empty. Remove it, or attach it again.").format(file.called))
	taken = limits.accepted(file.content_type)
	is_picture = file.content_type in PICTURES
	too_large_for_its_type = taken not in media_types.SHOWN_EVERYWHERE and file.size > limits.max_other_bytes
	if is_picture and (not taken or too_large_for_its_type):
		_scale(file, limits.max_bytes)
	elif not taken:
		raise CannotSendFile(
			_(
				"{0} cannot be sent by text message: phones take pictures, audio, video, PDF and contact cards, not {1}. Remove it, or send this as e-mail."
			).format(file.called, _what_it_is(file))
		)
	else:
		file.content_type = taken
		if taken == "image/jpeg" and file.size <= limits.max_bytes and images.lies_on_its_side(file.content):
			try:
				_scale(file, limits.max_bytes, say=False)
			except CannotSendFile:
				# Better lying than not at all.
				pass


def _what_it_is(file: Outgoing) -> str:
	"""What a file is that cannot be sent, whatever its name says."""
	ending = os.path.splitext(file.called)[1]
	kind = media_types.called(file.content, file.content_type)
	if kind and kind.lower() != ending[1:].lower():
		# "xlsx" is ZIP inside, and its name says more.
		if ending and ending[1:].lower() not in endings():
			return ending
		return _("{0}, which this one is in spite of its name").format(kind) if ending else kind
	if ending[1:].lower() in endings():
		return _("one that is not what its name says ({0})").format(ending)
	return ending or _("this type of file")


def _fit(files: list[Outgoing], links_allowed: bool, limits: Limits) -> None:
	"""Scale pictures until all files together fit into one message; what is in the way goes as a link.

	:raises CannotSendFile: they do not fit and may not go as links
	"""
	while sum(file.size for file in files) > limits.max_bytes:
		scalable = [file for file in files if file.content_type in PICTURES and not file.fixed]
		fixed = [file for file in files if file not in scalable]
		share = _share(scalable, limits.max_bytes - sum(file.size for file in fixed))
		if share < SMALLEST_SHARE_BYTES:
			in_the_way = max(fixed or files, key=lambda file: file.size)
			if not links_allowed:
				raise CannotSendFile(
					in_the_way.fixed or _too_large(in_the_way.called, in_the_way.size, limits)
				)
			in_the_way.as_link = True
			files.remove(in_the_way)
			continue
		for file in scalable:
			if file.size > share:
				try:
					_scale(file, share)
				except CannotSendFile:
					# It is fixed from now on: the next round makes the others smaller, or it goes.
					pass


def _share(files: list[Outgoing], left: int) -> int:
	"""The most bytes that each of these may have so that all together have no more than what is left.

	Everybody gets the same, and what small ones leave over goes to the others.
	"""
	for number, file in enumerate(sorted(files, key=lambda file: file.size)):
		share = left // (len(files) - number)
		if file.size > share:
			return share
		left -= file.size
	return 0


def _scale(file: Outgoing, max_bytes: int, say: bool = True) -> None:
	before = file.size
	try:
		file.content, file.content_type, ending = images.fitted(file.content, max_bytes)
	except images.CannotScale as e:
		file.fixed = _why_not_scaled(file, e.reason)
		raise CannotSendFile(file.fixed) from None
	file.file_name = f"{os.path.splitext(file.file_name)[0]}.{ending}"
	if say:
		file.scaled_from = file.scaled_from or before


def _why_not_scaled(file: Outgoing, reason: str) -> str:
	said = {
		images.ANIMATED: _("it is animated, and would stand still if it were scaled down"),
		images.DAMAGED: _("the picture is damaged"),
		images.TOO_MANY_PIXELS: _("it has too many pixels"),
		images.TOO_LARGE: _("it cannot be made small enough"),
	}[reason]
	return _("{0} ({1}) cannot be sent by text message: {2}. Remove it, or send this as e-mail.").format(
		file.called, size(file.size), said
	)


def _too_large(file_name: str, size_bytes: int, limits: Limits) -> str:
	return _(
		"{0} ({1}) cannot be sent by text message: all files together may have {2}. Remove it, or send this as e-mail."
	).format(file_name, size(size_bytes), size(limits.max_bytes))
