"""The app's elements on a page of their own, with the site's real endpoints behind them."""

import base64
import json
from pathlib import Path

import pytest
from support import desks

PAGE = "twilio-sms-elements"
HTML = """<!doctype html>
<html lang="{lang}" dir="{direction}" data-theme="{theme}">
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Text conversation</title>
<style>
	html {{ font-family: Inter, system-ui, sans-serif; background: #fff; color: #171717; }}
	html[data-theme=dark] {{ background: #171717; color: #f2f2f2; color-scheme: dark; }}
	body {{ margin: 0; padding: 16px; }}
	main {{ max-width: 760px; margin: auto; min-height: {height}px; align-content: end; display: grid; }}
</style>
<main></main>
<script src="{script}"></script>
<script>
	window.toasts = [];
	window.opened = [];
	const toast = (text) => window.toasts.push(text);
	twilio_sms.set_host({{
		...twilio_sms.http_host({{ csrf_token: () => "", ticket_doctype: {doctype}, toast }}),
		__: (text, args = []) => text.replace(/\\{{(\\d+)\\}}/g, (hole, place) => args[place] ?? hole),
		toast,
		open: (...what) => window.opened.push(what),
		open_ticket: (name) => window.opened.push([{doctype}, name]),
		on_update: () => () => {{}},
		live: () => true,
		user: {user},
		is_rtl: {rtl},
	}});
	window.element = twilio_sms.mount(document.querySelector("main"), {tag}, {properties});
</script>
"""


class Screen:
	"""Shows elements of the app's bundle to an agent, one page load each."""

	def __init__(self, page, agent):
		self.page, self.agent = page, agent
		cookies = [
			{"name": cookie.name, "value": cookie.value, "url": agent.stack.web}
			for cookie in agent.session.cookies
		]
		page.context.add_cookies(cookies)
		boot = agent.call("twilio_sms_channel.api.screen.boot", http="GET").json()["message"]
		self.script = boot["script"]
		assert self.script, "the bundle is not built"

	def show(self, tag: str, ticket, *, theme="light", rtl=False, lang="en", height=520):
		"""Open a page with this element for a ticket. Returns the element's locator."""
		html = HTML.format(
			lang=lang,
			direction="rtl" if rtl else "ltr",
			theme=theme,
			script=self.script,
			doctype=json.dumps(desks.default().doctype),
			user=json.dumps(self.agent.user),
			rtl=json.dumps(rtl),
			tag=json.dumps(tag),
			properties=json.dumps({"ticket": str(ticket)}),
			height=height,
		)
		url = f"{self.agent.stack.web}/{PAGE}"
		self.page.unroute(url)
		self.page.route(url, lambda route: route.fulfill(content_type="text/html", body=html))
		self.page.goto(url)
		return self.page.locator(tag)

	def refresh(self, ticket) -> None:
		"""As when the site tells of a change."""
		self.page.evaluate("(ticket) => twilio_sms.store(ticket).load()", str(ticket))


def at(element, testid):
	return element.get_by_test_id(testid)


def drop(element, *files, type="drop"):
	"""Let go of files over an element: (name, MIME type, bytes)."""
	given = [[name, mime, base64.b64encode(data).decode()] for name, mime, data in files]
	element.evaluate(
		"""(element, [type, files]) => {
			const data = new DataTransfer();
			for (const [name, type, content] of files) {
				const bytes = Uint8Array.from(atob(content), (character) => character.charCodeAt(0));
				data.items.add(new File([bytes], name, { type }));
			}
			const options = { bubbles: true, composed: true, cancelable: true };
			element.dispatchEvent(type === "paste"
				? new ClipboardEvent("paste", { ...options, clipboardData: data })
				: new DragEvent(type, { ...options, dataTransfer: data }));
		}""",
		[type, given],
	)


def axe_script(config, or_skip: bool = True) -> str:
	"""axe-core, which finds what keeps people from using a page. Where it is not there the test is skipped, or ""."""
	packages = config.getoption("--npm-packages")
	script = Path(packages or "", "axe-core", "axe.min.js")
	if not packages or not script.exists():
		if not or_skip:
			return ""
		pytest.skip("axe-core is not there: --npm-packages FOLDER")
	return script.read_text()


def violations(page, script: str, within: str = "html") -> list[str]:
	"""What is serious or critical on the page, in a line each.

	:param script: `axe_script`
	:param within: CSS selector of the part to look at
	"""
	page.evaluate(script)
	# What is just appearing is still pale.
	page.evaluate("Promise.allSettled(document.getAnimations().map(({ finished }) => finished))")
	return page.evaluate(
		"""(within) => axe.run(within, { resultTypes: ["violations"] }).then(({ violations }) => violations
			.filter(({ impact }) => ["serious", "critical"].includes(impact))
			.map(({ id, nodes }) => [id, ...nodes.map((node) => `${node.target} ${node.failureSummary}`)].join(" | ")))""",
		within,
	)
