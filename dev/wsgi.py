"""The web server's application: Frappe, its static files, live updates, and one site whatever name it is called by.

A bench in production has nginx and a socket.io server do this. Run by gunicorn in the sites folder, with the site's name
in THROWAWAY_SITE. At / is the start page of what runs here (or the one in THROWAWAY_START_PAGE), at /mailbox the e-mails
that were sent.
"""

import os
from pathlib import Path
from urllib.parse import parse_qs

import mailbox_page
from frappe.app import application as frappe_application
from layout import MAILS, START_PAGE
from realtime import with_live_updates
from werkzeug.middleware.shared_data import SharedDataMiddleware

SITE = os.environ["THROWAWAY_SITE"]
SHOWN_FIRST = Path(os.environ.get("THROWAWAY_START_PAGE", START_PAGE))
OWN = (
	"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; "
	"img-src data:; base-uri 'none'; frame-ancestors 'none'"
)

with_static_files = SharedDataMiddleware(
	frappe_application,
	{"/assets": os.path.abspath("assets"), "/files": os.path.abspath(os.path.join(SITE, "public", "files"))},
)


def of_one_site(environ, start_response):
	path = environ["PATH_INFO"]
	if path == "/" and not _is_call(environ) and SHOWN_FIRST.exists():
		return _answer(start_response, SHOWN_FIRST.read_text())
	if path == "/mailbox":
		return _answer(start_response, mailbox_page.page(MAILS))
	environ["HTTP_X_FRAPPE_SITE_NAME"] = SITE
	return with_static_files(environ, start_response)


def _is_call(environ) -> bool:
	"""Frappe's pages outside of Desk call methods at /, by their names in `cmd`."""
	return environ["REQUEST_METHOD"] == "POST" or "cmd" in parse_qs(environ["QUERY_STRING"])


def _answer(start_response, page: str):
	headers = [
		("Content-Type", "text/html; charset=utf-8"),
		("Cache-Control", "no-store"),
		("Content-Security-Policy", OWN),
	]
	start_response("200 OK", headers)
	return [page.encode()]


application = with_live_updates(of_one_site, SITE, os.environ["FRAPPE_REDIS_QUEUE"])
