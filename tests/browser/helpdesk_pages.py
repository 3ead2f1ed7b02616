"""Helpdesk's screen in a browser, for the stand-in and for the real one."""

from playwright.sync_api import expect
from support.people import PASSWORD

from browser.conftest import DESKTOP


def logged_in(chromium, web: str, user: str):
	"""A browser context with a session of the user; closed by the caller."""
	context = chromium.new_context(viewport=DESKTOP, device_scale_factor=1)
	# Helpdesk's introduction for new users covers a part of the page.
	context.add_init_script(f"localStorage.setItem('isOnboardingStepsCompletedhelpdesk{user}', 'true')")
	answer = context.request.post(f"{web}/api/method/login", form={"usr": user, "pwd": PASSWORD})
	assert answer.ok, answer.text()
	return context


def watched(context):
	"""A new page of the context, and the list to which errors of this app in it are added."""
	page = context.new_page()
	page.set_default_timeout(20_000)
	errors = []
	page.on("pageerror", lambda error: errors.append(error.stack or str(error)))
	page.on(
		"console",
		lambda message: errors.append(message.text) if "twilio" in message.text.lower() else None,
	)
	return page, errors


def open_ticket(page, web: str, name) -> None:
	page.goto(f"{web}/helpdesk/tickets/{name}")
	expect(page.locator(".comm-area")).to_be_visible()
