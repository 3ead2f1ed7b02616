"""Reactions: what a phone texts when its owner taps a thumb or a heart on one of our texts.

Apple's write "Liked “…”" with our words between the quotation marks, Android's "👍 to “…”".
"""

import frappe
import regex

MESSAGE = "Twilio SMS Message"
QUOTES_OPEN, QUOTES_CLOSE = '“„«‹"', '”“»›"'
LOOKED_AT = 50
# What stands before the quotation, as far as it is known: English, German, French, Spanish, Portuguese, Italian, Dutch.
WORDS = r"""
	liked|loved|disliked|laughed\ at|emphasi[sz]ed|questioned|reacted\ .{1,20}?\ to|removed\ .{1,30}?\ from
	|gefällt|(?:hat\ )?geliked|liebt|gefällt\ nicht|lacht\ über|hebt\ hervor|hinterfragt
	|a\ aimé|a\ adoré|n['’]a\ pas\ aimé|a\ ri\ de|a\ insisté\ sur|s['’]interroge\ sur
	|le\ gustó|le\ gusta|le\ encantó|no\ le\ gustó|se\ rio\ de|enfatizó|cuestionó
	|gostou\ de|amou|não\ gostou\ de|riu\ de|enfatizou|questionou
	|piace|ha\ messo\ mi\ piace\ a|adora|non\ piace|ride\ per|evidenzia
	|vond\ leuk|vindt\ leuk
"""
EMOJI = r"(?:\p{Extended_Pictographic}|\p{Emoji_Modifier}|\p{Regional_Indicator})+"
QUOTING = regex.compile(
	rf"^(?:(?:{WORDS})|{EMOJI}\s+\p{{L}}{{1,8}})[\s:]*[{QUOTES_OPEN}](?P<quoted>.+)[{QUOTES_CLOSE}]$",
	regex.IGNORECASE | regex.VERBOSE | regex.DOTALL,
)
# To a picture or a film there are no words to quote.
OF_FILE = regex.compile(
	r"^(?:liked|loved|disliked|laughed\ at|emphasi[sz]ed|questioned|reacted\ .{1,20}?\ to)"
	r"\ an?\ (?:image|photo|picture|movie|video|audio\ message|attachment|sticker|contact|gif)$",
	regex.IGNORECASE | regex.VERBOSE,
)
# Phones cut off what they quote.
MOST_CHARACTERS = 3200
INVISIBLE = regex.compile(r"[\p{Cf}\ufe0f]")


def is_one(message) -> bool:
	"""Whether a message is a reaction to another one of its conversation. In doubt it is not: then a person should look.

	:param message: inbound Twilio SMS Message
	"""
	body = INVISIBLE.sub("", message.body or "").strip()
	if OF_FILE.match(body):
		return True
	if len(body) > MOST_CHARACTERS:
		return False
	found = QUOTING.match(body)
	return bool(found) and _was_said(found["quoted"].strip(), message)


def _was_said(quoted: str, message) -> bool:
	"""Whether a quotation is the beginning of a message between the same two numbers; phones cut long ones off."""
	letters = _letters(quoted)
	said = frappe.get_all(
		MESSAGE,
		{"number": message.number, "customer_number": message.customer_number, "name": ("!=", message.name)},
		pluck="body",
		order_by="creation desc",
		limit=LOOKED_AT,
	)
	if not letters:
		return quoted in [(body or "").strip() for body in said]
	return any(_letters(body).startswith(letters) for body in said)


def _letters(text: str | None) -> str:
	return "".join(c for c in (text or "").casefold() if c.isalnum())
