"""Frappe's worker as `bench worker` starts it, which has loaded before it forks what its jobs would load each anew.

It can be told where to die, with the job it is doing, or where to stop: see `kill_point`.
"""

import gc
import importlib
import os
import pkgutil

import frappe
import frappe.utils.background_jobs
from frappe.model.base_document import get_controller

from support import kill_point
from twilio_sms_channel import messaging

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
for module in pkgutil.walk_packages(messaging.__path__, f"{messaging.__name__}."):
	importlib.import_module(module.name)
kill_point.watch_children(parent_dies_too=True)
frappe.destroy()
kill_point.watch_this_process()
# What is there before the jobs are forked is no garbage in any of them.
gc.collect()
gc.freeze()
frappe.utils.background_jobs.start_worker(queue="short,default,long", quiet=True)
