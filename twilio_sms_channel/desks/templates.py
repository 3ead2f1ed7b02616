"""A ticket system's saved replies, filled in for a ticket.

They hold HTML that is a Jinja template over the ticket's fields and the user's. Here it is filled in where the ticket system
has no safe function of its own: Helpdesk's first one gives templates the whole user, with the key that resets the password,
and `{{ name }}` is the agent's address there. A message cannot be recalled.

Frappe's own templates read and write any document, whatever the user may, and agents write templates of their own.
"""

from typing import NamedTuple

import frappe
from frappe import _
from frappe.utils import data
from jinja2 import DebugUndefined, StrictUndefined, Undefined, UndefinedError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from twilio_sms_channel.content import text
from twilio_sms_channel.infra import like

MAX_LISTED = 20
# Of HTML; no message is nearly as long, and turning it into text takes seconds.
MAX_CHARACTERS = 100_000
# Of a user there is also what only they may know, the key to reset their password for example.
USER_FIELDS = (
	*("name", "email", "username", "first_name", "middle_name", "last_name", "full_name"),
	*("phone", "mobile_no", "location", "language", "time_zone"),
)
HTML_FIELDS = ("Text Editor", "HTML Editor")
# Of `frappe.utils` what makes words of a value; the same functions that a template of Frappe finds under these names.
FORMATS = (
	*(
		"add_days",
		"add_months",
		"date_diff",
		"fmt_money",
		"format_date",
		"format_datetime",
		"format_duration",
	),
	*("format_time", "formatdate", "get_datetime", "getdate", "now_datetime", "nowdate", "today"),
)


class SavedReply(NamedTuple):
	"""A saved reply, filled in for a ticket."""

	title: str
	html: str
	actions: list[dict[str, str]] = []
	"""what the ticket system does to the ticket once it is sent: `{"action_type", "value", "label"}`"""

	@property
	def text(self) -> str:
		"""As a message."""
		return text.from_html(self.html)


def find(source: str, title_field: str, query: str = "") -> list[dict[str, str]]:
	"""Saved replies that the user may use and whose title has the words, at most 20, by title.

	:param source: their DocType
	:return: `[{"name", "title", "source": DocType}]`
	"""
	if not frappe.has_permission(source):
		return []
	filters = {title_field: ("like", f"%{like.escaped(query.strip())}%")} if query.strip() else {}
	rows = frappe.get_list(
		source, filters, list({"name", title_field}), order_by=title_field, limit=MAX_LISTED
	)
	return [{"name": row.name, "title": row[title_field] or row.name, "source": source} for row in rows]


def filled(template: str | None, title: str, ticket) -> str:
	"""A saved reply as the HTML of a reply to a ticket.

	:param template: HTML
	:param ticket: document that the user may read; one that is not saved yet stands for the ticket that a message will open
	:raises frappe.ValidationError: it cannot be filled in, with the reason in one sentence
	"""
	user = frappe.get_doc("User", frappe.session.user)
	# A form would not show them these fields either. The document is not saved after this.
	ticket.apply_fieldlevel_read_permissions()
	said = len(frappe.local.message_log)
	is_new, fields = ticket.is_new(), _fields(ticket)
	if is_new:
		# What such a ticket will have, nobody knows; and its number is not the agent's address.
		fields = {field: value for field, value in fields.items() if value not in (None, "")}
	of_user = {
		field: value
		for field, value in _fields(user, USER_FIELDS).items()
		if not (is_new and (field == "name" or ticket.meta.has_field(field)))
	}
	try:
		# What both have is the ticket's: `name` is its number. `doc` is what Frappe calls a template's document elsewhere.
		html = (
			_environment(StrictUndefined if is_new else DebugUndefined)
			.from_string(template or "")
			.render({**of_user, **fields, "doc": fields})
		)
		if len(html) > MAX_CHARACTERS:
			raise ValueError
	except Exception as e:
		# A template can fail in any way. Frappe's own words are about a line of it, which whoever writes a message never saw.
		del frappe.local.message_log[said:]
		why_not = _("The saved reply {0} cannot be filled in for this ticket. Have its author look at it.")
		if is_new and isinstance(e, UndefinedError):
			why_not = _(
				"The saved reply {0} names fields of a ticket, and there is none yet. Use another one."
			)
		frappe.throw(why_not.format(frappe.utils.escape_html(title)))
	return html


def _environment(undefined: type[Undefined]) -> ImmutableSandboxedEnvironment:
	"""Templates that know values and how to write them, and nothing of the site.

	:param undefined: what a name that nobody knows is
	"""
	environment = ImmutableSandboxedEnvironment(
		undefined=undefined, finalize=lambda value: "" if value is None else value
	)
	utils = {name: getattr(data, name) for name in FORMATS if hasattr(data, name)}
	environment.globals.update({"_": _, "frappe": {"utils": utils, "_": _, "format_date": data.formatdate}})
	return environment


def _fields(doc, only: tuple[str, ...] = ()) -> dict:
	"""A document's fields for a template whose outcome is HTML."""
	html = {field.fieldname for field in doc.meta.fields if field.fieldtype in HTML_FIELDS}
	return {
		field: frappe.utils.escape_html(value) if isinstance(value, str) and field not in html else value
		for field, value in doc.as_dict().items()
		if not only or field in only
	}
