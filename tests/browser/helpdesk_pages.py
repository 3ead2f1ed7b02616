"""Helpdesk's screen in a browser, for the stand-in and for the real one."""

from contextlib import contextmanager

from playwright.sync_api import expect
from support.people import PASSWORD
from support.stack import eventually

from browser.conftest import DESKTOP, watched

# Who answers on the whole Helpdesk.
AGENT = "tsms-helpdesk@example.com"
LIVE_MS = 30_000


def logged_in(chromium, web: str, user: str):
	"""A browser context with a session of the user; closed by the caller."""
	context = chromium.new_context(viewport=DESKTOP, device_scale_factor=1)
	# Helpdesk's introduction for new users covers a part of the page.
	context.add_init_script(f"localStorage.setItem('isOnboardingStepsCompletedhelpdesk{user}', 'true')")
	answer = context.request.post(f"{web}/api/method/login", form={"usr": user, "pwd": PASSWORD})
	assert answer.ok, answer.text()
	return context


def page_and_errors(context):
	"""A new page of the context, and the list to which errors of this app in it are added."""
	return watched(context, lambda message: "twilio" in message.text.lower())


@contextmanager
def watched_page(context):
	"""A page of the context, which must stay without errors of this app."""
	page, errors = page_and_errors(context)
	refused = []
	page.on("response", lambda answer: refused.append(answer) if answer.status >= 400 else None)
	yield page
	for answer in refused:
		print("refused:", answer.status, answer.url, answer.text()[:800])
	page.close()
	assert errors == [], errors


def open_ticket(page, web: str, name) -> None:
	page.goto(f"{web}/helpdesk/tickets/{name}")
	expect(page.locator(".comm-area")).to_be_visible()


def entry(page, text):
	"""The entry of the feed that says this: Helpdesk draws each in a page of its own."""
	return page.locator(".activity").filter(has=page.locator(f"iframe[srcdoc*='{text}']"))


def reply_box(page):
	return page.locator(".comm-area > div:has(.border-y)").first


def write_reply(page, words):
	box = reply_box(page)
	if not box.is_visible():
		page.locator(".comm-area").get_by_role("button", name="Reply", exact=True).click()
	box.locator(".ProseMirror").click()
	page.keyboard.type(words)
	return box


def in_sight(page, text) -> bool:
	"""Whether the end of the entry that says this is not below what the page shows of the feed."""
	return page.evaluate(
		"""text => {
			const bottom = document.querySelector(`iframe[srcdoc*="${text}"]`)?.getBoundingClientRect().bottom;
			return bottom <= document.querySelector(".comm-area").getBoundingClientRect().top + 1;
		}""",
		text,
	)


def seen(page, text) -> bool:
	expect(entry(page, text)).to_be_visible(timeout=LIVE_MS)
	return eventually(lambda: in_sight(page, text), timeout_s=8)
