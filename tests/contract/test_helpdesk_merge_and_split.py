"""Merge and split: what they move and copy, and the notices they send."""

import frappe
import pytest
from frappe.custom.doctype.custom_field.custom_field import create_custom_field
from frappe.model.document import get_controller
from helpdesk.helpdesk.doctype.hd_ticket.api import merge_ticket, split_ticket
from helpdesk_records import make_ticket, read_ticket
from helpdesk_versions import MERGED_TICKETS_FORWARD
from records import acting_as, communications_of, make_communication

pytestmark = pytest.mark.usefixtures("settings", "outgoing_account")

PROBE = "contract_probe"


@pytest.fixture(scope="module")
def custom_field(site):
	"""A field on HD Ticket that is not to be copied."""
	create_custom_field(
		"HD Ticket", {"fieldname": PROBE, "fieldtype": "Data", "label": "Probe", "no_copy": 1}
	)
	yield PROBE
	frappe.db.rollback()
	frappe.delete_doc("Custom Field", f"HD Ticket-{PROBE}")
	frappe.db.sql_ddl(f"alter table `tabHD Ticket` drop column `{PROBE}`")
	frappe.db.commit()
	frappe.clear_cache(doctype="HD Ticket")


@pytest.fixture
def replies(monkeypatch):
	"""What goes through `reply_via_agent` of the DocType's class, overridden or not."""
	seen = []
	monkeypatch.setattr(
		get_controller("HD Ticket"),
		"reply_via_agent",
		lambda ticket, *args, **kwargs: seen.append((str(ticket.name), args, kwargs)),
	)
	return seen


def merge(source, target) -> None:
	# Names are text from v1.15 on, as `merge_ticket` declares them.
	merge_ticket(source.name, target.name)


def conversation(subject: str):
	"""A ticket with two texts, a minute apart."""
	ticket = make_ticket(subject=subject)
	for minute, text in enumerate(("one", "two")):
		name = make_communication(ticket, content=text).name
		frappe.db.set_value(
			"Communication", name, "creation", f"2024-01-01 10:0{minute}:00", update_modified=False
		)
	return read_ticket(ticket.name)


def test_a_merged_ticket_is_closed_and_says_where_it_went():
	source, target = conversation("A"), conversation("B")
	merge(source, target)
	row = frappe.db.get_value("HD Ticket", source.name, ["status", "is_merged", "merged_with"], as_dict=True)
	assert (row.status, row.is_merged, str(row.merged_with)) == ("Closed", 1, str(target.name))


def test_merging_copies_communications_as_new_documents():
	source, target = conversation("A"), make_ticket(subject="B")
	originals = {row.name for row in communications_of(source)}
	merge(source, target)
	copies = communications_of(target)
	assert [row.content for row in copies] == ["one", "two"]
	assert not originals & {row.name for row in copies}
	assert originals <= {row.name for row in communications_of(source)}
	assert [str(row.creation)[:16] for row in copies] == ["2024-01-01 10:00", "2024-01-01 10:01"]
	assert {row.communication_medium for row in copies} == {"SMS"}


def test_merging_sends_its_notice_without_to(replies):
	source, target = conversation("A"), conversation("B")
	merge(source, target)
	((ticket, args, kwargs),) = replies
	assert ticket == str(source.name)
	assert "to" not in kwargs
	assert len(args) < 2
	assert "href" in (kwargs.get("message") or args[0])


def test_merging_needs_an_agent(carol):
	source, target = conversation("A"), conversation("B")
	with acting_as(carol), pytest.raises(frappe.PermissionError):
		merge(source, target)


def test_texts_to_a_merged_ticket_stay_there_before_v1_28():
	source, target = conversation("A"), conversation("B")
	merge(source, target)
	communication = make_communication(source, content="late")
	where = frappe.db.get_value("Communication", communication.name, "reference_name")
	assert where == str((target if MERGED_TICKETS_FORWARD else source).name)


def test_splitting_moves_the_communication_and_what_came_after():
	ticket = conversation("A")
	first, second = communications_of(ticket)
	new = read_ticket(split_ticket("Other matter", second.name))
	assert new.subject == "Other matter"
	assert str(new.ticket_split_from) == str(ticket.name)
	assert [row.name for row in communications_of(new)] == [second.name]
	assert first.name in [row.name for row in communications_of(ticket)]


def test_splitting_copies_custom_fields_even_those_not_to_be_copied(custom_field):
	ticket = conversation("A")
	ticket.db_set(custom_field, "kept")
	new = split_ticket("Other matter", communications_of(ticket)[1].name)
	assert frappe.db.get_value("HD Ticket", new, custom_field) == "kept"


def test_splitting_sends_its_notice_without_to(replies):
	ticket = conversation("A")
	split_ticket("Other matter", communications_of(ticket)[1].name)
	((name, args, kwargs),) = replies
	assert name == str(ticket.name)
	assert "to" not in kwargs
	assert len(args) < 2
	assert "href" in (kwargs.get("message") or args[0])


def test_a_merged_ticket_is_split_all_the_same_and_its_originals_move(replies):
	source, target = conversation("A"), make_ticket(subject="B")
	merge(source, target)
	second = communications_of(source, content="two")[0]
	new = read_ticket(split_ticket("Other matter", second.name))
	assert [row.name for row in communications_of(new, content="two")] == [second.name]
	assert len(communications_of(target, content="two")) == 1
