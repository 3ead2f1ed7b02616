"""Frappe's worker as `bench worker` starts it, which has loaded before it forks what its jobs would load each anew.

It can be told where to die, with the job it is doing, or where to stop: see `kill_point`.
"""

import os

import frappe.utils.background_jobs

from support import kill_point, preloaded

preloaded.load(os.environ["TWILIO_SMS_SITE"])
kill_point.watch_children(parent_dies_too=True)
kill_point.watch_this_process()
preloaded.freeze()
frappe.utils.background_jobs.start_worker(queue="short,default,long", quiet=True)
