"""Frappe's web application for one site, whatever Host the request names (as a production bench's proxy does it)."""

import os

from frappe.app import application as frappe_application
from frappe.middlewares import StaticDataMiddleware
from werkzeug.middleware.shared_data import SharedDataMiddleware

_application = StaticDataMiddleware(
	SharedDataMiddleware(frappe_application, {"/assets": os.path.abspath("assets")}),
	{"/files": os.path.abspath(".")},
)


def application(environ, start_response):
	environ["HTTP_X_FRAPPE_SITE_NAME"] = os.environ["TWILIO_SMS_SITE"]
	return _application(environ, start_response)
