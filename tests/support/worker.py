"""Frappe's worker as `bench worker` starts it, warmed up before it forks so that each job starts at once."""

import os

import frappe
import frappe.utils.background_jobs
from frappe.model.base_document import get_controller

DOCTYPES = (
	*(
		"Communication",
		"Contact",
		"File",
		"HD Ticket",
		"Notification Log",
		"Assignment Rule",
		"Email Account",
	),
	*(
		"Twilio SMS Account",
		"Twilio SMS Conversation",
		"Twilio SMS Media",
		"Twilio SMS Message",
		"Twilio SMS Number",
	),
)

frappe.init(site=os.environ["TWILIO_SMS_SITE"], sites_path=".")
frappe.connect()
for doctype in DOCTYPES:
	get_controller(doctype)
	frappe.new_doc(doctype)
frappe.destroy()
frappe.utils.background_jobs.start_worker(queue="short,default,long", quiet=True)
