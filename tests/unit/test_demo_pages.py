"""The pages of the demo: what they say stays text, and what a fault prints is for people."""

import sys
from email.message import EmailMessage
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "dev"))

import mailbox_page
import trouble
from start_page import Card, Guide, Login, Place, _page

TOM = Login("Tom Baker", "agent", "tom@example.com", "a word")
GUIDE = Guide(
	title="A <demo>",
	lead="Try it.",
	cards=(Card("Answer", "As an agent.", (Place("Tickets", "http://127.0.0.1:1/t?a=1&b=2", TOM),)),),
	logins=(TOM,),
	real="this",
	stand_ins=("that",),
)


def test_the_end_of_the_demo_says_where_and_as_whom():
	said = "\n".join(GUIDE.lines("http://127.0.0.1:1/"))
	for part in (
		"http://127.0.0.1:1/\n",
		"http://127.0.0.1:1/t?a=1&b=2",
		TOM.user,
		TOM.password,
		"Stand-in: that",
	):
		assert part in said


def test_the_start_page_leads_there_with_a_login():
	page = _page(GUIDE)
	assert "A &lt;demo&gt;" in page
	assert "data-place='http://127.0.0.1:1/t?a=1&amp;b=2'" in page
	assert f"data-user='{TOM.user}'" in page


def test_an_e_mail_is_shown_apart_from_the_page(tmp_path):
	mail = EmailMessage()
	mail["From"], mail["To"], mail["Subject"] = "a@example.com", "b@example.com", "<b>Invoice</b>"
	mail.set_content("In words")
	mail.add_alternative("<p onclick='alert(1)'>In HTML</p>", subtype="html")
	(tmp_path / "new").mkdir()
	(tmp_path / "new" / "1").write_bytes(mail.as_bytes())
	page = mailbox_page.page(tmp_path)
	assert "&lt;b&gt;Invoice" in page
	assert "<p onclick" not in page
	assert '<iframe sandbox="allow-same-origin" ' in page


def test_without_e_mails_the_mailbox_says_so(tmp_path):
	assert "No e-mail has been sent yet." in mailbox_page.page(tmp_path)


def test_people_see_no_traceback(tmp_path, monkeypatch):
	monkeypatch.setattr(trouble, "LOGS", tmp_path)
	with pytest.raises(ZeroDivisionError) as raised:
		_ = 1 / 0
	told = trouble.unexpected(raised.value).told()
	assert "ZeroDivisionError: division by zero" in told
	assert "Traceback" not in told and "File " not in told
	assert "Traceback" in (tmp_path / "unexpected.log").read_text()
