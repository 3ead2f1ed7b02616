import frappe

app_name = "helpdesk"
app_title = "Helpdesk"
app_publisher = "Twilio SMS Channel contributors"
app_description = "A stand-in for Frappe Helpdesk on throwaway sites"
app_email = "twilio-sms-channel@example.com"
app_license = "mit"

after_install = "helpdesk.setup.install.after_install"

website_route_rules = [{"from_route": "/helpdesk/<path:app_path>", "to_route": "helpdesk"}]

has_permission = {
	"HD Ticket": "helpdesk.helpdesk.doctype.hd_ticket.hd_ticket.has_permission",
	"HD Saved Reply": "helpdesk.helpdesk.doctype.hd_saved_reply.hd_saved_reply.has_permission",
}

permission_query_conditions = {
	"HD Ticket": "helpdesk.helpdesk.doctype.hd_ticket.hd_ticket.permission_query",
	"HD Saved Reply": "helpdesk.helpdesk.doctype.hd_saved_reply.hd_saved_reply.permission_query",
}

of_other_apps = [f"helpdesk.overrides.other_apps.{what}" for what in ("commit", "roll_back", "fail")]

doc_events = {
	"Contact": {
		"before_insert": "helpdesk.overrides.contact.link_customer_of_domain",
		"after_insert": of_other_apps,
	},
	"Communication": {
		"validate": "helpdesk.overrides.other_apps.roll_back_before",
		"after_insert": of_other_apps,
	},
	"File": {"after_insert": of_other_apps},
	"HD Ticket": {"after_insert": of_other_apps},
}

scheduler_events = {
	"daily": ["helpdesk.helpdesk.doctype.hd_ticket.hd_ticket.close_tickets_after_n_days"],
}

ignore_links_on_delete = ["HD Notification", "HD Ticket Comment"]

# As another app's that replaces a class of Frappe.
override_doctype_class = {"Notification": "helpdesk.overrides.other_apps.NotificationOfOtherApp"}
# Frappe calls `on_communication_update` of a Communication's parent since September 2023.
if frappe.__version__.startswith("15.0.0-dev"):
	override_doctype_class["Communication"] = "helpdesk.overrides.communication.CommunicationTellingItsTicket"
