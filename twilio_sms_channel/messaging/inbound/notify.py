"""Telling the people who look after a ticket that its customer texted."""

import frappe
from frappe import _
from frappe.desk.doctype.notification_log.notification_log import make_notification_logs

from twilio_sms_channel.content import outside, text
from twilio_sms_channel.infra import clock
from twilio_sms_channel.infra.courtesies import courtesy

# Five messages in a row are one reason to look.
QUIET_MINUTES = 5


@courtesy("Nobody could be told of a customer's message")
def about_message(desk, ticket, who: str, message) -> None:
	"""Notify the ticket's assignees, otherwise its team, otherwise who answered last, of a message on a ticket that was
	there before.

	Whoever has an unread notification about this ticket from the last minutes gets no second one.

	:param ticket: `desks.base.Ticket` as it was before the message
	:param who: how the customer is shown
	"""
	people = (
		_readers(desk, ticket, ticket.assigned)
		or (_readers(desk, ticket, desk.team_members(ticket.team)) if ticket.team else [])
		or _who_answered_last(desk, ticket, message.conversation)
	)
	if not people:
		return
	about = {"document_type": desk.doctype, "document_name": ticket.name}
	told = frappe.get_all(
		"Notification Log",
		filters={
			**about,
			"for_user": ("in", people),
			"from_user": "Administrator",
			"type": "Alert",
			"read": 0,
			"creation": (">", clock.ago(minutes=QUIET_MINUTES)),
		},
		pluck="for_user",
	)
	untold = sorted(set(people) - set(told))
	if not untold:
		return
	make_notification_logs(
		frappe._dict(
			about,
			# Of this type Frappe sends no e-mail.
			type="Alert",
			from_user="Administrator",
			subject=_("{0} sent a text message on ticket {1}").format(
				frappe.utils.escape_html(who), ticket.name
			),
			email_content=text.to_html(message.body),
		),
		untold,
	)
	for user in untold:
		desk.push_notification(
			user, ticket.name, _("{0} sent a text message on ticket").format(outside.plain(who))
		)


def _who_answered_last(desk, ticket, conversation: str) -> list[str]:
	"""The agent who texted the customer last, when they may answer this ticket."""
	Message = frappe.qb.DocType("Twilio SMS Message")
	found = (
		frappe.qb.from_(Message)
		.select(Message.sent_by)
		.where((Message.conversation == conversation) & (Message.sent_by.isnotnull()))
		.orderby(Message.creation, order=frappe.qb.desc)
		.limit(1)
	).run(pluck=True)
	return [user for user in _enabled(found) if desk.may_write(ticket.name, user)]


def _readers(desk, ticket, users: list[str]) -> list[str]:
	"""Those who may read the ticket: the notification has the message in it."""
	return [user for user in _enabled(users) if desk.may_read(ticket.name, user)]


def _enabled(users: list[str]) -> list[str]:
	"""Those who are there and may log in: a ticket keeps the names of users who were deleted or renamed."""
	if not users:
		return []
	return frappe.get_all("User", {"name": ("in", users), "enabled": 1}, pluck="name")
