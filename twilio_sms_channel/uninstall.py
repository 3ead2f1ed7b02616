"""Takes away what the app added to a site, and says what becomes of its messages.

Frappe itself drops the app's DocTypes with their tables. Everything else is done afterwards, when the app is certain to be
gone: Frappe calls these functions in a dry run as well.
"""

import json
import os
from pathlib import Path

import click
import frappe
from frappe import _
from frappe.utils import now_datetime
from frappe.utils.backups import new_backup

from twilio_sms_channel import install
from twilio_sms_channel.desks import choice
from twilio_sms_channel.desks.registry import SYSTEMS, sync_choice
from twilio_sms_channel.infra import custom_fields, site_identity
from twilio_sms_channel.people import contacts
from twilio_sms_channel.reports import steps

APP = "twilio_sms_channel"
# Dropped with the tables, and nowhere else: what is in tickets stays there as Communications.
KEPT = (
	"Twilio SMS Message",
	"Twilio SMS Media",
	"Twilio SMS Conversation",
	"Twilio SMS Consent Event",
	"Twilio SMS Number",
)
# What names one of our DocTypes: access to it, changes of its form, what people left at its documents, its secrets.
# Frappe deletes the last two with each document, but not with a whole table.
ABOUT_DOCTYPES = (
	("Custom DocPerm", "parent"),
	("Custom Field", "dt"),
	("Property Setter", "doc_type"),
	("DocShare", "share_doctype"),
	("User Permission", "allow"),
	("List Filter", "reference_doctype"),
	("Logs To Clear", "ref_doctype"),
	("ToDo", "reference_type"),
	("Comment", "reference_doctype"),
	("Version", "ref_doctype"),
	("Document Follow", "ref_doctype"),
	("Notification Log", "document_type"),
	("Tag Link", "document_type"),
	("Singles", "doctype"),
	("__UserSettings", "doctype"),
	("__Auth", "doctype"),
)
# From v16 on Frappe makes these of an app's workspaces, and leaves them.
OF_DESKTOP = ("Desktop Icon", "Workspace Sidebar")
# Rows that Frappe makes of an app's code, and which name it by its dotted path.
ABOUT_CODE = (("Scheduled Job Type", "method"), ("Patch Log", "patch"))


def before_uninstall() -> None:
	"""Keep a copy of the messages, unless the operator wants none, and say in plain words what goes.

	:raises frappe.ExecutableNotFound: no program that dumps the database; then nothing is uninstalled
	"""
	if not (count := frappe.db.count(KEPT[0])):
		return
	click.echo(
		_(
			"Text messages on this site: {0}. Their words and files stay in their tickets; their delivery reports, costs, conversations and opt-outs go."
		).format(count)
	)
	if _said("dry_run"):
		return
	if _said("no_backup"):
		click.secho(_("No copy of them is kept (--no-backup)."), fg="yellow")
		return
	click.echo(_("A copy of them is kept until you delete it: {0}").format(_keep_messages()))


def after_uninstall() -> None:
	"""Take away fields of others' DocTypes, and what is left of our own."""
	if APP in frappe.get_installed_apps():
		# A dry run.
		return
	for system in SYSTEMS:
		system.added.leave()
	choice.leave()
	custom_fields.remove(install.CONTACT_FIELDS)
	doctypes = our_doctypes()
	for table, field in ABOUT_DOCTYPES:
		frappe.db.delete(table, {field: ("in", doctypes)})
	for table, field in ABOUT_CODE:
		frappe.db.delete(table, {field: ("like", f"{APP}.%")})
	frappe.db.delete("DefaultValue", {"defkey": contacts.READ_AS})
	steps.leave()
	_remove_unused_roles()
	for doctype in OF_DESKTOP:
		if frappe.db.table_exists(doctype) and frappe.db.has_column(doctype, "app"):
			for name in frappe.get_all(doctype, {"app": APP}, pluck="name"):
				_delete(doctype, name)
	site_identity.leave()
	# Frappe has committed before this hook, and does not do so again.
	frappe.db.commit()  # nosemgrep
	frappe.clear_cache()


def after_app_uninstall(app: str) -> None:
	"""A ticket system went, this app stays: take away what links to its DocTypes."""
	for system in SYSTEMS:
		if system.app == app and not system.is_installed:
			system.added.leave()
			sync_choice()
			# Frappe has committed before, and does not do so again.
			frappe.db.commit()  # nosemgrep


def our_doctypes() -> list[str]:
	"""Names of the app's DocTypes, also when they are gone from the database."""
	return [doctype["name"] for doctype in _definitions()]


def _definitions() -> list[dict]:
	files = (Path(__file__).parent / APP / "doctype").glob("*/*.json")
	return [json.loads(file.read_text(encoding="utf-8")) for file in files]


def _remove_unused_roles() -> None:
	"""Frappe makes the roles that a DocType names: Helpdesk's, where this app was installed without it."""
	roles = {permission["role"] for doctype in _definitions() for permission in doctype["permissions"]}
	for role in sorted(roles):
		if not any(
			frappe.db.exists(table, {"role": role}) for table in ("Has Role", "DocPerm", "Custom DocPerm")
		):
			_delete("Role", role)


def _delete(doctype: str, name: str) -> None:
	frappe.delete_doc(
		doctype, name, force=True, ignore_missing=True, ignore_on_trash=True, delete_permanently=True
	)


def _said(option: str) -> bool:
	"""Whether the operator gave an option of `bench uninstall-app`."""
	context = click.get_current_context(silent=True)
	return bool(context and context.params.get(option))


def _keep_messages() -> str:
	"""Dump the messages' tables into the site's folder, where Frappe does not delete it as it does old backups.

	:return: the file's path
	"""
	name = f"{now_datetime():%Y%m%d_%H%M%S}-texts-partial-database.sql.gz"
	file = os.path.abspath(frappe.get_site_path("private", APP, name))
	new_backup(ignore_files=True, backup_path_db=file, include_doctypes=",".join(KEPT), force=True)
	# It tells who texted what.
	os.chmod(file, 0o600)
	return file
