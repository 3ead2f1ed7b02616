"""What screens are told about a ticket's text conversation, and what they can put into a reply."""

import frappe
import pytest
from support import desks
from support.people import make_agent, make_user
from support.stack import ticket_of

from twilio_sms_channel.content import text
from twilio_sms_channel.desks.helpdesk import saved_replies
from twilio_sms_channel.desks.registry import desk_of
from twilio_sms_channel.people import phone

STATE = "twilio_sms_channel.api.ticket.state"
SAVED_REPLIES = "twilio_sms_channel.api.ticket.saved_replies"
SAVED_REPLY = "twilio_sms_channel.api.ticket.saved_reply"
IN_BOX = "helpdesk.api.saved_replies.get_rendered_saved_reply"
PEOPLE = "twilio_sms_channel.api.ticket.people"
BOOT = "twilio_sms_channel.api.screen.boot"


@pytest.fixture
def ticket(customer, sim):
	return ticket_of(customer.text("My <b>order</b> 4711 & more"))


def state(agent, ticket) -> dict:
	answer = agent.call(STATE, http="GET", ticket=str(ticket.name))
	assert answer.status_code == 200, answer.text
	return answer.json()["message"]


def save_reply(title: str, message: str, **fields) -> str:
	name = desks.default().saved_reply(title, message, **fields).name
	frappe.db.commit()
	return name


def test_what_a_screen_is_told(agent, stack, ticket):
	told = state(agent, ticket)
	assert told["ticket"] == {"name": str(ticket.name), "subject": ticket.subject}
	assert told["ticket_doctype"] == ticket.doctype
	assert told["from"]["mms"] is True
	assert told["limits"]["files"] == 10 and told["limits"]["bytes"] == 5 * 1024 * 1024
	assert "image/jpeg" in told["limits"]["types"] and "image/svg+xml" not in told["limits"]["types"]
	assert told["limits"]["no_files"] == "" and told["limits"]["others"] == "Refuse"
	assert told["newest"] == told["messages"][-1]["name"]
	assert told["cost"] is None and told["earlier"] == 0


def test_a_number_without_mms_says_why_files_cannot_go_along(agent, stack, customer, sim):
	number = stack.add_number(mms_enabled=0, unsendable_files="Refuse")
	told = state(agent, ticket_of(customer.text("Hi", to=number)))
	assert told["limits"]["types"] == [] and "cannot send files" in told["limits"]["no_files"]
	frappe.db.set_value("Twilio SMS Number", number, "unsendable_files", "Send as Link")
	frappe.clear_document_cache("Twilio SMS Number", number)
	frappe.db.commit()
	assert state(agent, ticket_of(customer.text("Hi again", to=number)))["limits"]["no_files"] == ""


def test_the_cost_of_a_conversation_so_far(agent, stack, ticket):
	newest = state(agent, ticket)["newest"]
	frappe.db.set_value("Twilio SMS Message", newest, {"price": 0.0079, "price_unit": "USD"})
	frappe.db.commit()
	cost = state(agent, ticket)["cost"]
	assert cost == {"amount": 0.0079, "currency": "USD", "text": cost["text"]}
	assert "0.0079" in cost["text"]


def test_why_texts_wait_while_an_account_is_paused(agent, stack, ticket):
	from twilio_sms_channel.messaging.delivery import account_pause

	assert state(agent, ticket)["waiting_because"] == ""
	account_pause.pause(stack.account, "20003", "Authenticate")
	frappe.db.commit()
	try:
		assert "Twilio rejected this account's credentials." in state(agent, ticket)["waiting_because"]
	finally:
		account_pause.look_again()


def test_other_tickets_of_the_same_number_are_counted(agent, stack, customer, sim):
	number = stack.add_number(threading_policy="Always a new ticket")
	first, second = (ticket_of(customer.text(body, to=number)) for body in ("One", "Two"))
	assert first.name != second.name
	assert state(agent, second)["earlier"] == 1


def test_an_email_ticket_says_whom_it_could_text(agent, stack):
	contact = frappe.get_doc(
		{
			"doctype": "Contact",
			"first_name": "Nora",
			"phone_nos": [
				{"phone": "(907) 555-0155"},
				{"phone": "+1 907 555 0166", "is_primary_mobile_no": 1},
			],
		}
	).insert()
	ticket = desks.default().make_ticket(
		subject="By mail", contact=contact.name, raised_by="nora@example.com"
	)
	frappe.db.commit()
	told = state(agent, ticket)
	assert told["channel"] is None and told["messages"] == []
	assert told["customer"] == "Nora" and told["email"] == "nora@example.com"
	# The site's country is what a number without a country code is of.
	assert told["can_start"][0] == {"number": "+19075550166", "display": "+1 907-555-0166"}


def test_saved_replies_are_found_and_filled_in_as_plain_text(agent, stack, ticket):
	title = f"Greeting {frappe.generate_hash(length=6)}"
	name = save_reply(
		title,
		"<p>Hi, about <b>{{ subject }}</b>:</p><ul><li>on its way</li></ul><p>{{ first_name }}</p>",
	)
	found = agent.call(SAVED_REPLIES, http="GET", ticket=str(ticket.name), query=title[-6:]).json()["message"]
	assert found == [{"name": name, "title": title, "source": desks.default().saved_replies}]
	assert not agent.call(SAVED_REPLIES, http="GET", ticket=str(ticket.name), query="100%_").json()["message"]
	said = agent.call(SAVED_REPLY, http="GET", ticket=str(ticket.name), name=name).json()["message"]["text"]
	first_name = frappe.db.get_value("User", agent.user, "first_name")
	assert said.startswith(f"Hi, about {ticket.subject}:") and said.endswith(first_name)
	assert "on its way" in said and "<" not in said.replace(ticket.subject, "")


def test_a_saved_reply_cannot_tell_what_only_the_user_may_know(agent, stack, ticket):
	frappe.db.set_value("User", agent.user, "reset_password_key", "planted-secret")
	name = save_reply(f"Secrets {frappe.generate_hash(length=6)}", "[{{ reset_password_key }}]")
	said = agent.call(SAVED_REPLY, http="GET", ticket=str(ticket.name), name=name).json()["message"]["text"]
	assert "planted" not in said


def test_a_saved_reply_cannot_tell_a_field_of_the_ticket_that_the_agent_may_not_read(
	agent, ticket, monkeypatch
):
	name = save_reply(f"Levels {frappe.generate_hash(length=6)}", "[{{ status }}][{{ doc.status }}]")
	frappe.set_user(agent.user)
	read_again = frappe.get_doc(ticket.doctype, ticket.name)
	monkeypatch.setattr(read_again.meta.get_field("status"), "permlevel", 7)
	said = desk_of(ticket.doctype).saved_reply(read_again, name).text
	assert ticket.status not in said


def test_what_ticket_and_user_both_have_is_the_tickets_in_a_saved_reply(agent, stack, ticket):
	"""A text cannot be recalled: an agent's address must not be where the ticket's number was meant."""
	template = "Ticket {{ name }}: {{ doc.subject }} {{ doc.name }}. {{ full_name }}"
	name = save_reply(f"Number {frappe.generate_hash(length=6)}", template)
	said = agent.call(SAVED_REPLY, http="GET", ticket=str(ticket.name), name=name).json()["message"]["text"]
	full_name = frappe.db.get_value("User", agent.user, "full_name")
	assert said == f"Ticket {ticket.name}: {ticket.subject} {ticket.name}. {full_name}"


def test_what_is_empty_says_nothing_in_a_saved_reply(agent, stack, ticket):
	frappe.db.set_value("User", agent.user, "mobile_no", None)
	name = save_reply(f"Call {frappe.generate_hash(length=6)}", "Call me: [{{ mobile_no }}]")
	said = agent.call(SAVED_REPLY, http="GET", ticket=str(ticket.name), name=name).json()["message"]["text"]
	assert said == "Call me: []"


def test_a_saved_reply_that_never_ends_is_refused(agent, stack, ticket):
	name = save_reply(f"Long {frappe.generate_hash(length=6)}", "{{ 'x' * 1000000 }}")
	answer = agent.call(SAVED_REPLY, http="GET", ticket=str(ticket.name), name=name)
	assert answer.status_code == 417 and "cannot be filled in" in answer.text


READS_ALL = (
	"{{ frappe.get_doc('Twilio SMS Account', account).get_password('auth_token') }}",
	"{{ frappe.db.get_value('Twilio SMS Account', account, 'account_sid') }}",
	"{{ frappe.db.sql('select name from tabUser') }}",
	"{{ frappe.get_all('Communication') }}",
	"{{ frappe.session.user }}{{ frappe.get_hooks }}{{ frappe.utils.get_url }}{{ get_password }}",
	"{{ frappe.utils.nowdate.__globals__ }}",
	"{{ _.__globals__['frappe'] }}",
	"{{ doc.__class__.__mro__ }}",
	"{% include 'templates/base.html' %}",
)


@pytest.mark.parametrize("template", READS_ALL)
def test_a_saved_reply_reads_nothing_but_its_ticket_and_user(agent, stack, ticket, template):
	"""Agents write saved replies of their own, and Frappe's templates read whatever the site has."""
	sid = frappe.db.get_value("Twilio SMS Account", stack.account, "account_sid")
	template = template.replace("account)", f"'{stack.account}')").replace("account,", f"'{stack.account}',")
	name = save_reply(f"Curious {frappe.generate_hash(length=6)}", f"[{template}]")
	answer = agent.call(SAVED_REPLY, http="GET", ticket=str(ticket.name), name=name)
	told = answer.json()["message"]["text"] if answer.status_code == 200 else ""
	assert answer.status_code == 417 or "{{" in told or told == "[]", told
	token = frappe.get_doc("Twilio SMS Account", stack.account).get_password("auth_token")
	assert not any(secret in answer.text for secret in (token, sid, "Administrator"))


def test_a_saved_reply_writes_dates_as_the_user_does(agent, stack, ticket):
	template = (
		"{{ frappe.utils.formatdate('2026-11-27', 'dd.MM.yyyy') }} {{ frappe.format_date('2026-11-27') }}"
	)
	name = save_reply(f"Dates {frappe.generate_hash(length=6)}", template)
	said = agent.call(SAVED_REPLY, http="GET", ticket=str(ticket.name), name=name).json()["message"]["text"]
	assert said.startswith("27.11.2026 ") and "2026" in said[11:]


@pytest.mark.parametrize("template", ["{{ 1 / }}", "{{ 1 + 'a' }}", "{{ doc.nothing.at.all }}", "{% for %}"])
def test_a_saved_reply_that_cannot_be_filled_in_says_so(agent, stack, ticket, template):
	name = save_reply(f"Broken {frappe.generate_hash(length=6)}", template)
	answer = agent.call(SAVED_REPLY, http="GET", ticket=str(ticket.name), name=name)
	assert answer.status_code == 417
	assert "cannot be filled in for this ticket" in answer.text and "Traceback" not in answer.json().get(
		"_server_messages", ""
	)


def test_a_saved_reply_for_a_ticket_that_is_not_there_yet(agent, stack):
	"""What starts a conversation: fields of the user are known, those of the ticket are not, and no hole is sent."""
	full_name = frappe.db.get_value("User", agent.user, "full_name")
	title = f"Hello {frappe.generate_hash(length=6)}"
	known = save_reply(title, "<p>Hello, this is {{ full_name }}.</p>")
	unknown = save_reply(f"{title} ticket", "<p>About {{ subject }}, ticket {{ name }}</p>")
	of_number = {"number": stack.number}
	found = agent.call(SAVED_REPLIES, http="GET", query=title, **of_number).json()["message"]
	assert {row["name"] for row in found} == {known, unknown}
	said = agent.call(SAVED_REPLY, http="GET", name=known, **of_number).json()["message"]
	assert said["text"] == f"Hello, this is {full_name}."
	refused = agent.call(SAVED_REPLY, http="GET", name=unknown, **of_number)
	assert (
		refused.status_code == 417 and "there is none yet" in refused.text and agent.user not in refused.text
	)


def test_a_saved_reply_for_a_new_ticket_is_for_agents(stack):
	stranger = stack.login(make_user("tsms-portal@example.com", []))
	for endpoint, args in ((SAVED_REPLIES, {}), (SAVED_REPLY, {"name": "None of ours"})):
		assert stranger.call(endpoint, http="GET", number=stack.number, **args).status_code == 403


@pytest.fixture
def own_rendering(monkeypatch):
	"""A Helpdesk that fills in saved replies without evaluating them, as its versions after 1.28 do."""
	theirs = pytest.importorskip("helpdesk.api.saved_replies")
	if not saved_replies.has_own():
		actions = [{"action_type": "Set Status", "value": "Replied", "label": "Replied"}]

		def rendered(ticket_id, saved_reply_id=None):
			return {"title": "Own", "message": f"<p>Own, of {ticket_id}</p>", "actions": actions}

		monkeypatch.setattr(theirs, "render_saved_reply", None, raising=False)
		monkeypatch.setattr(theirs, "get_rendered_saved_reply", rendered)
	return theirs


@pytest.mark.helpdesk
def test_helpdesks_own_rendering_is_used_where_it_has_one(agent, ticket, own_rendering):
	name = save_reply(f"Own {frappe.generate_hash(length=6)}", "<p>Own, of {{ name }}</p>")
	frappe.set_user(agent.user)
	found = desk_of(ticket.doctype).saved_reply(ticket, name)
	assert found.text == f"Own, of {ticket.name}"
	assert isinstance(found.actions, list)


@pytest.mark.helpdesk
def test_the_reply_box_gets_the_same_words_as_the_composer(agent, stack, ticket):
	if desks.default().saved_replies != "HD Saved Reply":
		pytest.skip("before v1.19 the browser puts canned responses in as they are")
	template = "<p>Ticket {{ name }}: {{ doc.subject }}. {{ first_name }}</p>"
	name = save_reply(f"Box {frappe.generate_hash(length=6)}", template)
	broken = save_reply(f"Broken {frappe.generate_hash(length=6)}", "{{ 1 / }}")
	asked = {"ticket_id": str(ticket.name)}
	boxed = agent.call(IN_BOX, http="GET", saved_reply_id=name, **asked).json()["message"]
	html = boxed if isinstance(boxed, str) else boxed["message"]
	composed = agent.call(SAVED_REPLY, http="GET", ticket=str(ticket.name), name=name).json()["message"]
	assert text.from_html(html) == composed["text"]
	assert str(ticket.name) in composed["text"] and agent.user not in composed["text"]
	refused = agent.call(IN_BOX, http="GET", saved_reply_id=broken, **asked)
	assert refused.ok or "cannot be filled in" in refused.text
	assert "Traceback" not in refused.json().get("_server_messages", "")
	stranger = stack.login(make_user("tsms-portal@example.com", []))
	assert stranger.call(IN_BOX, http="GET", saved_reply_id=name, **asked).status_code == 403


@pytest.mark.helpdesk
def test_somebody_elses_personal_reply_is_not_for_others(agent, stack, ticket):
	source = desks.default().saved_replies
	if source != "HD Saved Reply":
		pytest.skip("canned responses are everybody's")
	other = make_agent("tsms-writer@example.com")
	name = save_reply(f"Mine {frappe.generate_hash(length=6)}", "Only mine", scope="Personal")
	frappe.db.set_value(source, name, "owner", other)
	frappe.db.commit()
	assert agent.call(SAVED_REPLY, http="GET", ticket=str(ticket.name), name=name).status_code == 403
	found = agent.call(SAVED_REPLIES, http="GET", ticket=str(ticket.name), query="Mine").json()["message"]
	assert name not in [row["name"] for row in found]


def test_people_are_found_by_their_names(chooser, customer):
	surname = f"Näher {frappe.generate_hash(length=6)}"
	with_number, without = (
		frappe.get_doc(
			{"doctype": "Contact", "first_name": first, "last_name": surname, "phone_nos": phones}
		).insert()
		for first, phones in (("Ann", [{"phone": customer.number, "is_primary_mobile_no": 1}]), ("Bob", []))
	)
	frappe.db.commit()

	def found(query: str) -> list:
		return chooser.call(PEOPLE, http="GET", query=query).json()["message"]

	display = phone.display(customer.number)
	person = {"contact": with_number.name, "name": f"Ann {surname}"}
	assert found(surname) == [{**person, "numbers": [{"number": customer.number, "display": display}]}]
	assert found(f"{surname[-6:]} ann") == found(surname)
	assert found("") == found("%") == found(f"{surname} nobody") == []
	assert without.name not in str(found(surname))


def test_only_agents_get_the_components(agent, stack):
	told = agent.call(BOOT, http="GET").json()["message"]
	assert told["script"].startswith("/assets/") and "twilio_sms.bundle" in told["script"]
	assert told["desk"] in ("/app", "/desk") and told["rtl"] is False
	customer = stack.login(make_user("tsms-portal@example.com", []))
	assert customer.call(BOOT, http="GET").json()["message"] == {}
