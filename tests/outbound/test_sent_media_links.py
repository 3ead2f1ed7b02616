"""Files of outgoing texts as links: when a file goes as one, and who can open it."""

import base64
import re
import secrets
import time
from pathlib import Path
from urllib.parse import unquote

import frappe
import pytest
import requests
from support.reply_box import animation, conversation_with, noise, upload
from support.sent_media import ABROAD, AS_LINK, HTML, MB, SVG, VCARD, ZIP, a_pdf, send
from support.stack import eventually, status_of, ticket_of

from twilio_sms_channel.content import media_links
from twilio_sms_channel.infra import public_url
from twilio_sms_channel.messaging.outbound import outbox

# --- as links ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
	("customer_number", "fields", "file"),
	[
		("+14155550132", {"mms_enabled": 0}, ("a.png", noise(4, 4))),
		(ABROAD, {}, ("a.png", noise(4, 4))),
		(ABROAD, {"number": "Example"}, ("a.png", noise(4, 4))),
		("+14155550132", {}, ("a.zip", ZIP)),
		("+14155550132", {}, ("a.pdf", a_pdf(6 * MB))),
		("+14155550132", {}, ("big.gif", animation(size=1350, frames=3))),
	],
	ids=["number", "country", "name", "type", "size", "animation"],
)
def test_a_file_that_cannot_go_as_mms_goes_as_a_link(stack, customer_number, fields, file):
	conversation = conversation_with(stack, customer_number, **AS_LINK, **fields)
	message, (stored,), told = send(conversation, file)
	body, link = message.body.split("\n")
	assert body == "Look"
	assert len(link) == media_links.length()
	assert link in frappe.db.get_value("Communication", message.communication, "content")
	assert (message.media[0].status, stored) == ("Linked", file[1])
	assert f"{file[0]}: sent as a link" in told
	assert media_links.urls_for_twilio(message) == []
	assert message.encoding == "GSM-7"
	assert message.segments == -(-len(message.body) // 160) or message.segments == -(
		-len(message.body) // 153
	)


def test_files_that_can_go_as_mms_still_do(stack, picture):
	message, _sent, _told = send(conversation_with(stack, **AS_LINK), ("a.png", picture), ("a.zip", ZIP))
	assert [row.status for row in message.media] == ["Attached", "Linked"]
	assert len(media_links.urls_for_twilio(message)) == 1
	assert message.body.count("\n") == 1


def test_links_count_towards_the_1600_characters(stack, picture):
	conversation = conversation_with(stack, ABROAD, **AS_LINK)
	room = 1600 - media_links.length() - 1
	message, _sent, _told = send(conversation, ("a.png", picture), body="x" * room)
	assert len(message.body) == 1600
	with pytest.raises(outbox.CannotText, match="1601 characters with the links"):
		send(conversation, ("a.png", picture), body="x" * (room + 1))


def test_a_link_alone_is_a_text(stack, picture):
	message, _sent, _told = send(conversation_with(stack, ABROAD, **AS_LINK), ("a.png", picture), body="")
	assert message.body.startswith("http")


# --- who can open a link ----------------------------------------------------------------------------------------


@pytest.fixture
def own_picture(picture) -> bytes:
	"""A PNG that nobody has had before: Frappe keeps equal contents at one address."""
	return picture + secrets.token_bytes(8)


@pytest.fixture
def sent(stack, own_picture):
	"""A message with a PNG as MMS, committed; not given to Twilio."""
	message = outbox.write(conversation_with(stack), "Look", files=[upload("a picture.png", own_picture)])
	frappe.db.after_commit.reset()
	message.db_set("status", "Canceled")
	frappe.db.commit()
	return message


def fetch(stack, token, http="GET", **headers) -> requests.Response:
	return requests.request(
		http, stack.web + public_url.MEDIA, params={"token": token}, headers=headers, timeout=30
	)


def differing(answer: requests.Response) -> dict:
	"""What could tell one answer from another."""
	return {"status": answer.status_code, "body": answer.content} | {
		name: value for name, value in answer.headers.items() if name not in ("Date", "X-Frappe-Request-Id")
	}


def test_twilio_gets_the_file_with_a_short_name_and_no_cookie(stack, sent, own_picture):
	answer = requests.get(media_links.urls_for_twilio(sent)[0], timeout=30)
	assert (answer.status_code, answer.content) == (200, own_picture)
	assert answer.headers["Content-Type"] == "image/png"
	# Frappe adds to a name that was there before.
	assert re.fullmatch(r"inline; filename=a-picture\w{0,7}\.png", answer.headers["Content-Disposition"])
	assert answer.headers["X-Content-Type-Options"] == "nosniff"
	assert not answer.cookies and "Set-Cookie" not in answer.headers


def test_head_says_what_get_says(stack, sent):
	token = media_links.sign(sent.media[0].file)
	get, head = fetch(stack, token), fetch(stack, token, "HEAD")
	assert head.content == b""
	without = {"Date": "", "X-Frappe-Request-Id": ""}
	assert {**head.headers, **without} == {**get.headers, **without}
	assert int(head.headers["Content-Length"]) == len(get.content)


def test_a_part_of_a_file_is_given_to_whoever_asks_for_one(stack, sent, own_picture):
	"""iPhones play no film of a server that gives none."""
	token, size = media_links.sign(sent.media[0].file), len(own_picture)
	whole = fetch(stack, token)
	assert whole.headers["Accept-Ranges"] == "bytes"
	for ranges, first, end in (
		("bytes=0-3", 0, 4),
		("bytes=0-0", 0, 1),
		("bytes=5-", 5, size),
		("bytes=-5", size - 5, size),
		(f"bytes=-{size + 9}", 0, size),
		(f"bytes=2-{size + 9}", 2, size),
	):
		answer = fetch(stack, token, Range=ranges)
		assert (answer.status_code, answer.content) == (206, own_picture[first:end]), ranges
		assert answer.headers["Content-Range"] == f"bytes {first}-{end - 1}/{size}"
		assert answer.headers["Content-Type"] == "image/png"
	for ranges in (f"bytes={size}-", "bytes=99999-99999999"):
		answer = fetch(stack, token, Range=ranges)
		assert (answer.status_code, answer.content) == (416, b""), ranges
		assert answer.headers["Content-Range"] == f"bytes */{size}"
	for ranges in ("bytes=x", "bytes=", "bytes=3-1", "lines=1-2", "bytes=0-1,3-4"):
		answer = fetch(stack, token, Range=ranges)
		assert (answer.status_code, answer.content) == (200, own_picture), ranges
		assert "Content-Range" not in answer.headers
	same, changed = {"If-Range": whole.headers["ETag"]}, {"If-Range": '"another"'}
	assert fetch(stack, token, Range="bytes=0-3", **same).status_code == 206
	assert fetch(stack, token, Range="bytes=0-3", **changed).status_code == 200
	head = fetch(stack, token, "HEAD", Range="bytes=0-3")
	assert (head.status_code, int(head.headers["Content-Length"])) == (200, size)


def test_a_file_keeps_its_name_for_people(stack, customer, picture):
	conversation = conversation_with(stack, ABROAD, **AS_LINK)
	name = f"Müller & Söhne {secrets.token_hex(3)} – Größe\u202e.png"
	message = outbox.write(conversation, "Look", files=[upload(name, picture + secrets.token_bytes(8))])
	frappe.db.after_commit.reset()
	message.db_set("status", "Canceled")
	frappe.db.commit()
	disposition = requests.get(message.body.split("\n")[1], timeout=30).headers["Content-Disposition"]
	short, _, whole = disposition.removeprefix("inline; filename=").partition("; filename*=UTF-8''")
	assert short.isascii() and short.startswith("Muller-Sohne")
	assert unquote(whole) == name.replace("\u202e", "")


def json_token(shape: str) -> str:
	return base64.urlsafe_b64encode(shape.encode()).decode() + ".AAAA"


@pytest.mark.parametrize(
	"token",
	[
		*("", ".", "..", "x", "a.b.c", "a.1." + "A" * 22, "é.é.é", "\x00", "\x00" * 99, "👋.1." + "👋" * 22),
		*("x" * 4000, "." * 4000, "a.ffffffffffffff." + "A" * 22, "%00.%00.%00", "' or 1=1 -- .1.x"),
		*(json_token("{}"), json_token("[1]"), json_token("null"), json_token('["a","b",9e99]'), "=.=.="),
	],
	ids=lambda token: ascii(token)[:12],
)
@pytest.mark.parametrize("http", ["GET", "HEAD"])
def test_made_up_tokens_are_403_and_nothing_else(stack, token, http):
	answer, empty = fetch(stack, token, http), fetch(stack, "x", http)
	assert (answer.status_code, answer.content) == (403, b"")
	assert differing(answer) == differing(empty)
	assert "Set-Cookie" not in answer.headers


def test_no_token_or_several(stack):
	url = stack.web + public_url.MEDIA
	for query in ("", "?token[]=x", "?token=x&token=y", "?other=1"):
		answer = requests.get(url + query, timeout=30)
		assert (answer.status_code, answer.content) == (403, b""), query


def test_a_token_is_good_for_one_file_until_it_expires(stack, sent, own_picture):
	file = sent.media[0].file
	good = media_links.sign(file)
	assert fetch(stack, good).status_code == 200
	name, expires, mac = good.split(".")
	later = f"{int(expires, 16) + 1:x}"
	other = outbox.write(conversation_with(stack), "Look", files=[upload("b.png", own_picture + b"b")])
	other.db_set("status", "Canceled")
	unsent = upload("unsent.png", own_picture + b"unsent")
	frappe.db.after_commit.reset()
	frappe.db.commit()
	flipped = mac[:-2] + ("A" if mac[-2] != "A" else "B") + mac[-1]
	bad = {
		"expired": media_links.sign(file, -1),
		"later": f"{name}.{later}.{mac}",
		"flipped": f"{name}.{expires}.{flipped}",
		"shorter": good[:-1],
		"longer": good + "A",
		"upper case": f"{name}.{expires.upper()}.{mac}" if expires != expires.upper() else good + "=",
		"leading zero": f"{name}.0{expires}.{mac}",
		"another message's file": f"{other.media[0].file}.{expires}.{mac}",
		"a file of no message": media_links.sign(unsent),
		"the upload": media_links.sign(frappe.db.get_value("File", {"file_name": ("like", "a picture%"), "attached_to_name": ("is", "not set")}) or "x"),
		"no file": media_links.sign("0123456789"),
		"with a blank": good + " ",
		"with a line break": good + "\n",
	}  # fmt: skip
	expected = differing(fetch(stack, "x"))
	for what, token in bad.items():
		assert differing(fetch(stack, token)) == expected, what
	assert fetch(stack, media_links.sign(other.media[0].file)).content == own_picture + b"b"


@pytest.mark.parametrize(
	"what", ["replaced", "overwritten", "moved", "row gone", "deleted", "gone from the disk"]
)
def test_a_file_that_is_no_longer_the_one_is_403(stack, sent, what):
	file = frappe.get_doc("File", sent.media[0].file)
	token, path = media_links.sign(file.name), Path(file.get_full_path())
	assert fetch(stack, token).status_code == 200
	before = path.read_bytes()
	other = frappe.get_all("Communication", {"name": ("!=", file.attached_to_name)}, pluck="name", limit=1)[0]
	if what == "replaced":
		file.db_set("content_hash", "0" * 32)
	elif what == "overwritten":
		path.write_bytes(b"something else")
	elif what == "moved":
		file.db_set("attached_to_name", other)
	elif what == "row gone":
		frappe.db.delete("Twilio SMS Media", {"parent": sent.name})
	elif what == "deleted":
		frappe.db.delete("File", {"name": file.name})
	else:
		path.unlink()
	frappe.db.commit()
	try:
		answer = fetch(stack, token)
		assert (answer.status_code, answer.content) == (403, b"")
	finally:
		path.write_bytes(before)


def test_a_received_file_is_opened_by_no_token(stack, customer, sim, picture):
	message = customer.text("Look", media=[("a.png", picture + b"theirs")])
	file = eventually(
		lambda: frappe.db.get_value("Twilio SMS Media", {"parent": message.name, "status": "Fetched"}, "file")
	)
	assert fetch(stack, media_links.sign(file)).status_code == 403  # fmt: skip


def test_a_private_file_stays_private_otherwise(stack, sent):
	file = frappe.get_doc("File", sent.media[0].file)
	assert file.file_url.startswith("/private/files/")
	assert requests.get(stack.web + file.file_url, timeout=30).status_code == 403
	assert fetch(stack, media_links.sign(file.name)).status_code == 200
	assert requests.get(stack.web + file.file_url, timeout=30).status_code == 403


@pytest.mark.parametrize(
	("name", "content"), [("x.svg", SVG), ("x.html", HTML), ("x.zip", ZIP), ("x.vcf", VCARD)]
)
def test_what_a_browser_could_run_is_only_stored(stack, name, content):
	conversation = conversation_with(stack, ABROAD, **AS_LINK)
	message = outbox.write(conversation, "Look", files=[upload(name, content)])
	frappe.db.after_commit.reset()
	message.db_set("status", "Canceled")
	frappe.db.commit()
	answer = requests.get(message.body.split("\n")[1], timeout=30)
	assert (answer.status_code, answer.content) == (200, content)
	assert answer.headers["Content-Type"] == "application/octet-stream"
	assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
	assert answer.headers["Content-Security-Policy"] == "sandbox"
	assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(("days", "expected"), [(1, 1), (30, 30), (0, 7), (-3, 7)])
def test_links_expire_after_days(stack, sent, days, expected):
	frappe.db.set_single_value("Twilio SMS Settings", "links_expire_after_days", days)
	token = media_links.for_customer(sent.media[0].file).partition("token=")[2]
	frappe.db.rollback()
	frappe.clear_document_cache("Twilio SMS Settings", "Twilio SMS Settings")
	left_s = int(token.split(".")[1], 16) - time.time()
	assert left_s == pytest.approx(expected * 24 * 3600, abs=60)


def test_a_link_is_short(stack):
	assert media_links.length() - len(public_url.base()) <= 105


def test_a_text_with_a_link_arrives(agent, customer, stack, sim, picture):
	number = stack.add_number(mms_enabled=0, **AS_LINK)
	ticket = ticket_of(customer.text("How?", to=number))
	file = upload("a.png", picture, attached_to_doctype=ticket.doctype, attached_to_name=str(ticket.name))
	frappe.db.commit()
	answer = agent.reply(ticket.name, "<p>So</p>", attachments=[file])
	assert answer.status_code == 200, answer.text
	assert "sent as a link" in answer.text
	eventually(lambda: customer.inbox())
	received = customer.inbox()[0]
	assert received.media == []
	assert requests.get(received.body.split("\n")[1], timeout=30).content == picture
	sent = frappe.get_last_doc(
		"Twilio SMS Message", {"customer_number": customer.number, "direction": "Outbound"}
	)
	eventually(lambda: status_of(sent.name) == "Delivered")
