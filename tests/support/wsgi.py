"""Frappe's web application for one site, whatever Host the request names (as a production bench's proxy does it).

Its answers are searched for Twilio's secrets (see `leaks`). One of the server's processes can be told where to die, in the middle of a request: see `kill_point`.
"""

import os
from pathlib import Path

from frappe.app import application as frappe_application
from frappe.middlewares import StaticDataMiddleware
from werkzeug.middleware.shared_data import SharedDataMiddleware

from support import kill_point, leaks, preloaded

_application = StaticDataMiddleware(
	SharedDataMiddleware(frappe_application, {"/assets": os.path.abspath("assets")}),
	{"/files": os.path.abspath(".")},
)


def _for_site(environ, start_response):
	if environ["PATH_INFO"].startswith("/socket.io/"):
		# Another server's, in a production bench; Frappe would make a page for each of the browser's tries.
		start_response("404 Not Found", [("Content-Type", "text/plain"), ("Content-Length", "0")])
		return []
	environ["HTTP_X_FRAPPE_SITE_NAME"] = os.environ["TWILIO_SMS_SITE"]
	return _application(environ, start_response)


application = leaks.watched(_for_site, Path(os.environ["TWILIO_SMS_ANSWERS_LOG"]))


preloaded.load(os.environ["TWILIO_SMS_SITE"])
kill_point.watch_children(parent_dies_too=False)
preloaded.freeze()
