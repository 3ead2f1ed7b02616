"""Twilio's SIDs and tokens as people paste them: cleaned, and told apart where one stands in another's field."""

import re

import frappe
from frappe import _

from twilio_sms_channel.twilio_gateway.payloads import ACCOUNT_SID, SERVICE_SID
from twilio_sms_channel.twilio_gateway.signature import KEY_ID

# What reading a secret raises that is not there, or was stored under another encryption key.
SECRET_IS_UNREADABLE = (frappe.AuthenticationError, frappe.ValidationError)
TOKEN = re.compile(r"^[0-9a-f]{32}$")
API_KEY_SID = re.compile(r"^SK[0-9a-zA-Z]{32}$")
SHARED_KEY_PREFIX = "webhooks_sharedkey_"
SID_CHARACTERS, TOKEN_CHARACTERS = 34, 32
AROUND = "\"'`“”‘’«»,;"
INVISIBLE = re.compile("[​-‏⁠﻿]")


def clean(pasted: str | None) -> str:
	"""Without what comes along when a SID or token is copied: blanks, line breaks, quotes, invisible characters."""
	return re.sub(r"\s", "", INVISIBLE.sub("", pasted or "")).strip(AROUND)


def clean_secret(pasted: str | None) -> str:
	"""The same for the secret of an API key, in which nothing is taken away but at its ends."""
	return INVISIBLE.sub("", pasted or "").strip().strip(AROUND)


def kind_of(sid: str) -> str:
	"""What a SID is of, in words; "" when it does not look like one."""
	return _kinds().get(sid[:2].upper(), "") if re.fullmatch(r"[A-Za-z]{2}[0-9a-zA-Z]{20,}", sid) else ""


def _kinds() -> dict[str, str]:
	"""What Twilio's SIDs begin with (https://www.twilio.com/docs/glossary/what-is-a-sid)."""
	return {
		"AC": _("an account"),
		"AP": _("a TwiML App"),
		"BN": _("a brand registration"),
		"CA": _("a call"),
		"IS": _("a Conversations service"),
		"MG": _("a Messaging Service"),
		"MM": _("a message"),
		"PN": _("a phone number"),
		"QE": _("a campaign registration"),
		"SC": _("a short code"),
		"SK": _("an API key"),
		"SM": _("a message"),
		"VA": _("a Verify service"),
	}


def why_no_account_sid(text: str) -> str:
	"""What is wrong with an Account SID, "" when it has the right form."""
	if ACCOUNT_SID.match(text):
		return ""
	if TOKEN.match(text):
		return _("Account SID: this looks like an auth token. The Account SID starts with AC.")
	kind = kind_of(text)
	if kind and not text.startswith("AC"):
		return _(
			"Account SID: this is the SID of {0}. The Account SID starts with AC; it is on the first page of the Twilio console."
		).format(kind)
	if text.startswith("AC") and len(text) != SID_CHARACTERS:
		return _(
			"Account SID: it starts with AC as it should, but has {0} characters instead of {1}. Copy it again from the first page of the Twilio console."
		).format(len(text), SID_CHARACTERS)
	return _(
		"Account SID: it starts with AC, followed by 32 characters 0-9 and a-f. It is on the first page of the Twilio console."
	)


def why_no_token(text: str, label: str) -> str:
	"""What is wrong with an auth token, "" when it has the right form. The answer never repeats it.

	:param label: of its field
	"""
	if TOKEN.match(text):
		return ""
	if kind := kind_of(text):
		return _(
			"{0}: this is the SID of {1}. The auth token is beside the Account SID on the first page of the Twilio console, behind Show."
		).format(label, kind)
	if len(text) != TOKEN_CHARACTERS:
		return _("{0}: it has {1} characters instead of {2}. Copy it again from the Twilio console.").format(
			label, len(text), TOKEN_CHARACTERS
		)
	return _(
		"{0}: it consists of 0-9 and a-f only. Copy it again from the Twilio console, after pressing Show there."
	).format(label)


def why_no_api_key_sid(text: str) -> str:
	"""What is wrong with an API Key SID, "" when it has the right form."""
	if API_KEY_SID.match(text):
		return ""
	kind = kind_of(text)
	if kind and not text.startswith("SK"):
		return _("API Key SID: this is the SID of {0}. The SID of an API key starts with SK.").format(kind)
	return _(
		"API Key SID: it starts with SK, followed by 32 characters. Twilio lists your API keys in the console under Account."
	)


def why_no_secret(text: str) -> str:
	"""What is wrong with the secret of an API key, "" when it can be one. The answer never repeats it."""
	if text.isascii() and text.isprintable():
		return ""
	return _(
		"API Key Secret: it holds characters that no secret of Twilio's has. Copy it again, or make a new API key in the Twilio console."
	)


def why_no_shared_key_id(text: str, label: str) -> str:
	"""What is wrong with the ID of a shared key, "" when it has the right form. The answer never repeats it: it may be the key.

	:param label: of its field
	"""
	if text.startswith(SHARED_KEY_PREFIX) and KEY_ID.fullmatch(text):
		return ""
	return _(
		"{0}: it starts with webhooks_sharedkey_. Twilio returns it as id when the key is created, and lists it under webhooks.twilio.com/v1/Webhooks/SharedKeys."
	).format(label)


def why_no_shared_key(text: str, label: str) -> str:
	"""What is wrong with a shared key, "" when it can be one. The answer never repeats it.

	:param label: of its field
	"""
	if text.startswith(SHARED_KEY_PREFIX):
		return _("{0}: this is the ID of a key. The key itself is what Twilio returns as secret.").format(
			label
		)
	if kind := kind_of(text):
		return _(
			"{0}: this is the SID of {1}. The key is what Twilio returns as secret when it is created."
		).format(label, kind)
	if text.isascii() and text.isprintable():
		return ""
	return _("{0}: it holds characters that no key of Twilio's has. Copy it again.").format(label)


def why_no_service_sid(text: str) -> str:
	"""What is wrong with a Messaging Service SID, "" when it has the right form."""
	if SERVICE_SID.match(text):
		return ""
	kind = kind_of(text)
	if kind and not text.startswith("MG"):
		return _(
			"Messaging Service SID: this is the SID of {0}. The SID of a Messaging Service starts with MG."
		).format(kind)
	return _("Messaging Service SID: it starts with MG, followed by 32 characters 0-9 and a-f.")
