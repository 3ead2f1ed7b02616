import os
import random
from collections.abc import Callable
from urllib.parse import urlsplit

import frappe
import pytest
from playwright.sync_api import expect
from support import desks

from browser.screens import Screen

DESKTOP = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 844}
SURNAMES = (
	"Diaz Keller Rossi Moreau Tanaka Novak Silva Larsen Nguyen Costa Weber Sato Murphy Dubois Haddad".split()
)

expect.set_options(timeout=20_000)


@pytest.fixture(scope="session")
def shots(request):
	"""Where screenshots go: `--shots DIR`, otherwise beside the bench's test logs."""
	chosen = request.config.getoption("--shots")
	logs = request.config.bench / "logs" / "tests"
	folder = request.config.invocation_params.dir / chosen if chosen else logs / "shots"
	os.makedirs(folder, exist_ok=True)
	return lambda name: os.path.join(folder, f"{name}.png")


@pytest.fixture(scope="session")
def window(chromium, site):
	"""A window for all tests: what it has loaded and compiled for one is not loaded again for the next."""
	context = new_window(chromium)
	yield context
	context.close()


@pytest.fixture
def page(window):
	page, errors = watched(window, lambda message: message.type == "error")
	yield page
	forget(window)
	for error in errors:
		print("in the browser:", error)


@pytest.fixture
def screen(page, agent):
	"""The app's elements on pages of their own, for an agent."""
	return Screen(page, agent)


@pytest.fixture(scope="session")
def real(site, request):
	"""The bench's own servers, with the simulator as their Twilio."""
	from support.stack import Stack

	url = request.config.getoption("--url")
	if not url:
		pytest.skip("wants --url: the address of a bench that runs, with the real Helpdesk")
	with Stack(request.config.bench, site, url=url.rstrip("/")) as running:
		yield running


@pytest.fixture
def carla(real):
	"""A customer of the whole Helpdesk, with a name."""
	from support.stack import Customer

	carla = Customer(real)
	unused = [name for name in SURNAMES if not frappe.db.exists("Contact", f"Carla {name}")]
	frappe.get_doc(
		{
			"doctype": "Contact",
			"first_name": "Carla",
			"last_name": random.choice(unused or SURNAMES),
			"phone_nos": [{"phone": carla.number, "is_primary_mobile_no": 1}],
		}
	).insert()
	frappe.db.commit()
	return carla


def new_window(chromium):
	# Today is the same day for the site and whoever looks at it.
	zone = frappe.utils.get_system_timezone()
	# Nothing is seen of what moves, and each of its frames is drawn without a graphics card.
	return chromium.new_context(
		viewport=DESKTOP, device_scale_factor=1, timezone_id=zone, reduced_motion="reduce"
	)


def forget(window) -> None:
	"""Close all pages of a window, and take away what they left in it but its cache."""
	for page in window.pages:
		origin = urlsplit(page.url)
		page.goto("about:blank")
		window.new_cdp_session(page).send(
			"Storage.clearDataForOrigin",
			{"origin": f"{origin.scheme}://{origin.netloc}", "storageTypes": "local_storage,indexeddb"},
		)
		page.close()
	window.clear_cookies()


def watched(context, matters: Callable):
	"""A new page of the context, and the list to which its errors are added.

	:param matters: whether a message of its console is one
	"""
	page = context.new_page()
	page.set_default_timeout(20_000)
	errors = []
	page.on("pageerror", lambda error: errors.append(error.stack or str(error)))
	page.on(
		"console",
		lambda message: errors.append(f"{message.text} {message.location}") if matters(message) else None,
	)
	return page, errors


def make_email_ticket(**fields):
	"""A ticket that came by e-mail. Commits."""
	ticket = desks.default().make_ticket(**{"subject": "By e-mail", "raised_by": "ann@example.com", **fields})
	frappe.db.commit()
	return ticket


def log_in(page, stack, user):
	"""Have the page go on in a session of this user."""
	session = stack.login(user).session
	cookies = [{"name": cookie.name, "value": cookie.value, "url": stack.web} for cookie in session.cookies]
	page.context.clear_cookies()
	page.context.add_cookies(cookies)
