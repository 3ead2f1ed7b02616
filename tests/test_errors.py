"""Twilio's error codes, in words for the people at the help desk."""

import re
from pathlib import Path

import frappe
import pytest
from support import desks, tickets
from support.people import make_customer
from support.stack import ticket_of
from twilio.base.exceptions import TwilioException

from twilio_sms_channel.infra import own_writes
from twilio_sms_channel.messaging.delivery.labels import label, trouble
from twilio_sms_channel.messaging.outbound import outbox
from twilio_sms_channel.twilio_gateway import errors, failures

FACTS = Path(__file__).parents[2] / "shared" / "reference" / "twilio.md"
# What an agent or admin meets, by what it is about.
CODES = {
	"number or set-up": "21211 21212 21408 21606 21608 21609 21612 21614 21663 21670 21704",
	"content": "21617 21619 11751 12300 63019 63034 30019 30011 30007",
	"consent": "21610 30610 30047",
	"registration": "30034 30032 30024 30040 30041 30022 30027",
	"handset": "30003 30004 30005 30006 30008",
	"queue, account": "21611 30001 30002 30036 30450 30454 63038 20003 20005 20403 20404 20429 14107 70051",
}
ALL = " ".join(CODES.values()).split()
ACTIONS = {errors.RETRY, errors.LINK, errors.EMAIL, errors.NUMBER, errors.ACCOUNT}


def text(**fields):
	return frappe._dict(
		{"status": "Undelivered", "error_code": "", "error_message": "", "sent_as_email": 0, **fields}
	)


@pytest.mark.parametrize("code", ALL)
def test_every_code_says_what_happened_who_can_mend_it_and_how(site, code):
	about = errors.explanation(code)
	assert about.what.endswith(".")
	assert about.do.endswith(".")
	assert about.who in (errors.AGENT, errors.ADMIN, errors.CUSTOMER, errors.TWILIO)
	assert set(about.actions) <= ACTIONS
	assert errors.explain(code, "Twilio's own words") == f"{about.what} {about.do}"
	assert code not in about.what + about.do
	# A button that helps nobody but a site manager goes with words that say so.
	assert errors.ACCOUNT not in about.actions or "admin" in about.do.lower()


def test_nothing_else_is_in_the_table(site):
	assert set(errors.EXPLANATIONS) == set(ALL)


def test_the_list_of_facts_holds_no_other_code(site):
	if not FACTS.exists():
		pytest.skip(f"the list of facts is not at {FACTS.parent.name}/{FACTS.name}")
	section = FACTS.read_text().split("## Errors an agent or admin meets")[1].split("\n## ")[0]
	assert set(re.findall(r"\b\d{5}\b", section)) <= set(ALL)


def test_an_unknown_code_shows_twilios_own_words_and_page(site):
	assert errors.explain("99999", "Something new") == "Something new"
	found = trouble(text(error_code="99999", error_message="Something new"))
	assert found["what"] == "Something new"
	assert found["link"].endswith("/99999")
	assert (found["do"], found["who"]) == ("", "")


def test_a_reason_without_a_code_is_shown_as_it_is(site):
	message = text(status="Blocked", error_message="The shop is closed.")
	assert label(message) == "Not delivered: The shop is closed."
	assert trouble(message)["link"] == ""


@pytest.mark.parametrize(
	("status", "words"),
	[
		("Queued", "Waiting: Old trouble"),
		("Sending", "Sending"),
		("Accepted", "Sending"),
		("Sent", "Sent"),
		("Delivered", "Delivered"),
		("Read", "Read"),
		("Undelivered", "Not delivered: Old trouble"),
		("Failed", "Not delivered: Old trouble"),
		("Blocked", "Not delivered: Old trouble"),
		("Unconfirmed", "Unconfirmed: Old trouble"),
		# Only what the site itself canceled has a reason.
		("Canceled", "Canceled: Old trouble"),
	],
)
def test_a_reason_is_shown_only_where_it_still_matters(site, status, words):
	assert label(text(status=status, error_message="Old trouble")) == words


def test_a_text_that_waits_says_why_in_the_stored_words(site):
	message = text(status="Queued", error_code="20429", error_message="Twilio is busy. It goes on by itself.")
	assert label(message) == "Waiting: Twilio is busy. It goes on by itself."
	assert label(text(status="Queued")) == "Waiting"


def test_what_was_sent_as_an_email_says_so(site):
	assert label(text(status="Canceled", sent_as_email=1)) == "Canceled (sent as e-mail)"
	assert label(text(error_code="30006", sent_as_email=1)).endswith("receive SMS. (sent as e-mail)")


@pytest.fixture
def failed(customer, sim):
	"""Give the ticket's conversation an outbound text with a given fate; returns its name."""
	ticket = ticket_of(customer.text("Hello"))

	def fail(code: str, status: str = "Undelivered", reason: str = "", body: str = "Hi") -> str:
		conversation = frappe.get_doc("Twilio SMS Conversation", ticket.twilio_sms_conversation)
		name = outbox.write(conversation, body).name
		frappe.db.after_commit.reset()
		frappe.db.set_value(
			"Twilio SMS Message",
			name,
			{
				"status": status,
				"error_code": code,
				"error_message": reason or errors.explain(code),
			},
		)
		frappe.db.commit()
		return name

	fail.ticket = ticket
	return fail


def last(person, ticket):
	answer = person.call("twilio_sms_channel.api.ticket.state", http="GET", ticket=ticket.name)
	assert answer.status_code == 200, answer.text
	return answer.json()["message"]["messages"][-1]


def test_the_agent_is_told_what_happened_and_what_fits(agent, failed):
	failed("30006")
	message = last(agent, failed.ticket)
	assert message["fate"] == "Not delivered: The customer's number is a landline and cannot receive SMS."
	assert message["error"] == {
		"code": "30006",
		"what": "The customer's number is a landline and cannot receive SMS.",
		"do": "Use e-mail or call.",
		"who": "Agent",
		"link": "https://www.twilio.com/docs/api/errors/30006",
		"actions": ["email"],
	}


def test_settings_are_offered_to_those_who_may_read_them(agent, failed):
	failed("21606")
	assert last(agent, failed.ticket)["error"]["actions"] == ["retry", "email", "number"]
	failed("20003", status="Failed")
	assert last(agent, failed.ticket)["error"]["actions"] == ["retry", "email"]
	name = failed("20003", status="Failed")
	# The form, opened by a system manager.
	doc = frappe.get_doc("Twilio SMS Message", name)
	doc.run_method("onload")
	assert doc.get("__onload").error["actions"] == ["retry", "email", "account"]


def test_sending_again_is_not_offered_to_a_customer_who_opted_out(agent, failed):
	failed("21610", status="Blocked")
	conversation = failed.ticket.twilio_sms_conversation
	assert last(agent, failed.ticket)["error"]["actions"] == ["retry", "email"]
	frappe.db.set_value("Twilio SMS Conversation", conversation, "opted_out", 1)
	frappe.db.commit()
	assert last(agent, failed.ticket)["error"]["actions"] == ["email"]


@pytest.mark.helpdesk
def test_helpdesks_feed_tells_agents_the_reason_and_customers_the_fate(agent, failed, stack):
	user = make_customer(f"portal{frappe.generate_hash(length=8)}@example.com")
	name = failed("30007", reason="<b>Filtered</b>")
	unknown = failed("99999", reason="<script>alert(1)</script>")
	frappe.db.set_value("HD Ticket", failed.ticket.name, "raised_by", user)
	frappe.db.commit()
	read = "helpdesk.helpdesk.doctype.hd_ticket.api.get_one"
	entries = {
		entry["name"]: entry
		for entry in agent.call(read, http="GET", name=failed.ticket.name).json()["message"]["communications"]
	}
	entry = entries[frappe.db.get_value("Twilio SMS Message", name, "communication")]
	assert entry["delivery_status"] == "Not delivered"
	assert "filtered the message" in entry["content"]
	assert 'href="https://www.twilio.com/docs/api/errors/30007"' in entry["content"]
	hostile = entries[frappe.db.get_value("Twilio SMS Message", unknown, "communication")]["content"]
	assert "&lt;script&gt;" in hostile
	assert "<script>" not in hostile

	portal = stack.login(user).call(read, http="GET", name=failed.ticket.name, is_customer_portal=1)
	assert portal.status_code == 200, portal.text
	assert "Not delivered" in portal.text
	for secret in ("filtered the message", "errors/30007", "alert(1)"):
		assert secret not in portal.text


def test_changed_files_are_remarked_upon(agent, failed):
	name = failed("", status="Delivered", reason=" ")
	doc = frappe.get_doc("Twilio SMS Message", name)
	doc.append("media", {"file_name": "big.png", "status": "Attached", "changed": "scaled down"})
	doc.append("media", {"file_name": "plan.pdf", "status": "Linked"})
	doc.append("media", {"file_name": "ok.png", "status": "Attached"})
	own_writes.ours(doc).save(ignore_permissions=True)
	frappe.db.commit()
	files = last(agent, failed.ticket)["media"]
	assert [file["remark"] for file in files] == ["big.png: scaled down", "plan.pdf: sent as a link", ""]
	if desks.default().has_feed:
		feed = "".join(entry["content"] for entry in tickets.feed(agent, failed.ticket))
		assert "big.png: scaled down" in feed
		assert "plan.pdf: sent as a link" in feed


class ServiceException(TwilioException):
	"""As newer releases of the SDK raise what Twilio answers by RFC 9457."""

	def __init__(self, status: int, code: int):
		self.status, self.code, self.title, self.detail = status, code, "Title", "In detail"


@pytest.mark.parametrize(
	("status", "kind"),
	[(429, errors.TryAgain), (503, errors.OutcomeUnknown), (400, errors.Refused), (401, errors.Refused)],
)
def test_an_answer_by_rfc_9457_means_what_its_status_says(site, status, kind):
	found = failures.problem(ServiceException(status, 20001), 15)
	assert type(found) is kind
	assert kind is not errors.Refused or (found.message, str(found.code)) == ("In detail", "20001")
