app_name = "erpnext"
app_title = "ERPNext"
app_publisher = "Twilio SMS Channel contributors"
app_description = "A stand-in for ERPNext on throwaway sites"
app_email = "twilio-sms-channel@example.com"
app_license = "mit"

after_install = "erpnext.setup.install.after_install"

doc_events = {
	"Issue": {"validate": "erpnext.support.doctype.service_level_agreement.service_level_agreement.apply"},
	"Communication": {
		"on_update": [
			"erpnext.support.doctype.service_level_agreement.service_level_agreement.on_communication_update",
			"erpnext.support.doctype.issue.issue.set_first_response_time",
		]
	},
	"Contact": {
		"after_insert": "erpnext.telephony.doctype.call_log.call_log.link_existing_conversations",
		"on_trash": "erpnext.support.doctype.issue.issue.update_issue",
	},
}

has_website_permission = {"Issue": "erpnext.support.doctype.issue.issue.has_website_permission"}

standard_portal_menu_items = [
	{"title": "Issues", "route": "/issues", "reference_doctype": "Issue", "role": "Customer"}
]

global_search_doctypes = {
	"Default": [
		{"doctype": "Customer", "index": 0},
		{"doctype": "Lead", "index": 1},
		{"doctype": "Issue", "index": 2},
	]
}

scheduler_events = {"daily": ["erpnext.support.doctype.issue.issue.auto_close_tickets"]}
