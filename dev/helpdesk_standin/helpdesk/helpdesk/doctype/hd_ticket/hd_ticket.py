"""A ticket's life, after Helpdesk v1.25.1. Method names are Helpdesk's: other apps override them."""

import inspect
import json
import uuid
from email.utils import parseaddr

import frappe
from bs4 import BeautifulSoup
from frappe import _
from frappe.desk.form import assign_to
from frappe.model.document import Document
from frappe.utils import add_to_date, get_url, now_datetime

from helpdesk.helpdesk.doctype.hd_ticket_activity.hd_ticket_activity import log_ticket_activity
from helpdesk.utils import get_agents_team, get_customer, get_doc_room, is_admin, is_agent, publish_event

SLA = "HD Service Level Agreement"
LOGGED_FIELDS = {
	"status": "status",
	"priority": "priority",
	"agent_group": "team",
	"contact": "contact",
	"ticket_type": "type",
}
ACKNOWLEDGEMENT = "<p>We received your request “{{ doc.subject }}”. Its number is {{ doc.name }}.</p>"
FEEDBACK_REQUEST = "<p>How did we do with ticket {{ doc.name }}? <a href='{{ url }}'>Tell us</a></p>"
REPLY_TO_AGENTS = (
	"<p>The customer answered in ticket <a href='{{ ticket_url }}'>{{ doc.name }}</a>:</p>{{ message }}"
)
REPLY_TO_PORTAL = (
	"<p>An answer in your <a href='{{ ticket_url }}'>ticket {{ doc.name }}</a>:</p>{{ message }}"
)


class HDTicket(Document):
	# What Frappe calls, in this order -----------------------------------------------------------

	def before_insert(self):
		# As in Helpdesk no text: `key` may not change, so a new ticket has to be read again to be saved again.
		self.key = uuid.uuid4()

	def as_dict(self, *args, **kwargs):
		# Early v15 cannot write a UUID into its answer, and who makes a ticket by hand would get an error.
		values = super().as_dict(*args, **kwargs)
		if values.get("key"):
			values["key"] = str(values["key"])
		return values

	def before_validate(self):
		self.check_update_perms()
		self.set_ticket_type()
		self.set_raised_by()
		self.set_priority()
		self.set_first_responded_on()
		self.set_default_status()
		self.set_status_category()
		self.set_sla()
		self.set_contact()
		self.set_customer()

	def validate(self):
		self.validate_feedback()

	def before_save(self):
		self.apply_sla()
		if not self.is_new():
			self.handle_ticket_activity_update()
		self.handle_email_feedback()

	def after_insert(self):
		publish_event("helpdesk:new-ticket")
		if self.ticket_split_from:
			log_ticket_activity(self.name, f"split the ticket from #{self.ticket_split_from}")
		if self.description:
			self.create_communication_via_contact(self.description, new_ticket=True)
		if not self.via_customer_portal and _setting("send_acknowledgement_email"):
			self.send_acknowledgement_email()

	def on_update(self):
		before = self.get_doc_before_save()
		if before and before.status_category != "Open" and self.status_category == "Open":
			for agent in self.get_assigned_agents():
				if agent != frappe.session.user:
					self.notify_agent(agent, "Reaction")
		self.remove_assignment_if_not_in_team()
		self.publish_update()

	def on_trash(self):
		frappe.db.delete("HD Ticket Activity", {"ticket": self.name})
		frappe.db.delete("HD Ticket Comment", {"reference_ticket": self.name})

	def on_communication_update(self, c):
		"""Frappe's Communication calls this at each of its saves; a `db_set` on it passes unnoticed.

		Saves the ticket with the session user's permissions.
		"""
		if c.sent_or_received == "Received":
			self.status = self.ticket_reopen_status if self.has_agent_replied else self.default_open_status
			self.last_customer_response = now_datetime()
		if c.sent_or_received == "Sent":
			if c.communication_type == "Automated Message":
				return
			self.last_agent_response = now_datetime()
			self.first_responded_on = self.first_responded_on or self.last_agent_response
			if _setting("auto_update_status"):
				self.status = _setting("update_status_to")
		self.description = self.description or c.content
		self.save()

	# What a ticket gets without being asked -----------------------------------------------------

	@property
	def default_open_status(self) -> str:
		return self._status_of_sla("default_ticket_status")

	@property
	def ticket_reopen_status(self) -> str:
		return self._status_of_sla("ticket_reopen_status")

	@property
	def has_agent_replied(self) -> bool:
		"""Whether anything was sent from here, automatic messages included."""
		return bool(frappe.db.exists("Communication", {**self._reference(), "sent_or_received": "Sent"}))

	@property
	def portal_uri(self) -> str:
		return get_url(f"/helpdesk/my-tickets/{self.name}")

	def set_ticket_type(self):
		self.ticket_type = self.ticket_type or _setting("default_ticket_type") or ""

	def set_raised_by(self):
		self.raised_by = self.raised_by or frappe.session.user

	def set_priority(self):
		if self.priority:
			return
		of_type = self.ticket_type and frappe.db.get_value("HD Ticket Type", self.ticket_type, "priority")
		self.priority = of_type or _setting("default_priority")

	def set_default_status(self):
		if self.is_new():
			self.status = self.default_open_status

	def set_status_category(self):
		self.status_category = self.status_category or frappe.db.get_value(
			"HD Ticket Status", self.status, "category"
		)

	def set_first_responded_on(self):
		before = self.get_doc_before_save()
		if self.is_new() or self.first_responded_on or not before:
			return
		solved_at_once = before.status_category == "Open" and self.status_category == "Resolved"
		if solved_at_once or self.status_category == "Paused":
			self.first_responded_on = now_datetime()

	def set_sla(self):
		self.sla = frappe.db.get_value(SLA, {"enabled": 1, "default_sla": 1}) or self.sla

	def apply_sla(self):
		if self.sla:
			frappe.get_doc(SLA, self.sla).apply(self)

	def set_contact(self):
		address = parseaddr(self.raised_by)[1]
		if address and not self.contact:
			self.contact = frappe.db.get_value("Contact", {"email_id": address})

	def set_customer(self):
		if self.customer or not self.contact:
			return
		customers = get_customer(self.contact)
		# With several, an agent decides.
		if len(customers) == 1:
			self.customer = customers[0]

	def _status_of_sla(self, field: str) -> str:
		return (self.sla and frappe.db.get_value(SLA, self.sla, field)) or _setting(field)

	# What is refused ----------------------------------------------------------------------------

	def check_update_perms(self):
		if self.is_new() or is_agent() or not self.via_customer_portal:
			return
		before = self.get_doc_before_save()
		if before and (before.status == "Closed" or before.feedback_rating):
			frappe.throw(_("A closed or rated ticket is changed by agents only."), frappe.PermissionError)

	def validate_feedback(self):
		if (
			self.status_category == "Resolved"
			and not self.feedback_rating
			and not is_agent()
			and _setting("is_feedback_mandatory")
			and self.has_agent_replied
		):
			frappe.throw(_("Rate the ticket to resolve it."), frappe.ValidationError)

	# Agents -------------------------------------------------------------------------------------

	@frappe.whitelist()
	def assign_agent(self, agent: str):
		assign_to.add({"assign_to": [agent], "doctype": self.doctype, "name": self.name})
		if agent != frappe.session.user:
			self.notify_agent(agent, "Assignment")

	def get_assigned_agents(self) -> list[str]:
		users = [row.owner for row in assign_to.get({"doctype": self.doctype, "name": self.name})]
		return frappe.get_all("HD Agent", filters={"name": ("in", users)}, pluck="name") if users else []

	def notify_agent(self, agent: str, notification_type: str = "Assignment"):
		frappe.get_doc(
			{
				"doctype": "HD Notification",
				"user_from": frappe.session.user,
				"user_to": agent,
				"notification_type": notification_type,
				"reference_ticket": self.name,
			}
		).insert(ignore_permissions=True)

	def remove_assignment_if_not_in_team(self):
		if (
			not self.agent_group
			or self.status_category != "Open"
			or not self.has_value_changed("agent_group")
		):
			return
		agents = self.get_assigned_agents()
		members = frappe.get_all("HD Team Member", filters={"parent": self.agent_group}, pluck="user")
		# Without members nobody would be assigned in their place.
		if agents and members and agents[0] not in members:
			assign_to.clear(self.doctype, self.name)

	def handle_ticket_activity_update(self):
		for field, label in LOGGED_FIELDS.items():
			if self.has_value_changed(field):
				log_ticket_activity(self.name, f"set {label} to {self.get(field)}")

	def publish_update(self):
		publish_event(
			"helpdesk:ticket-update",
			room=get_doc_room(self.doctype, self.name),
			data={"ticket_id": self.name},
		)

	@frappe.whitelist()
	def mark_seen(self):
		self.add_viewed(unique_views=True, force=True)
		self.add_seen()

	@frappe.whitelist()
	def new_comment(self, content: str, attachments: list[dict] | None = None):
		if not is_agent():
			frappe.throw(_("Only agents comment on tickets."), frappe.PermissionError)
		comment = frappe.new_doc("HD Ticket Comment")
		comment.update(
			{"reference_ticket": self.name, "commented_by": frappe.session.user, "content": content}
		)
		comment.insert()
		for attachment in attachments or []:
			self.attach_file_with_doc(comment.doctype, comment.name, attachment.get("file_url"))

	# Replies ------------------------------------------------------------------------------------

	@frappe.whitelist()
	def reply_via_agent(
		self,
		message: str,
		from_email: dict | None = None,
		to: str | None = None,
		cc: str | None = None,
		bcc: str | None = None,
		attachments: list[str] | None = None,
	):
		"""Add an agent's reply to the ticket and mail it. The reply box calls this as `run_doc_method`.

		:param message: HTML
		:param from_email: `{email_account, email_id}` to write from
		:param attachments: names of Files; they move to the Communication, the ticket gets copies
		:raises frappe.PermissionError: the user is no agent
		:raises frappe.ValidationError: no account to send from; the Communication is written by then, and goes
		        with the rolled back request
		"""
		if not is_agent():
			frappe.throw(_("Only agents reply here."), frappe.PermissionError)
		account = None if self.skip_email_workflow() else self._sending_account(from_email)
		previous = self.get_last_communication()
		communication = self._write_reply(
			content=message,
			communication_medium="" if self.skip_email_workflow() else "Email",
			sender=(from_email or {}).get("email_id") or frappe.session.user,
			recipients=_mailable(to),
			cc=cc,
			bcc=bcc,
			email_account=account and account.name,
			in_reply_to=previous.name if previous and previous.message_id else None,
		)
		files = [self._move_file(file, communication) for file in attachments or []]
		if self.skip_email_workflow() or not _setting("enable_reply_email_via_agent"):
			return
		if not account:
			frappe.throw(_("No outgoing e-mail account is set up."))
		self._mail_reply(communication, account, files, previous)

	def _write_reply(self, **fields) -> Document:
		return frappe.get_doc(
			{
				"doctype": "Communication",
				"communication_type": "Communication",
				"sent_or_received": "Sent",
				"status": "Linked",
				"email_status": "Open",
				"subject": f"Re: {self.subject}",
				**self._reference(),
				**fields,
			}
		).insert(ignore_permissions=True)

	def _move_file(self, file: str, communication: Document) -> dict:
		file = frappe.get_doc("File", file)
		file.update({"attached_to_doctype": communication.doctype, "attached_to_name": communication.name})
		file.save(ignore_permissions=True)
		self.attach_file_with_doc(self.doctype, self.name, file.file_url)
		return {"file_url": file.file_url}

	def _mail_reply(self, communication: Document, account, files: list[dict], previous: Document | None):
		message = self.parse_content(communication.content)
		if self.via_customer_portal:
			message = self._render(
				"reply_via_agent_email_content", REPLY_TO_PORTAL, message=message, ticket_url=self.portal_uri
			)
		at_once = self.instantly_send_email()
		try:
			self._mail(
				recipients=communication.recipients,
				cc=communication.cc,
				bcc=communication.bcc,
				subject=communication.subject,
				message=message,
				as_markdown=True,
				attachments=files,
				communication=communication.name,
				sender=account.email_id,
				reply_to=account.email_id,
				expose_recipients="header",
				# As in Helpdesk before v1.28: the first Communication of a ticket cannot be such a reply.
				in_reply_to=previous.name or None,
				delayed=not at_once,
				now=at_once,
			)
		except Exception as e:
			frappe.throw(str(e))

	@frappe.whitelist()
	def create_communication_via_contact(
		self, message: str, attachments: list[dict] | None = None, new_ticket: bool = False
	):
		"""Add what the session user wrote as a received e-mail.

		:param new_ticket: `message` is the description of a ticket being inserted: nobody is told
		"""
		if not new_ticket:
			if _setting("enable_reply_email_to_agent"):
				self.send_reply_email_to_agent(message)
			self.status = self.ticket_reopen_status
			self.save(ignore_permissions=True)
		communication = frappe.new_doc("Communication")
		communication.update(
			{
				"communication_type": "Communication",
				"communication_medium": "Email",
				"sent_or_received": "Received",
				"status": "Linked",
				"email_status": "Open",
				"subject": f"Re: {self.subject}",
				"sender": frappe.session.user,
				"content": message,
				**self._reference(),
			}
		)
		communication.save(ignore_permissions=True)
		for attachment in self.get("attachments") or attachments or []:
			self._move_file(attachment["name"], communication)

	@frappe.whitelist()
	def get_last_communication(self) -> Document | None:
		try:
			return frappe.get_last_doc("Communication", filters=self._reference())
		except frappe.DoesNotExistError:
			return None

	def attach_file_with_doc(self, doctype: str, docname: str, file_url: str):
		frappe.get_doc(
			{
				"doctype": "File",
				"attached_to_doctype": doctype,
				"attached_to_name": docname,
				"file_url": file_url,
				# Later Frappe knows by itself; that of the throwaway site would make the copy public.
				"is_private": int(file_url.startswith("/private/")),
			}
		).save(ignore_permissions=True)

	def parse_content(self, content: str | None) -> str:
		"""Have Frappe embed pictures in the mail: it takes those with an `embed` attribute."""
		soup = BeautifulSoup(content or "", "html.parser")
		for tag in soup.find_all(["img", "video"]):
			tag["embed"] = tag.get("src")
		return str(soup)

	# E-mail -------------------------------------------------------------------------------------

	def skip_email_workflow(self) -> bool:
		return bool(_setting("skip_email_workflow"))

	def instantly_send_email(self) -> bool:
		return bool(_setting("instantly_send_email"))

	def sender_email(self):
		"""The account that replies go out by: the last Communication's, else the default one."""
		last = self.get_last_communication()
		if last and last.email_account:
			account = frappe.get_doc("Email Account", last.email_account)
			if account.enable_outgoing:
				return account
		default = frappe.db.get_value("Email Account", {"default_outgoing": 1})
		return frappe.get_doc("Email Account", default) if default else None

	def send_acknowledgement_email(self):
		try:
			self._mail(
				recipients=[self.raised_by],
				subject=_("Ticket {0}: we received your request").format(self.name),
				message=self._render("acknowledgement_email_content", ACKNOWLEDGEMENT),
				expose_recipients="header",
				now=True,
				email_headers={"X-Auto-Generated": "hd-acknowledgement"},
			)
		except Exception as e:
			frappe.throw(_("The acknowledgement cannot be sent: {0}").format(e))

	def send_reply_email_to_agent(self, message: str = ""):
		if agents := self.get_assigned_agents():
			ticket_url = get_url(f"/helpdesk/tickets/{self.name}")
			self._mail(
				recipients=agents,
				subject=f"Re: {self.subject} - #{self.name}",
				message=self._render(None, REPLY_TO_AGENTS, ticket_url=ticket_url, message=message),
				now=True,
			)

	def handle_email_feedback(self):
		if (
			self.is_new()
			or self.via_customer_portal
			or self.feedback_rating
			or not self.has_value_changed("status")
			or not _setting("enable_email_ticket_feedback")
			or self.status != (_setting("send_email_feedback_on_status") or "Closed")
		):
			return
		last = self.get_last_communication()
		url = get_url(f"/ticket-feedback/new?key={self.key}")
		try:
			self._mail(
				recipients=[self.raised_by],
				subject=f"Re: {self.subject}",
				message=self._render("feedback_email_content", FEEDBACK_REQUEST, url=url),
				in_reply_to=last and last.name,
				now=True,
				email_headers={"X-Auto-Generated": "hd-email-feedback"},
			)
		except Exception as e:
			frappe.throw(_("The question for feedback cannot be sent: {0}").format(e))

	def _sending_account(self, from_email: dict | None):
		if not (from_email or {}).get("email_account"):
			return self.sender_email()
		if not frappe.db.exists("Email Account", from_email["email_account"]):
			frappe.throw(_("There is no e-mail account for {0}.").format(from_email.get("email_id")))
		return frappe._dict(name=from_email["email_account"], email_id=from_email.get("email_id"))

	def _render(self, setting: str | None, default: str, **context) -> str:
		own = (setting and _setting(setting)) or ""
		return frappe.render_template(own if own.strip() else default, {"doc": self.as_dict(), **context})

	def _mail(self, email_headers: dict | None = None, **message) -> None:
		if email_headers and "email_headers" in inspect.signature(frappe.sendmail).parameters:
			message["email_headers"] = email_headers
		frappe.sendmail(
			reference_doctype=self.doctype, reference_name=self.name, with_container=False, **message
		)

	def _reference(self) -> dict:
		return {"reference_doctype": self.doctype, "reference_name": str(self.name)}


# Who may read and write which ticket ---------------------------------------------------------------


def has_permission(doc, user: str | None = None) -> bool:
	user = user or frappe.session.user
	if user in (doc.contact, doc.raised_by, doc.owner) or is_admin(user):
		return True
	if doc.customer and doc.customer in get_customer(user):
		return True
	if not is_agent(user):
		return False
	if not _setting("restrict_tickets_by_agent_group"):
		return True
	if not doc.agent_group and _setting("do_not_restrict_tickets_without_an_agent_group"):
		return True
	if user in json.loads(doc.get("_assign") or "[]"):
		return True
	# As in Helpdesk, these are the session user's teams, whoever is asked about.
	teams = get_agents_team()
	return any(team.ignore_restrictions for team in teams) or doc.agent_group in [t.team_name for t in teams]


def permission_query(user: str | None) -> str | None:
	"""SQL condition on `tabHD Ticket`, None for all tickets. Bring your own parentheses: it is a chain of ORs."""
	user = user or frappe.session.user
	if is_admin(user):
		return None
	me = frappe.db.escape(user)
	ways = [f"`tabHD Ticket`.{field} = {me}" for field in ("owner", "contact", "raised_by")]
	ways += [f"`tabHD Ticket`.customer = {frappe.db.escape(customer)}" for customer in get_customer(user)]
	if not is_agent(user):
		return " or ".join(ways)
	if not _setting("restrict_tickets_by_agent_group"):
		return None
	if _setting("do_not_restrict_tickets_without_an_agent_group"):
		ways.append("ifnull(`tabHD Ticket`.agent_group, '') = ''")
	ways.append(f"json_search(`tabHD Ticket`._assign, 'all', {me}) is not null")
	teams = get_agents_team()
	if any(team.ignore_restrictions for team in teams):
		ways.append("1 = 1")
	elif teams:
		names = ", ".join(frappe.db.escape(team.team_name) for team in teams)
		ways.append(f"`tabHD Ticket`.agent_group in ({names})")
	return " or ".join(ways)


def close_tickets_after_n_days() -> None:
	"""Close tickets without any Communication, of whatever medium, for the number of days in HD Settings."""
	if not _setting("auto_close_tickets"):
		return
	idle_since = add_to_date(now_datetime(), days=-_setting("auto_close_after_days"))
	for name in frappe.get_all("HD Ticket", filters={"status": _setting("auto_close_status")}, pluck="name"):
		latest = frappe.db.get_value(
			"Communication",
			{"reference_doctype": "HD Ticket", "reference_name": name},
			"communication_date",
			order_by="communication_date desc",
		)
		if latest and latest < idle_since:
			ticket = frappe.get_doc("HD Ticket", name)
			ticket.status = "Closed"
			ticket.flags.ignore_validate = True
			ticket.save(ignore_permissions=True)


def _setting(field: str):
	return frappe.db.get_single_value("HD Settings", field)


def _mailable(recipients: str | None) -> str | None:
	return frappe.db.get_value("User", recipients, "email") if recipients == "Administrator" else recipients
