"""Frappe's worker as `bench worker` starts it, with the app imported before it forks: jobs then start at once."""

import frappe.utils.background_jobs

frappe.utils.background_jobs.start_worker(queue="short,default,long", quiet=True)
