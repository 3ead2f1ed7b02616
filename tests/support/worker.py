"""Frappe's worker as `bench worker` starts it, warmed up before it forks so that each job starts at once.

It can be told where to die, with the job it is doing, or where to stop: see `kill_point`.
"""

import os

import frappe
import frappe.utils.background_jobs
from frappe.model.base_document import get_controller

from support import kill_point

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
kill_point.watch_children(parent_dies_too=True)
frappe.destroy()
kill_point.watch_this_process()
frappe.utils.background_jobs.start_worker(queue="short,default,long", quiet=True)
