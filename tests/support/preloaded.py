"""What the site's processes load before they fork: a bench loads it once, tests start many processes that do little."""

import gc
import importlib
import os
import pkgutil
from collections.abc import Iterator
from contextlib import suppress

import frappe
from frappe.model.base_document import get_controller

import twilio_sms_channel

APP = twilio_sms_channel.__name__
HOME = os.path.dirname(twilio_sms_channel.__file__)
FOLDERS = ("api", "desks", "infra", "messaging", "overrides", "people", "permissions")
DOCTYPES = """
	Assignment Rule, Communication, Contact, Document Share Key, Email Account, File, Has Role, Notification,
	Notification Log, Role, Version,
	HD Notification, HD Service Level Agreement, HD Ticket, Issue, Service Level Agreement,
	Twilio SMS Account, Twilio SMS Conversation, Twilio SMS Media, Twilio SMS Message, Twilio SMS Number
"""
ALSO = """
	babel.dates, bleach.css_sanitizer, cryptography.fernet, frappe.database.sequence, frappe.model.delete_doc,
	frappe.sessions, frappe.translate, frappe.utils.formatters, frappe.utils.jinja, frappe.utils.response,
	phonenumbers.data.region_US, rq.results
"""


def load(site: str) -> None:
	frappe.init(site=site, sites_path=".")
	frappe.connect()
	_load_modules()
	_load_doctypes()
	frappe.destroy()


def freeze() -> None:
	"""Take what is there out of garbage collection, as Frappe's later releases do it: it is no garbage in any process
	that is forked now."""
	gc.collect()
	gc.freeze()


def _load_modules() -> None:
	for folder in FOLDERS:
		for module in pkgutil.walk_packages([f"{HOME}/{folder}"], f"{APP}.{folder}."):
			# A ticket system's class is not there without its app.
			with suppress(ModuleNotFoundError):
				importlib.import_module(module.name)
	hooks = {path.rpartition(".")[0] for path in _paths(frappe.get_hooks("doc_events"))}
	for module in (*hooks, *ALSO.replace(",", " ").split()):
		# Other releases have others.
		with suppress(ImportError):
			importlib.import_module(module)


def _load_doctypes() -> None:
	for doctype in (name.strip() for name in DOCTYPES.split(",")):
		if not frappe.db.exists("DocType", doctype):
			continue
		get_controller(doctype)
		for df in frappe.new_doc(doctype).meta.get_table_fields():
			get_controller(df.options)


def _paths(hooks) -> Iterator[str]:
	"""Dotted paths, however deep they lie in a hook's value."""
	if isinstance(hooks, str):
		yield hooks
		return
	for value in hooks.values() if isinstance(hooks, dict) else hooks:
		yield from _paths(value)
