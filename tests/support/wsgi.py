"""Frappe's web application for one site, whatever Host the request names (as a production bench's proxy does it).

One of the server's processes can be told where to die, in the middle of a request: see `kill_point`.
"""

import os

from frappe.app import application as frappe_application
from frappe.middlewares import StaticDataMiddleware
from werkzeug.middleware.shared_data import SharedDataMiddleware

from support import kill_point

_application = StaticDataMiddleware(
	SharedDataMiddleware(frappe_application, {"/assets": os.path.abspath("assets")}),
	{"/files": os.path.abspath(".")},
)


def application(environ, start_response):
	environ["HTTP_X_FRAPPE_SITE_NAME"] = os.environ["TWILIO_SMS_SITE"]
	return _application(environ, start_response)


kill_point.watch_children(parent_dies_too=False)
