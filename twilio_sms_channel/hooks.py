import frappe

from twilio_sms_channel.infra import compat
from twilio_sms_channel.overrides.frappe import portal, reading

app_name = "twilio_sms_channel"
app_title = "Twilio SMS Channel"
app_publisher = "Twilio SMS Channel contributors"
app_description = (
	"Text messages (SMS and MMS, by Twilio) as a channel of Frappe Helpdesk and of ERPNext's Issue"
)
app_email = "twilio-sms-channel@example.com"
app_license = "mit"

# What Frappe checks and writes for those who develop this app.
export_python_type_annotations = True
require_type_annotated_api_methods = True

# Life of the app -------------------------------------------------------------------------------

before_install = "twilio_sms_channel.install.before_install"
after_install = "twilio_sms_channel.install.after_install"
after_migrate = "twilio_sms_channel.install.after_migrate"
after_app_install = "twilio_sms_channel.install.after_app_install"
before_uninstall = "twilio_sms_channel.uninstall.before_uninstall"
after_uninstall = "twilio_sms_channel.uninstall.after_uninstall"
after_app_uninstall = "twilio_sms_channel.uninstall.after_app_uninstall"

# What replaces behaviour of ticket systems ------------------------------------------------------

# From v16 on Frappe mixes extensions of several apps; before, the last app's class counts: see `overrides.extending`.
if compat.IS_V16:
	extend_doctype_class = {
		"File": ["twilio_sms_channel.overrides.frappe.file.FileMixin"],
		"HD Ticket": ["twilio_sms_channel.overrides.helpdesk.ticket.TicketMixin"],
		"Issue": ["twilio_sms_channel.overrides.erpnext.issue.IssueMixin"],
		"Notification": ["twilio_sms_channel.overrides.frappe.site_sms.NotificationMixin"],
		"SMS Center": ["twilio_sms_channel.overrides.frappe.site_sms.SMSCenterMixin"],
	}
else:
	override_doctype_class = {
		"HD Ticket": "twilio_sms_channel.overrides.helpdesk.ticket_v15.SMSTicket",
		"Issue": "twilio_sms_channel.overrides.erpnext.issue_v15.SMSIssue",
		"Notification": "twilio_sms_channel.overrides.frappe.notification_v15.SMSNotification",
		"SMS Center": "twilio_sms_channel.overrides.erpnext.sms_center_v15.TwilioSMSCenter",
	}

override_whitelisted_methods = {
	"frappe.utils.global_search.search": "twilio_sms_channel.overrides.frappe.search.in_desk",
	"helpdesk.api.search.search": "twilio_sms_channel.overrides.helpdesk.search.on_page",
	"helpdesk.api.saved_replies.get_rendered_saved_reply": "twilio_sms_channel.overrides.helpdesk.saved_replies.get_rendered_saved_reply",
	"helpdesk.search.search": "twilio_sms_channel.overrides.helpdesk.search.in_palette",
	"helpdesk.api.article.hd_search": "twilio_sms_channel.overrides.helpdesk.search.in_palette",
	"frappe.desk.query_report.export_query": "twilio_sms_channel.overrides.frappe.exporting.of_report",
	"frappe.desk.reportview.export_query": "twilio_sms_channel.overrides.frappe.exporting.of_list",
	"frappe.core.doctype.communication.email.make": "twilio_sms_channel.overrides.frappe.mail_dialog.make",
	"frappe.core.doctype.sms_settings.sms_settings.send_sms": "twilio_sms_channel.overrides.frappe.site_sms.send_sms",
	"frappe.core.page.permission_manager.permission_manager.remove": "twilio_sms_channel.overrides.erpnext.role_permissions.remove",
	"frappe.core.page.permission_manager.permission_manager.reset": "twilio_sms_channel.overrides.erpnext.role_permissions.reset",
	"frappe.core.page.permission_manager.permission_manager.update": "twilio_sms_channel.overrides.erpnext.role_permissions.update",
	"erpnext.crm.doctype.lead.lead.make_lead_from_communication": "twilio_sms_channel.overrides.erpnext.reading.make_lead_from_communication",
	"erpnext.crm.doctype.opportunity.opportunity.make_opportunity_from_communication": "twilio_sms_channel.overrides.erpnext.reading.make_opportunity_from_communication",
	"erpnext.crm.doctype.utils.get_last_interaction": "twilio_sms_channel.overrides.erpnext.reading.get_last_interaction",
	"erpnext.crm.utils.get_open_activities": "twilio_sms_channel.overrides.erpnext.reading.get_open_activities",
	"erpnext.support.doctype.issue.issue.make_issue_from_communication": "twilio_sms_channel.overrides.erpnext.reading.make_issue_from_communication",
	"erpnext.support.doctype.issue.issue.set_multiple_status": "twilio_sms_channel.overrides.erpnext.status.set_multiple_status",
	"erpnext.support.doctype.issue.issue.set_status": "twilio_sms_channel.overrides.erpnext.status.set_status",
	"frappe.email.relink": "twilio_sms_channel.overrides.frappe.mail_endpoints.relink",
	"frappe.email.inbox.mark_as_closed_open": "twilio_sms_channel.overrides.frappe.mail_endpoints.mark_as_closed_open",
	"frappe.email.inbox.mark_as_spam": "twilio_sms_channel.overrides.frappe.mail_endpoints.mark_as_spam",
	"frappe.email.inbox.mark_as_trash": "twilio_sms_channel.overrides.frappe.mail_endpoints.mark_as_trash",
	"frappe.email.inbox.move_email": "twilio_sms_channel.overrides.frappe.mail_endpoints.move_email",
	"helpdesk.helpdesk.doctype.hd_ticket.api.merge_ticket": "twilio_sms_channel.overrides.helpdesk.ticket_endpoints.merge_ticket",
	"helpdesk.helpdesk.doctype.hd_ticket.api.split_ticket": "twilio_sms_channel.overrides.helpdesk.ticket_endpoints.split_ticket",
	"helpdesk.helpdesk.doctype.hd_ticket.api.get_one": "twilio_sms_channel.overrides.helpdesk.feed.get_one",
	"helpdesk.helpdesk.doctype.hd_ticket.api.get_ticket_activities": "twilio_sms_channel.overrides.helpdesk.feed.get_ticket_activities",
}
# What reads rows without asking who may read them.
override_whitelisted_methods.update(reading.overrides(frappe.__version__))
override_whitelisted_methods.update(portal.ENDPOINTS)

before_request = [
	# What Twilio sends along is no login of this site.
	"twilio_sms_channel.overrides.frappe.webhook_logins.leave_out",
	# Other modules lead to these endpoints as well.
	"twilio_sms_channel.overrides.frappe.aliases.refuse",
]

# Permissions: messages are read by whoever may read their ticket ----------------------------------

permission_query_conditions = {
	"Communication": "twilio_sms_channel.permissions.queries.communication_query",
	"File": "twilio_sms_channel.permissions.queries.file_query",
	"HD Notification": "twilio_sms_channel.permissions.queries.about_ticket_query",
	"HD Ticket Activity": "twilio_sms_channel.permissions.queries.about_ticket_query",
	"HD Ticket Comment": "twilio_sms_channel.permissions.queries.about_ticket_query",
	"Tag Link": "twilio_sms_channel.permissions.queries.tag_query",
	"Twilio SMS Conversation": "twilio_sms_channel.permissions.queries.conversation_query",
	"Twilio SMS Media": "twilio_sms_channel.permissions.queries.media_query",
	"Twilio SMS Message": "twilio_sms_channel.permissions.queries.message_query",
}

has_permission = {
	"Communication": "twilio_sms_channel.permissions.queries.may_read_communication",
	"Twilio SMS Conversation": "twilio_sms_channel.permissions.queries.may_read_conversation",
	"Twilio SMS Message": "twilio_sms_channel.permissions.queries.may_read_message",
}

# Documents and time ----------------------------------------------------------------------------

# Our DocTypes hold values that came from outside.
_OURS = tuple(
	f"Twilio SMS {name}"
	for name in (
		*("Account", "Consent Event", "Conversation", "Erased Text", "Exchange", "Finding", "Message"),
		*("Number", "Pace", "Rejected Webhook", "Unread Webhook"),
	)
)

_TICKET_EVENTS = {
	"before_insert": "twilio_sms_channel.permissions.protected_fields.before_ticket_insert",
	"before_validate": "twilio_sms_channel.permissions.protected_fields.before_ticket_validate",
	"after_delete": "twilio_sms_channel.overrides.frappe.deleting.forget_words",
}

doc_events = {
	**{
		doctype: {"before_print": "twilio_sms_channel.overrides.frappe.printing.as_text"} for doctype in _OURS
	},
	"Communication": {
		"validate": "twilio_sms_channel.permissions.protected_fields.keep_in_ticket",
		"after_delete": "twilio_sms_channel.overrides.frappe.deleting.forget_words",
	},
	"Contact": {
		"before_validate": "twilio_sms_channel.people.contacts.clean",
		"validate": "twilio_sms_channel.people.contacts.keep_e164",
	},
	# What says which country the site is in besides our own settings; the second one is ERPNext's.
	"System Settings": {"on_update": "twilio_sms_channel.people.contacts.read_again_if_needed"},
	"Global Defaults": {"on_update": "twilio_sms_channel.people.contacts.read_again_if_needed"},
	"HD Ticket": _TICKET_EVENTS,
	"Issue": {
		**_TICKET_EVENTS,
		"before_rename": "twilio_sms_channel.overrides.erpnext.merging.refuse_others",
		"after_rename": "twilio_sms_channel.overrides.erpnext.merging.bring_along",
		"on_trash": "twilio_sms_channel.overrides.erpnext.issue.leave",
		"after_delete": [
			_TICKET_EVENTS["after_delete"],
			"twilio_sms_channel.overrides.erpnext.issue.keep_series",
		],
	},
	# Which roles answer Issues says what they read of this app.
	"Custom DocPerm": dict.fromkeys(
		("after_insert", "on_update", "after_delete"), "twilio_sms_channel.desks.erpnext.rights.give_again"
	),
	"ToDo": {"validate": "twilio_sms_channel.permissions.protected_fields.before_assignment"},
	"Error Log": {"before_insert": "twilio_sms_channel.infra.redaction.redact_error"},
}

scheduler_events = {
	"cron": {
		"* * * * *": ["twilio_sms_channel.messaging.upkeep.sweep.run"],
		"*/10 * * * *": ["twilio_sms_channel.doctor.usage_alert.look"],
	},
	"hourly_long": ["twilio_sms_channel.messaging.upkeep.backfill.scheduled"],
	"daily_long": [
		"twilio_sms_channel.doctor.nightly",
		"twilio_sms_channel.people.contacts.read_again_if_needed",
		"twilio_sms_channel.desks.erpnext.rights.give_if_installed",
	],
}

# A ticket or contact can be deleted although a conversation names it.
ignore_links_on_delete = [
	"Twilio SMS Conversation",
	"Twilio SMS Exchange",
	"Twilio SMS Message",
	"Twilio SMS Unread Webhook",
]

default_log_clearing_doctypes = {
	"Twilio SMS Exchange": 30,
	"Twilio SMS Rejected Webhook": 30,
	"Twilio SMS Unread Webhook": 180,
}

# Desk ------------------------------------------------------------------------------------------

# The workspace "Twilio SMS": v15 lists it in Desk's sidebar by itself. v16 shows what is in desktop_icon/ and
# workspace_sidebar/, which v15 does not read, and has a screen of apps.
if compat.IS_V16:
	add_to_apps_screen = [
		{
			"name": app_name,
			"logo": "/assets/twilio_sms_channel/images/twilio-sms-channel.svg",
			"title": "Twilio SMS",
			"route": "/desk/twilio-sms",
			"has_permission": "twilio_sms_channel.reports.boot.may_set_up",
		}
	]

doctype_js = {
	"HD Ticket": ["public/js/ticket_form.js", "public/js/hd_ticket.js"],
	"Issue": ["public/js/ticket_form.js", "public/js/issue.js"],
	"Contact": ["public/js/send_sms.js", "public/js/contact.js"],
	"Customer": ["public/js/send_sms.js", "public/js/customer.js"],
	"Lead": ["public/js/send_sms.js", "public/js/lead.js"],
}

doctype_list_js = {
	"HD Ticket": "public/js/ticket_list.js",
	"Issue": "public/js/ticket_list.js",
	**{doctype: "public/js/shown_as_text.js" for doctype in _OURS},
}

extend_bootinfo = "twilio_sms_channel.reports.boot.extend"

additional_timeline_content = {"HD Ticket": ["twilio_sms_channel.overrides.helpdesk.feed.desk_timeline"]}
