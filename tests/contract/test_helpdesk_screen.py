"""What the channel plugs into: dotted paths, form scripts, saved replies, live events, the sidebar."""

import inspect
import re
from pathlib import Path

import frappe
import helpdesk
import pytest
from helpdesk.helpdesk.doctype.hd_form_script.hd_form_script import get_form_script
from helpdesk.utils import publish_event
from helpdesk_records import make_ticket
from helpdesk_versions import COMMENT_EVENT, EVENTS_HAVE_ROOMS, HAS_SAVED_REPLIES, RELEASE
from records import acting_as, make_communication

pytestmark = pytest.mark.usefixtures("settings")

UPDATE = "helpdesk:ticket-update"
FIELD_TYPES = {
	"HD Form Script": {
		"dt": "Link",
		"apply_to": "Select",
		"enabled": "Check",
		"script": "Code",
		"apply_to_customer_portal": "Check",
		"apply_on_new_page": "Check",
		"is_standard": "Check",
	},
	"HD Agent": {"user": "Link", "agent_name": "Data"},
	"HD Team": {"team_name": "Data", "users": "Table MultiSelect", "assignment_rule": "Link"},
	"HD Team Member": {"user": "Link"},
	"HD Notification": {
		"user_from": "Link",
		"user_to": "Link",
		"notification_type": "Select",
		"reference_ticket": "Link",
		"message": "Text",
	},
	"HD Settings": {
		"send_acknowledgement_email": "Check",
		"skip_email_workflow": "Check",
		"restrict_tickets_by_agent_group": "Check",
		"default_ticket_type": "Link",
		"default_priority": "Link",
	},
	"HD Ticket Template": {"template_name": "Data", "fields": "Table"},
	"HD Ticket Template Field": {"fieldname": "Data", "required": "Check", "hide_from_customer": "Check"},
}


def live_events() -> list:
	"""What goes out with the commit: [event, message, room]."""
	return [[event, message, room] for event, message, room, *_ in getattr(frappe.local, "_realtime_log", [])]


def make_script(name: str, **fields):
	return frappe.get_doc(
		{
			"doctype": "HD Form Script",
			"name": name,
			"__newname": name,
			"dt": "HD Ticket",
			"apply_to": "Form",
			"enabled": 1,
			"script": f"function setupForm() {{ return {{ actions: ['{name}'] }} }}",
			**fields,
		}
	).insert()


def test_the_release_can_be_read():
	assert re.match(r"\d+\.\d+\.\d+", helpdesk.__version__)
	assert RELEASE >= (1, 14)


@pytest.mark.parametrize("doctype", FIELD_TYPES)
def test_fields(doctype):
	meta = frappe.get_meta(doctype)
	types = {name: getattr(meta.get_field(name), "fieldtype", None) for name in FIELD_TYPES[doctype]}
	assert types == FIELD_TYPES[doctype]


def test_records_that_every_helpdesk_has():
	for doctype, names in (
		("Role", ("Agent", "Agent Manager")),
		("HD Ticket Priority", ("Urgent", "High", "Medium", "Low")),
		("HD Ticket Type", ("Unspecified",)),
		("HD Ticket Template", ("Default",)),
	):
		for name in names:
			assert frappe.db.exists(doctype, name), name


def test_a_form_script_reaches_agents_and_not_the_portal():
	script = make_script("Contract Script").script
	scripts = get_form_script("HD Ticket")
	assert script in scripts
	assert script not in (get_form_script("HD Ticket", is_customer_portal=True) or "")
	assert script not in (get_form_script("HD Ticket", apply_on_new_page=True) or "")


def test_a_disabled_form_script_reaches_nobody():
	script = make_script("Contract Script", enabled=0).script
	assert script not in (get_form_script("HD Ticket") or "")


def test_a_form_script_that_is_not_standard_can_be_toggled_and_deleted():
	script = make_script("Contract Script")
	script.enabled = 0
	script.save()
	script.delete()
	assert not frappe.db.exists("HD Form Script", script.name)


@pytest.mark.skipif(not HAS_SAVED_REPLIES, reason="HD Canned Response before v1.19")
def test_a_saved_reply_is_rendered_with_ticket_and_user(grace, carol):
	from helpdesk.api.saved_replies import get_rendered_saved_reply

	ticket = make_ticket(subject="No water")
	reply = frappe.get_doc(
		{
			"doctype": "HD Saved Reply",
			"title": "Contract Reply",
			"scope": "Global",
			"message": "<p>About {{ subject }}, {{ first_name }}</p>",
		}
	).insert()
	with acting_as(grace):
		html = get_rendered_saved_reply(str(ticket.name), reply.name)
	assert "<p>About No water, Grace</p>" in html
	with acting_as(carol), pytest.raises(frappe.PermissionError):
		get_rendered_saved_reply(str(ticket.name), reply.name)


@pytest.mark.skipif(HAS_SAVED_REPLIES, reason="HD Saved Reply since v1.19")
def test_there_are_canned_responses_instead():
	assert frappe.get_meta("HD Canned Response").get_field("message")


def test_signature_of_publish_event():
	parameters = set(inspect.signature(publish_event).parameters)
	assert {"event", "data", "user"} <= parameters
	assert ("room" in parameters) is EVENTS_HAVE_ROOMS


def test_a_text_makes_open_screens_read_the_ticket_again():
	ticket = make_ticket()
	getattr(frappe.local, "_realtime_log", []).clear()
	make_communication(ticket)
	updates = [(message, room) for event, message, room in live_events() if event == UPDATE]
	if EVENTS_HAVE_ROOMS:
		assert ({"ticket_id": ticket.name}, f"open_doc:HD Ticket/{ticket.name}") in updates
	else:
		assert ticket.name in [message for message, _room in updates]


def test_a_change_by_db_set_does_not():
	communication = make_communication(make_ticket(), "Sent")
	getattr(frappe.local, "_realtime_log", []).clear()
	communication.db_set("delivery_status", "Read")
	assert UPDATE not in [event for event, *_ in live_events()]


def test_a_comment_makes_open_screens_read_the_feed_again(grace):
	ticket = make_ticket()
	getattr(frappe.local, "_realtime_log", []).clear()
	with acting_as(grace):
		ticket.new_comment("Called back")
	assert COMMENT_EVENT in [event for event, *_ in live_events()]


def test_publish_event_waits_for_the_commit():
	getattr(frappe.local, "_realtime_log", []).clear()
	publish_event(UPDATE, data={"ticket_id": "1"})
	((event, message, _room),) = live_events()
	assert (event, message) == (UPDATE, {"ticket_id": "1"})


def test_rows_of_the_template_put_fields_into_the_sidebar():
	from helpdesk.helpdesk.doctype.hd_ticket_template.api import get_fields_meta

	template = frappe.get_doc("HD Ticket Template", "Default")
	template.append("fields", {"fieldname": "resolution_details"})
	template.save()
	fields = {field["fieldname"]: field for field in get_fields_meta("Default")}
	assert fields["resolution_details"]["fieldtype"] == "Text Editor"


def test_a_team_has_an_assignment_rule(plumbers, grace):
	rule = frappe.get_doc("Assignment Rule", frappe.db.get_value("HD Team", plumbers, "assignment_rule"))
	assert rule.document_type == "HD Ticket"
	assert not rule.disabled
	assert [row.user for row in rule.users] == [grace]
	assert plumbers in rule.assign_condition


def test_new_tickets_of_a_team_are_assigned_by_its_rule(plumbers, grace):
	ticket = make_ticket(agent_group=plumbers)
	assert grace in frappe.db.get_value("HD Ticket", ticket.name, "_assign")


def test_form_scripts_get_the_ticket_with_its_custom_fields():
	from helpdesk.helpdesk.doctype.hd_ticket import api

	script = make_script("Contract Script").script
	ticket = make_ticket()
	# Later versions ask for the scripts apart from the ticket's document.
	if hasattr(api, "get_ticket_customizations"):
		assert script in api.get_ticket_customizations()["_form_script"]
		assert "twilio_sms_conversation" in ticket.as_dict()
	else:
		given = api.get_one(ticket.name)
		assert script in given["_form_script"]
		assert "twilio_sms_conversation" in given


def test_the_page_tells_scripts_who_is_logged_in_and_the_token_for_requests():
	from helpdesk.www.helpdesk.index import get_boot

	# Of a session that a request has begun.
	frappe.local.session.data = frappe._dict(csrf_token="of the session")
	boot = get_boot()
	assert boot["csrf_token"] == "of the session"
	assert boot["session_user"] == "Administrator"


@pytest.mark.parametrize("place", ["comm-area", "border-y", "overflow-x-auto", "justify-end", "activities"])
def test_the_page_has_the_places_that_texts_are_put_into(place):
	built = Path(frappe.get_app_path("helpdesk", "public", "desk", "assets"))
	page = frappe.get_app_path("helpdesk", "www", "helpdesk", "index.html")
	sources = built.glob("*.js") if built.is_dir() else [Path(page)]
	assert any(place in source.read_text(encoding="utf-8") for source in sources)


def test_its_list_is_filtered_by_fields_that_other_apps_add():
	api = pytest.importorskip(
		"helpdesk.api.doc", reason="the stand-in has no list of its own that is filtered"
	)
	fields = {field["fieldname"]: field["fieldtype"] for field in api.get_filterable_fields("HD Ticket")}
	assert fields["twilio_sms_opted_out"] == "Check" and fields["twilio_sms_region"] == "Data"
