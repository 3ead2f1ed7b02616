import os
import shutil

import pytest

DESKTOP = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 844}
FLAGS = [
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
	from playwright.sync_api import sync_playwright

	path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
	if not path:
		pytest.skip("no Chromium on this machine: install Debian's package chromium, or set CHROMIUM")
	with sync_playwright() as playwright:
		browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
		yield browser
		browser.close()


@pytest.fixture(scope="session")
def shots(request):
	"""Where screenshots go: `--shots DIR`, otherwise beside the bench's test logs."""
	folder = request.config.getoption("--shots") or request.config.bench / "logs" / "tests" / "shots"
	os.makedirs(folder, exist_ok=True)
	return lambda name: os.path.join(folder, f"{name}.png")


@pytest.fixture
def page(chromium):
	context = chromium.new_context(viewport=DESKTOP, device_scale_factor=1)
	page = context.new_page()
	page.set_default_timeout(20_000)
	yield page
	context.close()
