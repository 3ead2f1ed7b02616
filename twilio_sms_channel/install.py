"""What the app adds to a site; `uninstall` takes it away again."""

import click
import frappe
from frappe import _
from frappe.custom.doctype.custom_field.custom_field import create_custom_fields

from twilio_sms_channel.desks import registry
from twilio_sms_channel.infra import site_config, site_identity
from twilio_sms_channel.messaging.conversation import ticket_marks
from twilio_sms_channel.messaging.inbound import intake, unread_webhooks
from twilio_sms_channel.people import contacts

CONTACT_FIELDS = {
	"Contact Phone": [
		{
			"fieldname": "twilio_sms_e164",
			"label": "E.164",
			"fieldtype": "Data",
			"insert_after": "phone",
			"hidden": 1,
			"read_only": 1,
			"search_index": 1,
			"no_copy": 1,
			"print_hide": 1,
		},
		{
			"fieldname": contacts.SELF_ENTERED,
			"label": "Entered by Themselves",
			"fieldtype": "Check",
			"insert_after": "twilio_sms_e164",
			"hidden": 1,
			"read_only": 1,
			"no_copy": 1,
			"print_hide": 1,
		},
	]
}


def before_install() -> None:
	"""
	:raises frappe.ValidationError: the site is on another database than MariaDB; then nothing is installed
	"""
	refuse_other_database(frappe.db.db_type)


def refuse_other_database(db_type: str) -> None:
	"""
	:param db_type: as Frappe calls it: mariadb, postgres, sqlite
	:raises frappe.ValidationError: it is not MariaDB, whose locks keep messages from being sent twice
	"""
	if db_type != "mariadb":
		frappe.throw(
			_(
				"Twilio SMS Channel needs MariaDB, and this site is on {0}. Nothing was installed. Create a site on MariaDB (bench new-site --db-type mariadb) and install it there."
			).format(db_type),
			title=_("This database is not supported"),
		)


def after_install() -> None:
	after_migrate()
	contacts.mark_self_entered()
	if not registry.ticket_doctypes():
		click.secho(
			_(
				"This site has no ticket system yet. Text messages are stored, and go into tickets as soon as Frappe Helpdesk or ERPNext is installed."
			),
			fg="yellow",
		)


def after_migrate() -> None:
	"""Add the fields that this version has and the one before had not, and read what that one could not."""
	# Before anybody stores a secret: every process that starts later knows the same key.
	site_config.keep_encryption_key()
	site_identity.claim_unowned()
	create_custom_fields(CONTACT_FIELDS)
	contacts.read_again_if_needed()
	registry.join()
	ticket_marks.follow()
	unread_webhooks.read_all_again()


def after_app_install(app: str) -> None:
	"""A ticket system installed after this app: add what links to its DocTypes."""
	if app in registry.known_apps():
		registry.join()
		intake.resume_kept()
