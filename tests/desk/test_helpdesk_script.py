"""The HD Form Script that brings this app into Helpdesk's screen."""

import frappe
import pytest

from twilio_sms_channel.desks.helpdesk.screen import put_script, remove_script

pytestmark = pytest.mark.helpdesk

SCRIPT = ("HD Form Script", "Twilio SMS Channel")


def test_an_update_writes_the_script_anew_and_leaves_it_disabled():
	frappe.db.set_value(*SCRIPT, {"enabled": 0, "script": "of an earlier version"})
	put_script()
	enabled, script, standard = frappe.db.get_value(*SCRIPT, ["enabled", "script", "is_standard"])
	assert (enabled, standard) == (0, 0)
	assert "setupForm" in script


def test_the_script_is_taken_away_and_made_again():
	remove_script()
	assert not frappe.db.exists(*SCRIPT)
	remove_script()
	put_script()
	about = frappe.db.get_value(
		*SCRIPT, ["dt", "apply_to", "enabled", "apply_to_customer_portal", "apply_on_new_page"]
	)
	assert about == ("HD Ticket", "Form", 1, 0, 0)


def test_agents_get_the_script_with_a_ticket_and_the_portal_does_not():
	from helpdesk.helpdesk.doctype.hd_form_script.hd_form_script import get_form_script

	frappe.db.set_value(*SCRIPT, "enabled", 1)
	script = frappe.db.get_value(*SCRIPT, "script")
	assert script in get_form_script("HD Ticket")
	assert script not in (get_form_script("HD Ticket", is_customer_portal=True) or [])
