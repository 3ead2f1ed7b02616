"""What became of a message and its files, in words for agents."""

from typing import Any

from frappe import _

from twilio_sms_channel.infra import ways
from twilio_sms_channel.infra.statuses import NOT_DELIVERED, is_held
from twilio_sms_channel.people import phone
from twilio_sms_channel.twilio_gateway import errors


def label(message) -> str:
	"""What became of an outbound message, in a few words and with the reason where there is one.

	:param message: `status`, `twilio_status`, `error_code`, `error_message` and `sent_as_email` of a Twilio SMS Message
	"""
	found = trouble(message)
	words = f"{word(message)}: {found['what']}" if found else word(message)
	if is_held(message):
		words = found["what"]
	return _("{0} (sent as e-mail)").format(words) if message.sent_as_email else words


def trouble(message) -> dict[str, Any] | None:
	"""Why an outbound message waits or did not arrive, and what can be done; None when there is nothing to say.

	:return: `{"code", "what", "do", "who", "link", "actions"}`: Twilio's code or "", what happened and what to do in
		the user's language, who can mend it (see `errors.Explanation`), Twilio's page or ""
	"""
	reason = message.error_message or ""
	if is_held(message):
		return {
			"code": "",
			"what": _("Held by Twilio until the quiet hours where the customer lives are over."),
			"do": _("Cancel it if it would then be too late. A STOP from the customer cancels it as well."),
			"who": errors.AGENT,
			"link": "",
			"actions": [],
		}
	# What has arrived, or is on its way, keeps no trouble from earlier attempts.
	if message.status not in (*NOT_DELIVERED, "Queued", "Unconfirmed", "Canceled"):
		return None
	if not (message.error_code or reason):
		return None
	about = errors.explanation(message.error_code, reason)
	what, do = about.what, about.do
	if message.status not in NOT_DELIVERED and reason:
		# The stored reason tells how it goes on by itself, which Twilio's code alone does not.
		what, do = reason, ""
	return {
		"code": message.error_code or "",
		"what": what,
		"do": do,
		"who": about.who,
		"link": errors.help_url(message.error_code),
		"actions": list(about.actions),
	}


def about_group(message) -> str:
	"""That others read a message along, "" when it was written to us alone.

	:param message: `other_recipients` of an inbound Twilio SMS Message
	"""
	others = [phone.display(number) for number in (message.other_recipients or "").split(", ") if number]
	if not others:
		return ""
	return _("Written to a group: {0} got it as well. Your answer goes to the sender alone.").format(
		", ".join(others)
	)


def about_received(message) -> list[str]:
	"""What came along with a customer's message besides words and files, each as a sentence.

	:param message: `body`, `button_text` and `location` of an inbound Twilio SMS Message
	"""
	said = []
	if message.button_text:
		said.append(_("The customer tapped a button: {0}").format(message.button_text))
	if message.location:
		said.append(_("The customer sent a place: {0}").format(message.location))
	return said


def way(message) -> str:
	"""How a message travelled, "" while that is not known.

	:param message: `way` and `rcs_first` of a Twilio SMS Message
	"""
	if message.rcs_first and message.way in ways.BY_CARRIER:
		return _("{0}, RCS was not available").format(message.way)
	return _(message.way) if message.way else ""


def about_sent(message) -> list[str]:
	"""What an agent has to know of the words of a message to a customer, each as a sentence.

	:param message: `words_at_twilio` of an outbound Twilio SMS Message
	"""
	said = {
		"Changed": _(
			"Twilio sent it with other words: characters were replaced, links shortened, or a note added."
		),
		"Not Kept": _("Twilio keeps no words of it. It was recognized by its time, recipient and files."),
	}
	return [said[message.words_at_twilio]] if message.words_at_twilio in said else []


def word(message) -> str:
	"""A message's status in one word or two.

	:param message: `status` and `twilio_status` of an outbound Twilio SMS Message
	"""
	if is_held(message):
		return _("Held by Twilio")
	words = {
		"Queued": _("Waiting"),
		"Sending": _("Sending"),
		"Accepted": _("Sending"),
		"Sent": _("Sent"),
		"Delivered": _("Delivered"),
		"Read": _("Read", context="Status of a text message"),
		"Unconfirmed": _("Unconfirmed"),
		"Canceled": _("Canceled"),
	}
	return words.get(message.status) or _("Not delivered")


def about_file(file) -> str:
	"""What an agent has to know about a file of a message: it is not there, or not as it was. "" for nothing.

	:param file: `status`, `error`, `file_name` and `changed` of a Twilio SMS Media row
	"""
	if file.status == "Waiting":
		return _("A file is being fetched.")
	if file.status == "Failed":
		return _("A file could not be fetched: {0}").format(file.error or "")
	if file.status == "Not Accepted":
		return _("The customer sent a file; this number does not accept files.")
	changes = [file.changed or "", _("sent as a link") if file.status == "Linked" else ""]
	what = ", ".join(change for change in changes if change)
	# What was changed may name the file itself.
	if not what or (file.file_name and file.file_name in what):
		return what
	return f"{file.file_name or _('File')}: {what}"
