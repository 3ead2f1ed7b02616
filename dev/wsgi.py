"""The web server's application: Frappe, its static files, and one site whatever name it is called by.

A bench in production has nginx do this. Run by gunicorn in the sites folder, with the site's name in THROWAWAY_SITE.
"""

import os

from frappe.app import application as frappe_application
from werkzeug.middleware.shared_data import SharedDataMiddleware

SITE = os.environ["THROWAWAY_SITE"]

with_static_files = SharedDataMiddleware(
	frappe_application,
	{"/assets": os.path.abspath("assets"), "/files": os.path.abspath(os.path.join(SITE, "public", "files"))},
)


def application(environ, start_response):
	if environ["PATH_INFO"].startswith("/socket.io"):
		# Desk asks for live updates again and again; there is no server for them here, and Frappe would make a page
		# of every refusal.
		start_response("404 Not Found", [("Content-Length", "0")])
		return []
	environ["HTTP_X_FRAPPE_SITE_NAME"] = SITE
	return with_static_files(environ, start_response)
