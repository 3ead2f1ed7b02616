"""Frappe's web application for one site, whatever name a request calls it by; a bench's nginx does this in production."""

import os

from frappe.app import application as frappe_application


def application(environ, start_response):
	environ["HTTP_X_FRAPPE_SITE_NAME"] = os.environ["TWILIO_SMS_BENCHMARK_SITE"]
	return frappe_application(environ, start_response)
