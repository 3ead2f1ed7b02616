"""The workspace and the reports in a browser, empty and with a month of texts, in the light and in the dark."""

from datetime import timedelta

import frappe
import pytest
from frappe.utils import now_datetime
from playwright.sync_api import expect
from support import desks
from support.planted import CONVERSATION, MESSAGE, NUMBER, OTHER, OURS, Planted, stored

from browser.conftest import DESKTOP, log_in
from browser.test_desk import desk

TALL = {"width": 1280, "height": 2100}
REPORTS = {
	"traffic": ("Twilio SMS Traffic", {"group_by": "Day"}),
	"failures": ("Twilio SMS Delivery Failures", {}),
	# Not right after the same report: Desk would stay where it is.
	"traffic-by-number": ("Twilio SMS Traffic", {"group_by": "Number", "figure": "Cost"}),
	"response-time": ("Twilio SMS Response Time", {}),
	"opt-outs": ("Twilio SMS Opt-Outs", {"group_by": "Week"}),
}
FAILURES = ("30006", "30006", "30006", "30007", "30003", "21610")
DAYS = 28


@pytest.fixture(scope="module")
def month(stack):
	"""A month of texts of two numbers and, where there are teams, of two, gone again afterwards."""
	frappe.db.rollback()
	frappe.set_user("Administrator")
	planted = Planted()
	frappe.db.set_value(NUMBER, OURS, "description", "Support")
	names, doctype = ("Parcels", "Returns"), desks.default().team_doctype
	teams = [stored({"doctype": doctype, "team_name": name}) if doctype else "" for name in names]
	talks = []
	for n, (number, team) in enumerate(((OURS, teams[0]), (OURS, teams[0]), (OTHER, teams[1]))):
		talks.append((number, planted.conversation(f"+1415555017{n}", number), planted.ticket(team)))
	for day in range(DAYS):
		_plant_day(planted, day, talks)
	frappe.db.commit()
	yield planted
	frappe.db.rollback()
	_forget(planted, teams, talks)


def _plant_day(planted: Planted, day: int, talks: list) -> None:
	morning = (now_datetime() - timedelta(days=day)).replace(hour=0, minute=5, second=0)
	for n in range(2 + (day * 5) % 6):
		number, conversation, communication = talks[(day + n) % len(talks)]
		where = {"number": number, "conversation": conversation, "communication": communication}
		asked = morning + timedelta(seconds=n * 600)
		planted.text("Inbound", asked, **where)
		if n % 3 == 2:
			continue
		price = {"price": 0.0083 * (1 + n % 3), "price_unit": "EUR" if number == OTHER else "USD"}
		answered = asked + timedelta(seconds=90 + 60 * ((day * 3 + n) % 7))
		planted.text("Outbound", answered, segments=1 + n % 3, sent_by="Administrator", **price, **where)
		if day % 4 == 3:
			failed = {"status": "Undelivered", "error_code": FAILURES[day % len(FAILURES)]}
			planted.text("Outbound", answered, **failed, **where)
	if day % 5 == 0:
		planted.opt_out(morning, event="Opted In" if day == 10 else "Opted Out")


def _forget(planted: Planted, teams: list[str], talks: list) -> None:
	numbers = {"number": ("in", (OURS, OTHER))}
	for doctype in (MESSAGE, CONVERSATION, "Twilio SMS Consent Event"):
		frappe.db.delete(doctype, numbers)
	for _number, _conversation, communication in talks:
		ticket = frappe.db.get_value("Communication", communication, ["reference_doctype", "reference_name"])
		frappe.db.delete(*ticket)
		frappe.db.delete("Communication", communication)
	for team in filter(None, teams):
		frappe.db.delete(desks.default().team_doctype, team)
	for number in (OURS, OTHER):
		frappe.db.delete(NUMBER, number)
	frappe.db.delete("Twilio SMS Account", planted.account)
	frappe.db.commit()


def both_themes(page, shots, name: str) -> None:
	# Charts are drawn with a movement.
	page.wait_for_timeout(1500)
	page.screenshot(path=shots(name))
	page.evaluate("document.documentElement.setAttribute('data-theme', 'dark')")
	page.screenshot(path=shots(f"{name}-dark"))
	page.evaluate("document.documentElement.setAttribute('data-theme', 'light')")


def shown_report(page, name: str, filters: dict) -> None:
	"""Go to a report within Desk, as a click on a link does."""
	page.evaluate("([name, filters]) => frappe.set_route('query-report', name, filters)", [name, filters])
	# Where a page says its title differs between v15 and v16.
	expect(page).to_have_title(name)


def test_the_overview_of_a_month(page, stack, admin, shots, month):
	log_in(page, stack, admin.user)
	page.set_viewport_size(TALL)
	page.goto(desk(stack, "twilio-sms"))
	expect(page.locator(".number-widget-box .number")).to_have_count(8)
	expect(page.locator(".chart-loading-state:visible", has_text="Loading...")).to_have_count(0)
	expect(page.locator(".chart-loading-state:visible", has_text="No Data")).to_have_count(0)
	expect(page.locator(".frappe-chart .line-graph-path").first).to_be_visible()
	texts_today = page.locator(".number-widget-box", has_text="Messages In Today").locator(".number")
	assert int(texts_today.inner_text()) >= 2
	both_themes(page, shots, "workspace")

	page.set_viewport_size(DESKTOP)
	for shot, (name, filters) in REPORTS.items():
		shown_report(page, name, filters)
		expect(page.locator(".datatable:visible .dt-row").nth(1)).to_be_visible()
		expect(page.locator(".chart-wrapper:visible .frappe-chart")).to_be_visible()
		if group := filters.get("group_by"):
			expect(page.locator("[data-fieldname=group_by]:visible select")).to_have_value(group)
		teams = ("team",) if desks.default().team_doctype else ()
		for field in ("from_date", "number", "account", *teams):
			expect(page.locator(f".page-form:visible [data-fieldname={field}]").first).to_be_visible()
		both_themes(page, shots, f"report-{shot}")

	shown_report(page, REPORTS["traffic"][0], {"from_date": "2019-03-04", "to_date": "2019-03-05"})
	expect(page.get_by_text("Nothing to show").locator("visible=true")).to_be_visible()
	page.screenshot(path=shots("report-empty"))


def test_lists_say_what_to_do(page, stack, admin, shots, month):
	log_in(page, stack, admin.user)
	rejected = stored(
		{
			"doctype": "Twilio SMS Rejected Webhook",
			"http_status": 403,
			"code": "wrong_signature",
			"reason": "the signature does not fit the account's auth token and the Public Base URL",
			"to_number": OURS,
			"url": "/api/method/twilio_sms_channel.api.webhooks.inbound",
			"ip_address": "203.0.113.7",
		}
	)
	frappe.db.commit()
	page.goto(desk(stack, "twilio-sms-rejected-webhook?http_status=403"))
	expect(page.locator(".list-row .indicator-pill", has_text="Not Signed").first).to_be_visible()
	page.screenshot(path=shots("rejected-webhooks"))
	page.evaluate("(name) => frappe.set_route('Form', 'Twilio SMS Rejected Webhook', name)", rejected)
	how = page.locator("[data-fieldname=how_to_mend] .control-value:visible")
	expect(how).to_contain_text("Enter the account's Auth Token again")
	page.screenshot(path=shots("rejected-webhook"))
	frappe.db.delete("Twilio SMS Rejected Webhook", rejected)
	frappe.db.commit()
