"""Text messages in ERPNext's Issues."""

import frappe
import pytest
from frappe.core.utils import get_parent_doc
from frappe.utils import add_days, now_datetime
from support.stack import Customer, eventually, ticket_of
from support.users import make_user

from twilio_sms_channel.desks.base import TextTicket
from twilio_sms_channel.desks.registry import desk_of
from twilio_sms_channel.messaging.conversation import timeline
from twilio_sms_channel.people import contacts

pytestmark = pytest.mark.erpnext
STATE = "twilio_sms_channel.api.ticket.state"
REACTION = "\u200aLiked\u200b “My order 4711 is late”"


def facts(issue, *fields) -> list:
	frappe.db.rollback()
	return [frappe.db.get_value("Issue", issue.name, field) for field in fields]


def of(ticket, about: str) -> list[str]:
	return frappe.get_all("Comment", {"reference_name": ticket.name, "comment_type": about}, pluck="content")


def test_a_text_opens_an_issue(customer, issue):
	assert issue.doctype == "Issue" and isinstance(issue, TextTicket)
	assert (issue.subject, issue.status) == ("My order 4711 is late", "Open")
	assert (issue.raised_by or "", issue.description, issue.via_customer_portal) == ("", None, 0)
	assert issue.is_text_ticket and issue.replies_by_text
	assert issue.company == frappe.db.get_default("Company")
	contact = frappe.get_doc("Contact", issue.contact)
	assert [row.twilio_sms_e164 for row in contact.phone_nos] == [customer.number]
	entries = frappe.get_all(
		"Communication",
		{"reference_doctype": "Issue", "reference_name": issue.name},
		["communication_medium"],
	)
	assert [entry.communication_medium for entry in entries] == ["SMS"]


def test_the_customer_is_the_contacts_and_the_address_no_colleagues(stack, customer, supporter):
	shop = frappe.get_doc({"doctype": "Customer", "customer_name": f"Shop of {customer.number}"}).insert()
	contact = frappe.get_doc({"doctype": "Contact", "first_name": f"Ann {customer.number}"})
	contact.append("phone_nos", {"phone": customer.number})
	contact.append("email_ids", {"email_id": supporter.user, "is_primary": 1})
	contact.append("links", {"link_doctype": "Customer", "link_name": shop.name})
	contact.insert()
	frappe.db.commit()
	issue = ticket_of(customer.text("Hello"))
	assert (issue.contact, issue.customer, issue.raised_by or "") == (contact.name, shop.name, "")
	address = f"{frappe.generate_hash(length=8)}@example.com"
	contact.reload()
	contact.email_ids = []
	contact.append("email_ids", {"email_id": address, "is_primary": 1})
	contact.save()
	frappe.delete_doc("Issue", issue.name, force=True)
	frappe.db.commit()
	assert ticket_of(customer.text("Hello again")).raised_by == address


def test_a_number_says_what_its_issues_get(stack):
	kind = frappe.get_doc({"doctype": "Issue Type", "name": "Late", "__newname": "Late"})
	if not frappe.db.exists("Issue Type", "Late"):
		kind.insert()
	number = stack.add_number(issue_type="Late", issue_priority="High")
	if frappe.get_meta("Twilio SMS Number").has_field("tickets_go_to"):
		frappe.db.set_value("Twilio SMS Number", number, "tickets_go_to", "ERPNext")
		frappe.db.commit()
	issue = ticket_of(Customer(stack).text("Where is it?", to=number))
	assert (issue.issue_type, issue.priority) == ("Late", "High")


def test_an_issue_without_address_gets_nobody_elses_when_an_agent_saves_it(supporter, issue):
	answer = supporter.session.put(
		f"{supporter.stack.web}/api/resource/Issue/{issue.name}", json={"priority": "Low"}
	)
	assert answer.status_code == 200, answer.text
	assert facts(issue, "priority", "raised_by", "lead") == ["Low", "", None]
	frappe.get_doc("Issue", issue.name).save()
	assert frappe.db.get_value("Issue", issue.name, "raised_by") == ""


@pytest.mark.parametrize("how", ["by form", "by list"])
def test_a_text_reopens_what_was_closed(customer, issue, how):
	if how == "by form":
		issue.status = "Closed"
		issue.save()
	else:
		frappe.db.set_value("Issue", issue.name, "status", "Closed")
	frappe.db.commit()
	resolved = desk_of("Issue").resolve_ticket(issue.name).resolved_at
	assert resolved and abs((resolved - now_datetime()).total_seconds()) < 60
	assert ticket_of(customer.text("And now?")).name == issue.name
	assert facts(issue, "status") == ["Open"]
	assert timeline.REOPENED in of(issue, "Info")


def test_what_was_closed_long_ago_gives_a_new_issue(customer, issue):
	long_ago = add_days(now_datetime(), -30)
	frappe.db.set_value(
		"Issue", issue.name, {"status": "Closed", "modified": long_ago}, update_modified=False
	)
	frappe.db.commit()
	assert ticket_of(customer.text("Another matter")).name != issue.name


def test_a_reaction_leaves_what_was_closed_as_it_is(customer, issue):
	frappe.db.set_value("Issue", issue.name, "status", "Closed")
	frappe.db.commit()
	message = customer.text("Liked “My order 4711 is late”")
	assert facts(issue, "status") == ["Closed"]
	assert ticket_of(message).name == issue.name
	assert frappe.db.get_value("Communication", message.communication, "communication_medium") == "SMS"


def test_who_is_an_agent(stack, supporter):
	desk = desk_of("Issue")
	assert desk.is_agent("Administrator") and desk.is_agent(supporter.user)
	website = make_user("tsms-website@example.com", ["Customer"])
	clerk = make_user("tsms-clerk@example.com", ["Blogger"], user_type="System User")
	assert not any(desk.is_agent(user) for user in (website, clerk, "Guest", "nobody@example.com"))


def test_an_agent_answers_in_the_composer_and_the_customer_gets_it(supporter, customer, issue):
	answer = supporter.call(
		"twilio_sms_channel.api.ticket.reply", ticket=issue.name, ticket_doctype="Issue", message="Soon"
	)
	assert answer.status_code == 200, answer.text
	eventually(lambda: [message.body for message in customer.inbox()] == ["Soon"])
	state = supporter.call(STATE, "GET", ticket=issue.name, ticket_doctype="Issue").json()["message"]
	assert [message["body"] for message in state["messages"]] == ["My order 4711 is late", "Soon"]
	assert facts(issue, "first_responded_on")[0]


def test_whoever_made_an_issue_for_a_customer_is_not_mailed_instead(supporter, customer):
	address = f"{frappe.generate_hash(length=8)}@example.com"
	contact = frappe.get_doc({"doctype": "Contact", "first_name": f"Ann {customer.number}"})
	contact.append("phone_nos", {"phone": customer.number})
	contact.append("email_ids", {"email_id": address, "is_primary": 1})
	contact.insert()
	frappe.db.commit()
	made = supporter.session.post(
		f"{supporter.stack.web}/api/resource/Issue", json={"subject": "Called us", "contact": contact.name}
	).json()["data"]
	assert made["raised_by"] == supporter.user
	about = {"ticket": made["name"], "ticket_doctype": "Issue"}
	start = {"to": customer.number, "number": supporter.stack.number, "message": "We are on it"}
	for method, args in (("start", start), ("switch_channel", {"channel": "Email"})):
		answer = supporter.call(f"twilio_sms_channel.api.ticket.{method}", **about, **args)
		assert answer.status_code == 200, answer.text
	assert answer.json()["message"]["email"] == address
	frappe.db.rollback()
	assert frappe.db.get_value("Issue", made["name"], "raised_by") == address


def test_whoever_made_an_issue_for_a_customer_does_not_get_their_number(supporter, customer):
	own = frappe.get_doc({"doctype": "Contact", "first_name": "Katherine"})
	own.append("email_ids", {"email_id": supporter.user, "is_primary": 1})
	own.insert()
	frappe.db.commit()
	try:
		made = supporter.session.post(
			f"{supporter.stack.web}/api/resource/Issue", json={"subject": "Called us"}
		).json()["data"]
		assert made["contact"] == own.name
		about = {"ticket": made["name"], "ticket_doctype": "Issue"}
		assert supporter.call(STATE, "GET", **about).json()["message"]["customer"] == ""
		start = {"to": customer.number, "number": supporter.stack.number, "message": "We are on it"}
		answer = supporter.call("twilio_sms_channel.api.ticket.start", **about, **start)
		assert answer.status_code == 200, answer.text
		frappe.db.rollback()
		contact = frappe.db.get_value("Issue", made["name"], "contact")
		assert contacts.numbers_of(contact) == [customer.number] and contact != own.name
		assert contacts.numbers_of(own.name) == []
	finally:
		frappe.db.rollback()
		frappe.delete_doc("Contact", own.name, force=True)
		frappe.db.commit()


def test_saving_an_issue_for_a_message_asks_nobody_to_fill_in_fields(issue, monkeypatch):
	"""As ERPNext's service level agreements save it, when a message changes the status."""
	about = {"reference_doctype": "Issue", "reference_name": issue.name, "communication_medium": "SMS"}
	entry = frappe.get_doc("Communication", about)
	entry.run_method("on_update")
	saved = get_parent_doc(entry)
	monkeypatch.setattr(saved.meta.get_field("project"), "reqd", 1)
	saved.save(ignore_permissions=True)
	with pytest.raises(frappe.MandatoryError):
		frappe.get_doc("Issue", issue.name).save()


def test_a_saved_reply_is_an_email_template(supporter, issue):
	name = f"Late {frappe.generate_hash(length=6)}"
	words = {"subject": "Late", "response": "<p>About {{ subject }}: we are on it.</p>"}
	frappe.get_doc({"doctype": "Email Template", "name": name, "__newname": name, **words}).insert()
	frappe.db.commit()
	about = {"ticket": issue.name, "ticket_doctype": "Issue"}
	found = supporter.call("twilio_sms_channel.api.ticket.saved_replies", "GET", query=name, **about)
	assert [row["name"] for row in found.json()["message"]] == [name]
	said = supporter.call("twilio_sms_channel.api.ticket.saved_reply", "GET", name=name, **about).json()[
		"message"
	]
	assert said == {"text": "About My order 4711 is late: we are on it.", "title": name, "actions": []}


def test_assignees_are_told_of_a_text(supporter, customer, issue):
	from frappe.desk.form.assign_to import add

	add({"doctype": "Issue", "name": issue.name, "assign_to": [supporter.user]})
	frappe.db.commit()
	customer.text("Hello?")
	told = {"document_name": issue.name, "for_user": supporter.user, "type": "Alert"}
	assert eventually(lambda: frappe.db.count("Notification Log", told)) == 1


def test_a_renamed_issue_goes_on(customer, issue):
	new = f"{issue.name}-A"
	frappe.rename_doc("Issue", issue.name, new)
	frappe.db.commit()
	assert ticket_of(customer.text("Still there?")).name == new


def test_issues_renamed_into_one_go_on_as_one(stack, customer, issue):
	other = Customer(stack)
	into = ticket_of(other.text("The same matter"))
	frappe.rename_doc("Issue", issue.name, into.name, merge=True)
	frappe.db.commit()
	assert ticket_of(customer.text("Still there?")).name == into.name
	assert ticket_of(other.text("Me too")).name == into.name
	(note,) = [note for note in of(into, "Comment") if "replies from here go to" in note]
	assert customer.number[-4:] in note and other.number[-4:] in note


def test_an_email_issue_that_one_with_messages_is_renamed_into_can_be_answered_by_text(
	supporter, customer, issue
):
	by_mail = frappe.get_doc({"doctype": "Issue", "subject": "By mail", "raised_by": "eve@example.com"})
	by_mail.insert()
	frappe.db.commit()
	frappe.rename_doc("Issue", issue.name, by_mail.name, merge=True)
	frappe.db.commit()
	assert ticket_of(customer.text("Still there?")).name == by_mail.name
	assert facts(by_mail, "twilio_sms_reply_channel", "raised_by") == ["Email", "eve@example.com"]
	about = {"ticket": by_mail.name, "ticket_doctype": "Issue"}
	for method, args in (("switch_channel", {"channel": "SMS"}), ("reply", {"message": "Yes"})):
		answer = supporter.call(f"twilio_sms_channel.api.ticket.{method}", **about, **args)
		assert answer.status_code == 200, answer.text
	eventually(lambda: [message.body for message in customer.inbox()] == ["Yes"])


def test_after_an_issue_was_deleted_the_next_text_opens_another(customer, issue):
	frappe.delete_doc("Issue", issue.name, force=True)
	frappe.db.commit()
	stranger = frappe.get_doc({"doctype": "Issue", "subject": "By mail", "raised_by": "eve@example.com"})
	stranger.insert(set_name=issue.name)
	frappe.db.commit()
	assert ticket_of(customer.text("Hello again")).name != issue.name


def test_the_next_issue_does_not_get_the_name_of_one_that_was_deleted(stack, issue):
	"""A worker of Frappe unlinks what names the deleted one, when it comes to it."""
	frappe.delete_doc("Issue", issue.name, force=True)
	frappe.db.commit()
	assert ticket_of(Customer(stack).text("Another matter")).name != issue.name
	kept = frappe.db.get_value("Deleted Document", {"deleted_name": issue.name}, "data")
	assert frappe.parse_json(kept)["naming_series"] == issue.naming_series


def test_an_issue_that_erpnext_closed_by_itself_is_reopened(customer, issue):
	from erpnext.support.doctype.issue.issue import auto_close_tickets

	long_ago = add_days(now_datetime(), -8)
	frappe.db.set_value(
		"Issue", issue.name, {"status": "Replied", "modified": long_ago}, update_modified=False
	)
	auto_close_tickets()
	frappe.db.commit()
	assert facts(issue, "status") == ["Closed"]
	assert ticket_of(customer.text("It is back")).name == issue.name
	assert facts(issue, "status") == ["Open"]
