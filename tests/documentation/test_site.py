"""The built pages in Chromium, opened from their folder: no web server, and nothing from another host."""

import pytest
from playwright.sync_api import expect

DESKTOP = {"width": 1280, "height": 860}


@pytest.fixture
def page(chromium, documentation_site):
	context = chromium.new_context(viewport=DESKTOP)
	page = context.new_page()
	asked, errors = [], []
	page.on("request", lambda request: asked.append(request.url))
	page.on("pageerror", lambda error: errors.append(str(error)))
	page.on("console", lambda message: message.type == "error" and errors.append(message.text))
	page.goto((documentation_site / "index.html").as_uri())
	yield page
	context.close()
	assert errors == []
	assert [url for url in asked if not url.startswith(("file:", "blob:", "data:"))] == []


def test_a_search_finds_a_page_that_opens(page):
	page.get_by_role("textbox", name="Search").fill("auth token promote")
	expect(page.locator(".md-search-result__meta")).to_contain_text("matching document")
	page.locator(".md-search-result__link[href*='accounts.html']").first.click()
	expect(page.locator("article h1")).to_contain_text("Accounts and tokens")
	assert page.url.startswith("file:")


def test_a_picture_enlarges(page, documentation_site):
	page.goto((documentation_site / "setup.html").as_uri())
	small = page.locator("article img").first
	width = small.bounding_box()["width"]
	small.click()
	large = page.locator(".glightbox-container .gslide.current img")
	expect(large).to_be_visible()
	page.wait_for_function(
		"([picture, width]) => picture.getBoundingClientRect().width > width",
		arg=[large.element_handle(), width],
	)
	expect(page.locator(".glightbox-container .gslide-title").first).to_contain_text("Account SID")
	page.keyboard.press("Escape")
	expect(page.locator(".glightbox-container")).to_have_count(0)


def test_pages_say_which_version_they_are_about(page):
	from twilio_sms_channel import __version__

	for place in (".md-header__topic", ".md-copyright"):
		assert __version__ in page.locator(place).first.inner_text()
