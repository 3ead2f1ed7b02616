"""Everything visible is translated, and the translations reach whoever speaks the language."""

import io
import json
import sys
from pathlib import Path

import frappe
import pytest
from babel.messages.pofile import read_po
from support.people import make_agent
from support.stack import ticket_of

from twilio_sms_channel.content import segments

sys.path.append(str(Path(__file__).parents[1] / "dev"))
import translations

GERMAN_EMPTY = "Die SMS ist leer. Schreiben Sie etwas, oder hängen Sie eine Datei an."
AUTOMATIC_ANSWERS = ("{0}: Reply with", "{0}: You will get")


@pytest.fixture(scope="module")
def german(stack, admin):
	"""An agent whose language is German."""
	user = make_agent("tsms-german@example.com", "Anna", "Schmidt")
	frappe.db.set_value("User", user, "language", "de")
	frappe.clear_cache(user=user)
	frappe.db.commit()
	# What an earlier run read of the languages is kept in Redis.
	frappe.translate.clear_cache()
	return stack.login(user)


def test_what_is_stored_is_what_the_sources_say():
	wanted = translations.bring_up_to_date()
	old = [path.name for path, data in wanted.items() if said(path, path.read_bytes()) != said(path, data)]
	assert not old, "run `make translations`"


def said(path: Path, data: bytes):
	"""What a file says, however this version of Babel writes it."""
	if path.suffix == ".csv":
		return data
	return {(m.id, m.context): m.string for m in read_po(io.BytesIO(data)) if m.id}


@pytest.mark.parametrize("language", translations.LANGUAGES)
def test_a_language_is_complete(language):
	catalog = translations.catalog_of(language)
	assert not [message.id for message in translations.missing(catalog)]
	assert not translations.faults(language, catalog)


@pytest.mark.parametrize("language", translations.LANGUAGES)
def test_automatic_answers_cost_one_segment(language):
	answers = [
		m.string for m in translations.catalog_of(language) if m.id and m.id.startswith(AUTOMATIC_ANSWERS)
	]
	assert len(answers) == 3
	for answer in answers:
		count = segments.count(answer.format("Example Shop"))
		assert (count.encoding, count.segments) == ("GSM-7", 1), answer


@pytest.mark.parametrize(
	("source", "found"),
	[
		('__("Send")', ["Send"]),
		("this.__('It\\'s here', [x])", ["It's here"]),
		('html`<b>${a ? html`<i>${this.__("Nested {0}", [n])}</i>` : ""}</b>`', ["Nested {0}"]),
		('__(\n\t"On a line of its own",\n)', ["On a line of its own"]),
		("__(status)", []),
		('not__("a call of it")', []),
	],
)
def test_strings_of_javascript_are_found(tmp_path, source, found):
	file = tmp_path / "x.js"
	file.write_text(source)
	assert [text for text, _context in translations._in_javascript(file)] == found


@pytest.mark.parametrize(
	("name", "source"),
	[
		("x.js", '__("Sent to " + name)'),
		("x.js", "__(`Sent to ${name}`)"),
		("x.py", '_(f"Sent to {name}")'),
		("x.py", '_("Sent to " + name)'),
	],
)
def test_a_string_that_is_put_together_is_refused(tmp_path, name, source):
	file = tmp_path / name
	file.write_text(source)
	with pytest.raises(translations.Untranslatable, match=r"values go into \{0\}"):
		list(translations.FINDERS[file.suffix](file))


def test_what_the_server_says_is_translated(german, customer, sim):
	ticket = str(ticket_of(customer.text("Hallo")).name)
	answer = german.call("twilio_sms_channel.api.ticket.reply", ticket=ticket, message="")
	(said,) = json.loads(answer.json()["_server_messages"])
	said = json.loads(said)
	assert (said["message"], said["title"]) == (GERMAN_EMPTY, "Die SMS wurde nicht gesendet")


def test_what_browsers_say_is_translated(german):
	boot = german.call("twilio_sms_channel.api.screen.boot", http="GET").json()["message"]
	assert boot["lang"] == "de"
	assert boot["messages"]["Send SMS"] == "SMS senden"
	assert boot["messages"]["Insert Saved Reply"] == "Gespeicherte Antwort einfügen"
