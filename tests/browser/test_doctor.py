"""A System Manager has everything checked, reads what is wrong, and mends it."""

import pytest
from playwright.sync_api import expect
from support.clinic import Clinic
from support.people import make_system_manager

from browser.conftest import PHONE, log_in
from browser.screens import axe_script, violations
from browser.test_desk import desk
from twilio_sms_channel import doctor

# The colour of its main button is Desk's own affair.
OURS = {"include": [[".twilio-doctor"]], "exclude": [[".btn-primary"]]}
OTHER = "https://other.example.com/sms/incoming"


@pytest.fixture(scope="module")
def healthy(stack):
	clinic = Clinic(stack)
	yield clinic
	clinic.close()


@pytest.fixture
def clinic(healthy, sim):
	yield healthy
	sim.faults.off()
	healthy.heal()


@pytest.fixture
def manager(page, stack):
	log_in(page, stack, make_system_manager("tsms-admin@example.com"))


def shoot(page, shots, name: str) -> None:
	# A dialog fades in.
	page.wait_for_timeout(500)
	page.screenshot(path=shots(name))
	page.evaluate("document.documentElement.setAttribute('data-theme', 'dark')")
	page.screenshot(path=shots(f"{name}-dark"))
	page.evaluate("document.documentElement.setAttribute('data-theme', 'light')")


def check_everything(page, stack, form: str) -> None:
	"""Press the button on an account's or number's form."""
	page.goto(desk(stack, form))
	page.get_by_role("button", name="Check Everything").click()


def test_what_is_wrong_is_said_and_mended(page, stack, clinic, manager, shots, request):
	clinic.number_at_twilio().sms_url = OTHER
	clinic.number_at_twilio(clinic.toll_free).sms_method = "GET"
	clinic.at_twilio.type = "Trial"
	check_everything(page, stack, f"twilio-sms-account/{clinic.account}")
	found = page.locator(".twilio-doctor .finding")
	expect(found).to_have_count(3)
	expect(page.locator(".twilio-doctor .summary")).to_have_text("3 things need your attention.")
	# The worst first.
	expect(found.nth(0)).to_contain_text(OTHER)
	expect(found.nth(0)).to_contain_text("Broken")
	expect(found.nth(2)).to_contain_text("trial account")
	expect(found.nth(2).get_by_role("button", name="Fix It")).to_have_count(0)
	shoot(page, shots, "doctor")
	if axe := axe_script(request.config, or_skip=False):
		assert violations(page, axe, OURS) == []

	page.set_viewport_size(PHONE)
	page.wait_for_timeout(300)
	page.screenshot(path=shots("doctor-phone"))
	page.set_viewport_size({"width": 1280, "height": 860})

	found.nth(0).get_by_role("button", name="Fix It").click()
	question = page.locator(".modal.show").filter(has_text="can be put back", has_not=found)
	expect(question).to_be_visible()
	question.get_by_role("button", name="Yes").click()
	expect(found).to_have_count(2)
	assert clinic.number_at_twilio().sms_url == clinic.webhook
	found.filter(has_text="by GET").get_by_role("button", name="Fix It").click()
	expect(found).to_have_count(1)
	assert clinic.number_at_twilio(clinic.toll_free).sms_method == "POST"
	clinic.at_twilio.type = "Full"
	page.locator(".twilio-doctor .again").click()
	expect(page.locator(".twilio-doctor .summary")).to_have_text("Nothing is wrong.")
	expect(found).to_have_count(0)
	page.locator(".twilio-doctor details summary").click()
	expect(page.locator(".twilio-doctor .checked .done")).to_have_count(
		len(doctor.CHECKS_OF_SITE) + len(doctor.CHECKS_OF_ACCOUNT)
	)
	shoot(page, shots, "doctor-healthy")


def test_the_list_of_findings(page, stack, clinic, manager, shots):
	page.goto(desk(stack, "twilio-sms-finding"))
	expect(page.get_by_text("Nothing is wrong, as far as")).to_be_visible()
	shoot(page, shots, "findings-empty")
	clinic.number_at_twilio().sms_url = OTHER
	clinic.number_at_twilio(clinic.toll_free).sms_method = "GET"
	clinic.at_twilio.type = "Trial"
	clinic.findings()
	page.reload()
	rows = page.locator(".list-row")
	expect(rows).to_have_count(3)
	expect(rows.filter(has_text=OTHER)).to_contain_text("Broken")
	page.wait_for_timeout(500)
	shoot(page, shots, "findings")
	rows.filter(has_text="by GET").get_by_role("button", name="Fix It").click()
	expect(rows).to_have_count(2)
	rows.filter(has_text="trial account").locator("a").first.click()
	expect(page.locator(".form-page")).to_contain_text("Upgrade it")
	page.wait_for_timeout(500)
	shoot(page, shots, "finding-form")


def test_a_twilio_that_does_not_answer(page, stack, clinic, manager, sim, shots):
	sim.faults.always("outage")
	check_everything(page, stack, f"twilio-sms-number/{clinic.number}")
	expect(page.locator(".twilio-doctor .finding")).to_have_count(1)
	expect(page.locator(".twilio-doctor .checked .not-done").first).to_be_visible()
	shoot(page, shots, "doctor-outage")
