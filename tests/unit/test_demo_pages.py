"""The pages of the demo: what they say stays text, and what a fault prints is for people."""

import sys
from email.message import EmailMessage
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "dev"))

import mailbox_page
import trouble
from start_page import Card, Guide, Login, Place, page

TOM = Login("Tom Baker", "agent", "tom@example.com", "a word")
GUIDE = Guide(
	title="A <demo>",
	lead="Try it.",
	cards=(Card("Answer", "As an agent.", (Place("Tickets", "http://127.0.0.1:1/t&b", TOM),)),),
	logins=(TOM,),
	real="this",
	stand_ins=("that",),
)


def test_the_end_of_the_demo_says_where_and_as_whom():
	said = "\n".join(GUIDE.lines("http://127.0.0.1:1/"))
	for part in (
		"http://127.0.0.1:1/\n",
		# Without a session the page itself may answer 403.
		"http://127.0.0.1:1/login?redirect-to=/t%26b\n",
		TOM.user,
		TOM.password,
		"Stand-in: that",
	):
		assert part in said


def test_the_start_page_leads_there_with_a_login():
	shown = page(GUIDE)
	assert "A &lt;demo&gt;" in shown
	assert "data-place='http://127.0.0.1:1/t&amp;b'" in shown
	assert f"data-user='{TOM.user}'" in shown


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
