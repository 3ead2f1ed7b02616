"""Segments as Twilio counts them, and what makes a text cheaper."""

import json
import os
import random
import shutil
import subprocess
import time
import unicodedata

import pytest

from twilio_sms_channel.content import segments
from twilio_sms_channel.content.segments import cheaper, count, left_in_segment, plain

RANDOM_TEXTS = 600
CALCULATE = """
const {SegmentedMessage} = require("sms-segments-calculator");
const texts = JSON.parse(require("fs").readFileSync(0, "utf8"));
console.log(JSON.stringify(texts.map((text) => {
	const message = new SegmentedMessage(text);
	return [message.encodingName, message.segmentsCount, message.numberOfCharacters];
})));
"""
ALPHABET = [
	*"abcdefghij XYZ 0123456789 .,!?@_\n",
	*"^{}\\[~]|€\f",
	*"éèùìòÇäöüßÆñ£¥§¿ΔΦΓΩ",
	*"ç`áíóúêîôőśžż“”‘’–—…•«»\u00a0\u202f\t",
	*"дружба中文字日本語한국어नमते",
	*("e\u0301", "a\u0308", "o\u0302\u0301", "각"),
	*("👋", "🎉", "👍🏽", "👨‍👩‍👧‍👦", "❤️", "🇩🇪", "🏳️‍🌈", "1️⃣", "𝒳"),
]
VECTORS = [
	"Hello",
	"a" * 160,
	"a" * 161,
	"a" * 306,
	"a" * 307,
	"€" * 80,
	"€" * 81,
	"a" * 152 + "€" + "a" * 10,
	"a" * 159 + "€",
	"ç",
	"Ç" * 160,
	"`" * 71,
	"é" * 160,
	"é" * 161,
	"👋" * 35,
	"👋" * 36,
	"x" + "👋" * 35,
	"👨‍👩‍👧‍👦" * 7,
	"ä" * 69 + "ç",
	"ä" * 70 + "ç",
	"中" * 70,
	"中" * 71,
	"a\r\nb" * 40,
	"a\nb" * 54,
	"\f" * 81,
	"e\u0301" * 35,
	"e\u0301" * 36,
	"🇩🇪" * 40,
	"\x1b",
	"[{~}]|^\\€" * 9,
]


def random_texts() -> list[str]:
	chance = random.Random(4711)
	found = []
	for number in range(RANDOM_TEXTS):
		# Half of them of GSM-7 alone: with a chance for everything hardly one would be.
		some = [c for c in ALPHABET if segments.GSM_CHARACTERS.issuperset(c)] if number % 2 else ALPHABET
		found.append("".join(chance.choices(some, k=chance.randint(1, 400))))
	return found


def test_twilios_own_calculator_counts_the_same(request):
	packages = request.config.getoption("--npm-packages")
	if not packages or not os.path.isdir(os.path.join(packages, "sms-segments-calculator")):
		pytest.skip(
			"Twilio's calculator is not there: --npm-packages FOLDER with sms-segments-calculator in it"
		)
	if not (node := shutil.which("node") or shutil.which("nodejs")):
		pytest.skip("no Node on this machine")
	texts = VECTORS + random_texts()
	calculated = subprocess.run(
		[node, "-e", CALCULATE],
		input=json.dumps(texts),
		env={**os.environ, "NODE_PATH": packages},
		capture_output=True,
		text=True,
		check=True,
		timeout=60,
	)
	expected = [tuple(answer) for answer in json.loads(calculated.stdout)]
	ours = [(c.encoding, c.segments, c.counted) for c in map(count, texts)]
	different = [(ascii(t), o, e) for t, o, e in zip(texts, ours, expected, strict=True) if o != e]
	assert not different
	assert {encoding for encoding, _, _ in ours[len(VECTORS) :]} == {"GSM-7", "UCS-2"}


@pytest.mark.parametrize(
	("text", "parts"),
	[("a" * 160, [160]), ("a" * 161, [153, 8]), ("a" * 307, [153, 153, 1])],
)
def test_a_long_text_is_cut_after_153_characters(text, parts):
	import smsutil

	assert [part.length for part in smsutil.split(text).parts] == parts
	assert count(text).segments == len(parts)


@pytest.mark.parametrize(
	("text", "left"),
	[
		("", 160),
		("a" * 159, 1),
		("a" * 160, 0),
		("a" * 161, 145),
		("€" * 80, 0),
		("ő", 69),
		("ő" * 71, 63),
		("👋" * 35, 0),
	],
)
def test_how_much_the_last_segment_still_takes(text, left):
	assert left_in_segment(text) == left


@pytest.mark.parametrize(
	("text", "forcing"),
	[
		("Hello €[]", []),
		("ça va? ç `x`", ["ç", "`"]),
		("“Hi” – “you”", ["“", "”", "–"]),
		("👍🏽 ok 👨‍👩‍👧 👍🏽", ["👍🏽", "👨‍👩‍👧"]),
		("cafe\u0301", ["e\u0301"]),
	],
)
def test_what_forces_the_short_segments_is_named_once_in_order(text, forcing):
	assert count(text).forcing == forcing


@pytest.mark.parametrize("text", ["", "a", "ç👋" * 40])
def test_a_count_is_json(text):
	assert json.loads(json.dumps(vars(count(text)))) == vars(count(text))


@pytest.mark.parametrize(
	("text", "expected"),
	[
		("“Don’t” ‘go’ „so“ ‚so‘", "\"Don't\" 'go' \"so\" 'so'"),
		("«Oui» ‹non›", "\"Oui\" 'non'"),
		("1–2 — 3 − 4 ‑ 5", "1-2 - 3 - 4 - 5"),
		("Wait…", "Wait..."),
		("10\u00a0000\u202f€ a\u2009b\u3000c", "10 000 € a b c"),
		("• one\n‣ two", "- one\n- two"),
		("6′ 2″", "6' 2\""),
		("oﬃce ﬁre ﬂoor", "office fire floor"),
		("ＡＢＣ１２３！", "ABC123!"),
		("soft\u00adhyphen\u200b", "softhyphen"),
		("cafe\u0301 u\u0308ber", "café über"),
		("3 × 4", "3 x 4"),
	],
)
def test_typographic_characters_have_plain_ones(text, expected):
	assert plain(text) == expected
	assert count(expected).encoding == "GSM-7"


@pytest.mark.parametrize(
	"text", ["ça va", "őrült", "Łódź", "naïve", "½ 2² 3³", "col·lecció", "中文", "👋", "Привет", "™ ® ©", "µ"]
)
def test_letters_and_what_has_a_meaning_of_its_own_stay(text):
	assert plain(text) == unicodedata.normalize("NFC", text)


def test_every_replacement_is_of_gsm():
	assert all(count(replacement).encoding == "GSM-7" for replacement in segments.PLAIN.values())
	assert not [chr(code) for code in segments.PLAIN if chr(code) in segments.GSM_CHARACTERS]


@pytest.mark.parametrize(
	("text", "saves"),
	[
		("’" + "a" * 100, True),
		("It’s", False),
		("’👋" + "a" * 100, False),
		("ç’" + "a" * 100, False),
		("a" * 100, False),
		("…" * 1600, False),
	],
	ids=["saves", "one already", "emoji stays", "letter stays", "nothing to do", "would be too long"],
)
def test_plain_only_counts_where_it_saves_a_segment(text, saves):
	assert (cheaper(text) is not None) == saves
	if saves:
		assert cheaper(text) == plain(text)


@pytest.mark.parametrize("text", ["a€" * 800, "ä👋" * 800, "e\u0301" * 800])
def test_counting_takes_less_than_two_milliseconds(text):
	fastest = []
	for _ in range(20):
		begin = time.perf_counter()
		count(text)
		fastest.append(time.perf_counter() - begin)
	assert min(fastest) < 0.002


@pytest.mark.parametrize(
	("text", "encoding", "segments"),
	[
		("", "GSM-7", 0),
		("a" * 160, "GSM-7", 1),
		("a" * 161, "GSM-7", 2),
		("€" * 80, "GSM-7", 1),
		("€" * 81, "GSM-7", 2),
		("ä" * 70, "GSM-7", 1),
		("ç", "UCS-2", 1),
		("Ç", "GSM-7", 1),
		("`" * 71, "UCS-2", 2),
		("👋" * 35, "UCS-2", 1),
		("👋" * 36, "UCS-2", 2),
	],
)
def test_segments(text, encoding, segments):
	from twilio_sms_channel.content.segments import count

	counted = count(text)
	assert (counted.encoding, counted.segments) == (encoding, segments)
