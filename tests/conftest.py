"""The suite runs against a real site: `pytest tests --bench PATH --site NAME`.

It starts its own web server, worker, mail sink and Twilio simulator; MariaDB and Redis are the bench's.
"""

import os
import shutil
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
TICKET_SYSTEMS = ("helpdesk", "erpnext")
sys.path.insert(0, str(HERE))


def pytest_addoption(parser):
	parser.addoption("--bench", help="path of the bench (the folder with apps/, env/ and sites/)")
	parser.addoption(
		"--desk",
		choices=("helpdesk", "erpnext", "both"),
		help="which of the site's ticket systems are tested (those that are installed)",
	)
	parser.addoption(
		"--in-full", action="store_true", help="reliability tests: every stage, 500 texts, 10,000 requests"
	)
	parser.addoption(
		"--npm-packages", help="folder node_modules with sms-segments-calculator, Twilio's own, and axe-core"
	)
	parser.addoption(
		"--restart-services-with",
		help="command that restarts a service of the bench; {service} stands for MariaDB, Redis-queue or Redis-cache, "
		"{signal} for TERM or KILL",
	)
	parser.addoption(
		"--printed",
		help="file with what `make demo` printed, for the way through the demo that it left running",
	)
	parser.addoption("--film", help="file for the animated picture of that way (GIF)")
	parser.addoption("--shots", help="folder for the browser tests' screenshots")
	parser.addoption("--site", help="name of a site on it that may be filled with test data")
	parser.addoption(
		"--url", help="where the bench's own web server answers, for the story on a whole Helpdesk"
	)


def pytest_configure(config):
	config.addinivalue_line("markers", "last: looks back at all other tests, and runs after them")
	config.addinivalue_line(
		"markers", "ticket_systems: is about whichever are there; of each test that asks for `ticket_system`"
	)
	config.addinivalue_line("markers", "as_alone: is the same where its ticket system is alone")
	config.addinivalue_line("markers", "more_people: is about one more person of a table of rights")
	for app in TICKET_SYSTEMS:
		config.addinivalue_line("markers", f"{app}: is about this ticket system alone")
		config.addinivalue_line("markers", f"on_{app}: a test that asks for `ticket_system`, on this one")
	bench = config.getoption("--bench")
	if not bench:
		return
	if not config.getoption("--site"):
		raise pytest.UsageError("--bench also wants --site NAME")
	bench = Path(bench).resolve()
	env = bench / "env"
	if not (bench / "sites" / config.getoption("--site")).is_dir():
		raise pytest.UsageError(f"{bench} has no site {config.getoption('--site')}")
	if Path(sys.prefix).resolve() != env.resolve():
		# Frappe and the apps are importable in the bench's own environment only.
		config.pluginmanager.getplugin("capturemanager").stop_global_capturing()
		python = str(env / "bin" / "python")
		os.execv(python, [python, "-m", "pytest", *config.invocation_params.args])
	config.bench = bench
	config.ticket_systems = _ticket_systems(bench, config.getoption("--site"), config.getoption("--desk"))


def _ticket_systems(bench: Path, site: str, desk: str | None) -> list[str]:
	"""The apps of those that are tested; the first one is meant where a test names none."""
	# Frappe v16 opens log files while it is imported, relative to the folder it runs in.
	before = os.getcwd()
	os.chdir(bench / "sites")
	import frappe
	from support import desks

	frappe.init(site=site, sites_path=".")
	frappe.connect()
	installed = desks.installed()
	frappe.destroy()
	os.chdir(before)
	wanted = desks.KINDS[desk] if desk else installed
	if missing := set(wanted) - set(installed):
		raise pytest.UsageError(f"{site} has no {' and no '.join(sorted(missing))}")
	desks.choose(list(wanted))
	return list(wanted)


def pytest_itemcollected(item):
	if "ticket_system" in getattr(item, "fixturenames", ()):
		item.add_marker("ticket_systems")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
	"""What is about a ticket system that is not tested is skipped; what looks back at all other tests comes last."""
	tested = getattr(config, "ticket_systems", TICKET_SYSTEMS)
	for item in items:
		for app in TICKET_SYSTEMS:
			if app not in tested and item.get_closest_marker(app):
				item.add_marker(pytest.mark.skip(reason=f"is about {app} alone"))
	items.sort(key=lambda item: item.get_closest_marker("last") is not None)


def pytest_ignore_collect(collection_path, config):
	"""Without a bench, only what needs no Frappe is there to run."""
	if config.getoption("--bench") or collection_path.is_dir():
		return None
	without_frappe = {HERE / name for name in ("documentation", "simulator", "unit")}
	return None if without_frappe & set(collection_path.parents) else True


@pytest.fixture(scope="session", autouse=True)
def site(request):
	"""Frappe, initialised and connected for the site as Administrator. The site's name."""
	name = request.config.getoption("--site")
	if not name:
		yield None
		return
	os.chdir(request.config.bench / "sites")
	import frappe

	frappe.init(site=name, sites_path=".")
	frappe.connect()
	frappe.set_user("Administrator")
	frappe.local.lang = "en"
	yield name
	frappe.db.rollback()
	frappe.destroy()


@pytest.fixture(autouse=True)
def administrator(site):
	"""Every test starts as Administrator, in a transaction of its own."""
	if not site:
		yield
		return
	import frappe

	frappe.set_user("Administrator")
	frappe.db.rollback()
	# What was said to users that other tests made.
	frappe.clear_messages()
	yield
	frappe.db.rollback()
	frappe.set_user("Administrator")


def pytest_generate_tests(metafunc):
	"""What asks for the ticket system runs on each."""
	if "ticket_system" in metafunc.fixturenames:
		tested = getattr(metafunc.config, "ticket_systems", TICKET_SYSTEMS)
		own = [app for app in TICKET_SYSTEMS if metafunc.definition.get_closest_marker(app)]
		# A test of one that is not here is there to be skipped.
		systems = [pytest.param(app, marks=getattr(pytest.mark, f"on_{app}")) for app in own or tested]
		metafunc.parametrize("ticket_system", systems, indirect=True)


@pytest.fixture
def ticket_system(request, stack):
	"""One of the ticket systems, which is the default one of `support.desks` now, and to which the stack's numbers send new
	tickets: see `support.desks.TicketSystem`."""
	from support import desks

	numbers = stack.number, stack.other_number
	system = desks.SYSTEMS[request.param]
	with desks.meant(system):
		system.take(*numbers)
		yield system
	desks.default().take(*numbers)


@pytest.fixture(scope="session")
def stack(site, request):
	"""Web server, worker, simulator, mail sink, a Twilio account and two numbers: see `support.stack.Stack`."""
	from support.stack import Stack
	from support.twilio_accounts import switch_off_what_is_left

	switch_off_what_is_left()
	with Stack(request.config.bench, site) as running:
		yield running


@pytest.fixture
def sim(stack):
	"""The Twilio simulator, without faults and idle before and after."""
	from support import leaks, twilio_accounts

	stack.simulator.faults.off()
	twilio_accounts.forget_refusals(stack.account)
	yield stack.simulator
	leaks.planted.learn(stack.simulator)
	stack.simulator.faults.off()
	stack.simulator.wait_idle(10)


@pytest.fixture
def unreadable(sim):
	"""An account whose secrets this site cannot read, first of all when they are gone through. Its name."""
	import frappe
	from support import twilio_accounts

	name = f"! {frappe.generate_hash(length=8)}"
	account = twilio_accounts.here(twilio_accounts.at_twilio(sim), account_name=name).name
	twilio_accounts.make_unreadable(account)
	yield account
	frappe.db.rollback()
	frappe.db.set_value("Twilio SMS Account", account, {"enabled": 0, "paused_since": None})
	frappe.db.commit()


@pytest.fixture
def customer(stack, request):
	"""A customer's phone with a number nobody had before."""
	from support.stack import Customer

	if "ticket_system" in request.fixturenames:
		# Before anybody texts.
		request.getfixturevalue("ticket_system")
	return Customer(stack)


@pytest.fixture
def ticket(customer, sim):
	"""A ticket with one text of its customer."""
	from support.stack import ticket_of

	return ticket_of(customer.text("Hello"))


@pytest.fixture
def now(stack):
	"""The time before what a test has rejected, which is all written down."""
	import frappe

	# The limit of log lines counts per minute: start from none.
	frappe.cache().delete_keys("twilio_sms_rejected:")
	return frappe.utils.now_datetime()


@pytest.fixture
def conversation_of(stack):
	"""Makes conversations of new customers with a number of ours: see `support.replies.conversation`."""
	from support import replies

	return lambda number: replies.conversation(stack, number)


@pytest.fixture(scope="session")
def agent(stack, admin):
	"""An agent, logged in over HTTP. After `admin`: Frappe makes a system manager of a site's first user."""
	from support.people import make_agent

	return stack.login(make_agent("tsms-agent@example.com"))


@pytest.fixture(scope="session")
def bob(stack, admin):
	"""Another agent."""
	from support.people import make_agent

	return stack.login(make_agent("tsms-bob@example.com", "Bob", "Smith"))


@pytest.fixture(scope="session")
def admin(stack):
	from support.people import make_system_manager

	return stack.login(make_system_manager("tsms-admin@example.com"))


# The one without windows needs two thirds of the time.
CHROMIUM_NAMES = ("chromium-headless-shell", "chromium", "google-chrome")
CHROMIUM_FLAGS = [
	"--no-sandbox",
	"--disable-gpu",
	"--disable-quic",
	"--no-first-run",
	"--disable-background-networking",
	"--disable-component-update",
	"--disable-sync",
]


@pytest.fixture(scope="session")
def chromium():
	"""Chromium of the machine (Debian's package), driven by Playwright."""
	playwright = pytest.importorskip("playwright.sync_api")
	path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
	if not path:
		pytest.skip("no Chromium on this machine: install Debian's package chromium, or set CHROMIUM")
	with playwright.sync_playwright() as running:
		browser = running.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
		yield browser
		browser.close()


@pytest.fixture(scope="session")
def picture() -> bytes:
	"""A small PNG: a parcel, as the documentation shows it."""
	import io

	from PIL import Image, ImageDraw

	image = Image.new("RGB", (160, 120), "#e8eef2")
	draw = ImageDraw.Draw(image)
	draw.rectangle((38, 36, 122, 98), fill="#c89b62", outline="#8a6535", width=2)
	draw.rectangle((72, 36, 88, 98), fill="#e3c596")
	draw.rectangle((94, 72, 116, 92), fill="#ffffff")
	for y in (77, 82, 87):
		draw.line((97, y, 112, y), fill="#8f8f8f")
	data = io.BytesIO()
	image.save(data, "PNG")
	return data.getvalue()
