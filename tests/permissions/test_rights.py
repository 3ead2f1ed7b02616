"""Fields that carry rights are changed by this app's code alone: each way to write them, with those who might."""

import csv
import io
import json

import frappe
import pytest
from openpyxl import load_workbook
from support import desks
from support.people import make_agent, make_customer, make_system_manager, make_user
from support.stack import Customer, eventually, ticket_of

from twilio_sms_channel.infra import own_writes

MESSAGE, CONVERSATION = "Twilio SMS Message", "Twilio SMS Conversation"
FORGED = {"flags": {"ignore_permissions": True, own_writes.MARK: True}, own_writes.MARK: True}


def rest(person, doctype: str, name: str, values: dict):
	url = f"{person.stack.web}/api/resource/{doctype}/{name}"
	return person.session.put(url, json={**values, **FORGED}, timeout=60)


def set_value(person, doctype: str, name: str, values: dict):
	return person.call("frappe.client.set_value", doctype=doctype, name=name, fieldname={**values, **FORGED})


def save(person, doctype: str, name: str, values: dict):
	doc = json.loads(frappe.get_doc(doctype, name).as_json())
	return person.call("frappe.client.save", doc={**doc, **values, **FORGED})


def form(person, doctype: str, name: str, values: dict):
	doc = json.loads(frappe.get_doc(doctype, name).as_json())
	return person.call("frappe.desk.form.save.savedocs", doc=json.dumps({**doc, **values}), action="Save")


def bulk_update(person, doctype: str, name: str, values: dict):
	docs = json.dumps([{"doctype": doctype, "docname": name, **values}])
	return person.call("frappe.client.bulk_update", docs=docs)


def bulk_edit(person, doctype: str, name: str, values: dict):
	return person.call(
		"frappe.desk.doctype.bulk_update.bulk_update.submit_cancel_or_update_docs",
		doctype=doctype,
		docnames=json.dumps([name]),
		action="update",
		data=json.dumps(values),
	)


def calendar(person, doctype: str, name: str, values: dict):
	field, value = next(iter(values.items()))
	return person.call(
		"frappe.desk.calendar.update_event",
		args=json.dumps({"doctype": doctype, "name": name, field: value}),
		field_map=json.dumps({"start": field, "end": field, "id": "name"}),
	)


def attach(person, doctype: str, name: str, values: dict):
	return person.call(
		"frappe.client.attach_file",
		filename="x.txt",
		filedata="x",
		doctype=doctype,
		docname=name,
		docfield=next(iter(values)),
	)


WAYS = (rest, set_value, save, form, bulk_update, bulk_edit, calendar, attach)


@pytest.fixture(scope="module")
def people(stack, admin):
	return {
		"system manager": admin,
		# Both: whoever may write most.
		"agent and system manager": stack.login(
			make_agent(make_system_manager("tsms-both@example.com"), "Both", "Agent")
		),
		"agent": stack.login(make_agent("tsms-rights@example.com", "Rights", "Agent")),
		"customer": stack.login(make_customer("tsms-mallory@example.com")),
	}


@pytest.fixture
def victim(stack, sim):
	"""A text of somebody, and a ticket of the customer's own."""
	message = Customer(stack).text("My address is 5 Elm Street")
	own = frappe.get_doc({"doctype": desks.default().doctype, "subject": "Help", "description": "please"})
	own.raised_by = "tsms-mallory@example.com"
	own.insert(ignore_permissions=True)
	frappe.db.commit()
	return message, str(own.name)


@pytest.mark.parametrize("who", ["agent", "agent and system manager", "customer"])
def test_nobody_gives_a_ticket_another_conversation(people, victim, who):
	message, own = victim
	person, theirs = people[who], str(ticket_of(message).name)
	changes = {"twilio_sms_conversation": message.conversation, "twilio_sms_reply_channel": "SMS"}
	for way in WAYS:
		way(person, desks.default().doctype, own, changes)
		frappe.db.rollback()
		stored = frappe.db.get_value(desks.default().doctype, own, list(changes))
		assert not any(stored), way.__name__
	new = {"doctype": desks.default().doctype, "subject": "Mine", "description": "x", **changes}
	for doc in (new, {**new, "ticket_split_from": theirs} if who == "customer" else new):
		person.call("frappe.client.insert", doc={**doc, **FORGED})
		person.call("frappe.client.insert_many", docs=[doc])
		person.call("helpdesk.helpdesk.doctype.hd_ticket.api.new", doc=doc)
		person.session.post(
			f"{person.stack.web}/api/resource/{desks.default().doctype}", json={**doc, **FORGED}, timeout=60
		)
	frappe.db.rollback()
	assert frappe.get_all(
		desks.default().doctype, {"twilio_sms_conversation": message.conversation}, pluck="name"
	) == [ticket_of(message).name]


@pytest.mark.parametrize("who", ["agent", "agent and system manager", "customer"])
def test_nobody_marks_a_ticket(people, victim, who):
	"""Lists of tickets are filtered by what its conversation says, and by nothing that somebody wrote there."""
	message, own = victim
	doctype, theirs = desks.default().doctype, str(ticket_of(message).name)
	lies = {"twilio_sms_opted_out": 1, "twilio_sms_region": "Atlantis"}
	for way in WAYS:
		for name in (own, theirs):
			way(people[who], doctype, name, lies)
			frappe.db.rollback()
			assert frappe.db.get_value(doctype, name, list(lies)) in ((0, None), (0, "US")), way.__name__
	people[who].call("frappe.client.insert", doc={"doctype": doctype, "subject": "Marked", **lies})
	frappe.db.rollback()
	assert not frappe.db.exists(doctype, {"twilio_sms_region": "Atlantis"})
	assert not frappe.db.exists(doctype, {"subject": "Marked", "twilio_sms_opted_out": 1})


@pytest.mark.helpdesk
def test_a_customer_ties_no_ticket_to_one_with_texts(people, victim):
	message, own = victim
	theirs = str(ticket_of(message).name)
	for changes in ({"is_merged": 1, "merged_with": theirs}, {"ticket_split_from": theirs}):
		for way in (rest, set_value):
			assert way(people["customer"], desks.default().doctype, own, changes).status_code == 403
	frappe.db.rollback()
	assert frappe.db.get_value(desks.default().doctype, own, ["merged_with", "ticket_split_from"]) == (
		None,
		None,
	)
	assert not frappe.db.get_value(desks.default().doctype, theirs, "raised_by")


@pytest.mark.helpdesk
def test_a_forged_document_does_not_send_replies(people, victim, sim):
	message, own = victim
	sent = len(sim.messages(direction="outbound"))
	doc = json.loads(frappe.get_doc(desks.default().doctype, own).as_json())
	doc |= {"twilio_sms_conversation": message.conversation, "twilio_sms_reply_channel": "SMS"}
	for person in (people["agent"], people["customer"]):
		person.call(
			"run_doc_method",
			docs=json.dumps(doc),
			method="reply_via_agent",
			args={"message": "<p>Hi</p>", "to": "", "attachments": []},
		)
	frappe.db.rollback()
	assert not frappe.db.exists(MESSAGE, {"conversation": message.conversation, "direction": "Outbound"})
	assert len(sim.messages(direction="outbound")) == sent


@pytest.mark.helpdesk
def test_a_link_sends_no_reply(people, victim, stack):
	message, _own = victim
	ticket, method = ticket_of(message), "reply_via_agent"
	arguments = {"message": "<p>Hi</p>", "to": "ann@example.com"}
	at = f"{stack.web}/api"
	for url, more in (
		(f"{at}/method/run_doc_method", {"dt": desks.default().doctype, "dn": ticket.name, "method": method}),
		(f"{at}/resource/{desks.default().doctype}/{ticket.name}", {"run_method": method}),
		(f"{at}/v2/document/{desks.default().doctype}/{ticket.name}/method/{method}", {}),
	):
		answer = people["agent"].session.get(url, params={**arguments, **more}, timeout=30)
		# The first v15 knows no methods of documents under v2.
		assert answer.status_code in (403, 404) if "/v2/" in url else answer.status_code == 403, url
	frappe.db.rollback()
	assert not frappe.db.exists(
		"Communication",
		{"reference_name": ticket.name, "sent_or_received": "Sent", "content": ("like", "%Hi%")},
	)


def test_nobody_changes_what_the_app_keeps(people, victim, stack):
	message, own = victim
	theirs = str(ticket_of(message).name)
	frappe.db.set_value(CONVERSATION, message.conversation, "opted_out", 1)
	frappe.db.set_value("Twilio SMS Account", stack.account, "paused_reason", "for a test")
	frappe.db.commit()
	kept = (
		(CONVERSATION, message.conversation, "opted_out", 0),
		(CONVERSATION, message.conversation, "ticket", own),
		(CONVERSATION, message.conversation, "number", stack.other_number),
		(CONVERSATION, message.conversation, "customer_number", "+14155550199"),
		(MESSAGE, message.name, "status", "Received"),
		(MESSAGE, message.name, "body", "Something else"),
		(MESSAGE, message.name, "conversation", ""),
		(MESSAGE, message.name, "communication", ""),
		("Twilio SMS Account", stack.account, "paused_reason", ""),
		("Communication", message.communication, "reference_name", own),
		("Communication", message.communication, "communication_medium", "Email"),
	)
	try:
		for doctype, name, field, value in kept:
			before = frappe.db.get_value(doctype, name, field)
			tried = [(way, people["agent and system manager"]) for way in WAYS] + [(rest, people["agent"])]
			for way, person in tried:
				answer = way(person, doctype, name, {field: value})
				frappe.db.rollback()
				assert frappe.db.get_value(doctype, name, field) == before, (way.__name__, doctype, field)
				if way in (rest, set_value) and doctype != "Twilio SMS Account":
					assert answer.status_code == 403, (way.__name__, doctype, field)
	finally:
		frappe.db.set_value(CONVERSATION, message.conversation, "opted_out", 0)
		frappe.db.set_value("Twilio SMS Account", stack.account, "paused_reason", None)
		frappe.db.commit()
	# What is not the app's stays open: who the customer is.
	contact = frappe.get_doc({"doctype": "Contact", "first_name": "Ann Elm"}).insert()
	frappe.db.commit()
	assert rest(people["system manager"], CONVERSATION, message.conversation, {"contact": contact.name}).ok
	frappe.db.rollback()
	assert frappe.db.get_value(CONVERSATION, message.conversation, "contact") == contact.name
	assert ticket_of(message).name == frappe.get_doc(desks.default().doctype, theirs).name


def test_nobody_adds_what_the_app_writes(stack, victim):
	"""Not even Administrator, who needs no permission to."""
	message, _own = victim
	event = {"event": "Opted In", "customer_number": message.customer_number, "number": message.number}
	event |= {"occurred_at": frappe.utils.now_datetime(), "source": "Agent"}
	row = {"direction": "Outbound", "status": "Delivered", "account": stack.account, "body": "Hi"}
	row |= {"customer_number": message.customer_number, "number": message.number}
	new = (
		("Twilio SMS Consent Event", event),
		(MESSAGE, row),
		(CONVERSATION, {"number": message.number, "customer_number": "+14155550188"}),
		("Twilio SMS Pace", {"number": message.number}),
	)
	for doctype, values in new:
		with pytest.raises(frappe.PermissionError):
			frappe.get_doc({"doctype": doctype, **values, **FORGED}).insert()
	frappe.flags.in_web_form = True
	try:
		with pytest.raises(frappe.PermissionError):
			frappe.get_doc({"doctype": "Twilio SMS Consent Event", **event}).insert(ignore_permissions=True)
	finally:
		frappe.flags.in_web_form = False


@pytest.mark.parametrize("who", ["agent", "agent and system manager", "customer"])
def test_frappes_mail_endpoints_leave_texts_alone(people, victim, who):
	message, own = victim
	person = people[who]
	fields = ("reference_doctype", "reference_name", "status", "email_status", "email_account")
	before = frappe.db.get_value("Communication", message.communication, fields)
	for name in (message.communication, 0):
		relinked = {"reference_doctype": desks.default().doctype, "reference_name": own}
		assert person.call("frappe.email.relink", name=name, **relinked).status_code in (403, 417)
	inbox, about = "frappe.email.inbox.", {"communication": message.communication}
	for method, args in (
		("mark_as_closed_open", {"status": "Closed"}),
		("mark_as_trash", {}),
		("mark_as_spam", {"sender": "x@example.com"}),
		("move_email", {"email_account": "Twilio SMS Tests"}),
	):
		assert person.call(inbox + method, **about, **args).status_code == 403
	frappe.db.rollback()
	assert frappe.db.get_value("Communication", message.communication, fields) == before


@pytest.mark.helpdesk
def test_a_reply_by_rest_is_sent(people, stack, customer, sim):
	"""The method's name is in the query or in the body, and `to` is left out."""
	ticket = str(ticket_of(customer.text("Hello")).name)
	url = f"{stack.web}/api/resource/{desks.default().doctype}/{ticket}"
	session = people["agent"].session
	asked = (
		(f"{url}?run_method=reply_via_agent", {"data": {"message": "<p>in the query</p>"}}),
		(url, {"json": {"run_method": "reply_via_agent", "message": "<p>in the body</p>"}}),
		(url, {"data": {"run_method": "reply_via_agent", "message": "<p>in a form</p>"}}),
	)
	for address, given in asked:
		answer = session.post(address, timeout=60, **given)
		assert answer.ok, answer.text
	frappe.db.rollback()
	conversation = frappe.db.get_value(desks.default().doctype, ticket, "twilio_sms_conversation")
	written = frappe.get_all(MESSAGE, {"conversation": conversation, "direction": "Outbound"}, pluck="body")
	assert sorted(written) == ["in a form", "in the body", "in the query"]


@pytest.mark.helpdesk
def test_a_ticket_is_found_by_its_number_too(people, ticket):
	number = int(ticket.name)
	for asked in (number, str(number), str(ticket.name)):
		state = people["agent"].call("twilio_sms_channel.api.ticket.state", ticket=asked)
		assert state.ok, state.text
		assert state.json()["message"]["ticket"]["name"] == str(ticket.name)


def test_texts_of_a_deleted_ticket_are_seen_by_nobody_and_not_kept(people, stack, sim, picture):
	secret = f"Samarkand {frappe.generate_hash(length=8)}"
	message = Customer(stack).text(secret, media=[("elm.png", picture)])
	file = eventually(lambda: frappe.db.get_value("Twilio SMS Media", {"parent": message.name}, "file"))
	reader = stack.login(make_agent(make_user("tsms-reader@example.com", ["Inbox User"]), "Inbox", "Reader"))
	ticket, communication = ticket_of(message), message.communication
	of_message = (
		(MESSAGE, {"name": message.name}),
		("Twilio SMS Media", {"parent": message.name}),
		("Twilio SMS Conversation", {"name": message.conversation}),
	)
	by_words = json.dumps({"content": ["like", f"%{secret}%"]})

	def listed(person) -> list:
		about = {"doctype": "Communication", "filters": by_words, "fields": '["name", "content"]'}
		return person.call("frappe.client.get_list", http="GET", **about).json().get("message") or []

	assert listed(reader)
	frappe.delete_doc(desks.default().doctype, ticket.name)
	frappe.db.commit()
	eventually(lambda: not frappe.db.get_value("Communication", communication, "reference_name"))
	for person in (reader, people["customer"]):
		assert not listed(person)
		for doctype, name in (("Communication", communication), ("File", file)):
			by_name = json.dumps({"name": name})
			found = person.call("frappe.client.get_list", http="GET", doctype=doctype, filters=by_name)
			assert not found.json().get("message")
			assert person.call("frappe.client.get", http="GET", doctype=doctype, name=name).status_code == 403
			count = person.call("frappe.client.get_count", http="GET", doctype=doctype, filters=by_name)
			assert not count.json().get("message")
		for doctype, filters in of_message:
			asked = {"doctype": doctype, "filters": json.dumps(filters), "parent": MESSAGE}
			for method in ("get_list", "get_count"):
				found = person.call(f"frappe.client.{method}", http="GET", **asked)
				assert not found.json().get("message"), doctype
		assert person.call("frappe.client.get", doctype=MESSAGE, name=message.name).status_code == 403
	frappe.db.rollback()
	assert frappe.db.get_value(MESSAGE, message.name, "body") == secret
	for doctype, name in ((MESSAGE, message.name), ("Communication", communication)):
		frappe.delete_doc(doctype, name)
	assert not frappe.get_all("Deleted Document", {"data": ("like", f"%{secret}%")})
	assert frappe.db.exists("Deleted Document", {"deleted_name": message.name})


def test_the_words_of_a_deleted_entry_are_in_its_ticket_no_more(customer, sim):
	kept, deleted = customer.text("Stays here"), customer.text("Goes away")
	ticket = ticket_of(kept)
	frappe.delete_doc("Communication", deleted.communication)
	comments = frappe.db.get_value(ticket.doctype, ticket.name, "_comments")
	assert "Stays here" in comments and "Goes away" not in comments


@pytest.mark.parametrize("quoting", [0, 2])
def test_an_export_holds_no_formulas(people, stack, sim, quoting):
	person, texts = (
		people["system manager"],
		["=cmd|'/C calc'!A0", "+1+1", "@SUM(1)", "-2+3", "+1 415 555 0132"],
	)
	names = [Customer(stack).text(body).name for body in texts]
	args = {"doctype": MESSAGE, "fields": json.dumps([f"`tab{MESSAGE}`.`body`"]), "title": "x"}
	args |= {"filters": json.dumps([[MESSAGE, "name", "in", names]]), "view": "Report"}
	export = "frappe.desk.reportview.export_query"
	asked = {"csv_quoting": quoting, "csv_delimiter": ";", "file_format_type": "CSV"}
	answer = person.call(export, http="GET", **args, **asked)
	rows = list(csv.reader(io.StringIO(answer.text), delimiter=";"))
	assert {row[1] for row in rows[1:]} == {*(f"'{text}" for text in texts[:4]), texts[4]}
	if quoting:
		answer = person.call(export, http="GET", **args, file_format_type="Excel")
		sheet = load_workbook(io.BytesIO(answer.content)).active
		cells = {row[1].value: row[1].data_type for row in sheet.iter_rows(min_row=2)}
		assert cells == dict.fromkeys(texts, "s")
