"""The handsets in a browser."""

import pytest
from browser.screens import axe_script, violations

from .conftest import ANN, OURS

PICTURE = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
BOB = "+12125550187"


@pytest.fixture
def page(chromium, sim, number):
	context = chromium.new_context(viewport={"width": 1360, "height": 860})
	page = context.new_page()
	page.set_default_timeout(5000)
	page.problems = []
	page.on("pageerror", lambda e: page.problems.append(str(e)))
	page.on("console", lambda m: page.problems.append(m.text) if m.type == "error" else None)
	page.on("dialog", lambda d: page.problems.append(d.message) or d.dismiss())
	page.goto(sim.base_url)
	page.get_by_test_id(f"handset-{ANN}").wait_for()
	yield page
	assert page.problems == []
	context.close()


def bubble(page, **attributes):
	wanted = "".join(f'[data-{name}="{value}"]' for name, value in attributes.items())
	return page.locator(f'[data-testid="bubble"]{wanted}')


def test_a_customer_types_and_is_answered(page, sim, client):
	page.get_by_test_id(f"handset-{ANN}").click()
	page.keyboard.type("Hello")
	page.keyboard.press("Shift+Enter")
	page.keyboard.type("there")
	page.keyboard.press("Enter")
	bubble(page, direction="inbound").get_by_text("Reached the helpdesk").wait_for()
	assert sim.messages()[0].body == "Hello\nthere" and sim.messages()[0].from_ == ANN
	client.messages.create(to=ANN, from_=OURS, body="Hi Ann")
	bubble(page, direction="outbound", status="delivered").get_by_text("Delivered ✓").wait_for()


def test_the_page_opens_ready_to_type(page, sim):
	page.keyboard.type("Hello")
	page.keyboard.press("Enter")
	bubble(page, direction="inbound").get_by_text("Hello").wait_for()
	assert sim.messages()[0].from_ == ANN


def test_pictures_are_attached_shown_and_removed(page, sim):
	files = [{"name": n, "mimeType": "image/gif", "buffer": PICTURE} for n in ("one.gif", "two.gif")]
	page.get_by_test_id("compose-file").set_input_files(files)
	page.get_by_label("Remove one.gif").click()
	page.get_by_test_id("compose-send").click()
	bubble(page, direction="inbound").get_by_alt_text("two.gif").wait_for()
	assert [m.filename for m in sim.messages()[0].media] == ["two.gif"]


def test_nothing_that_people_write_is_markup(page, sim, account):
	evil = "<img src=x onerror=alert(1)><script>alert(2)</script>"
	sim.add_number(account.sid, "+12125550100", friendly_name=evil)
	sim.add_handset("+13125550114", evil)
	sim.text(ANN, OURS, evil, media=[(f"{evil}.pdf", b"%PDF-1.4")])
	bubble(page, direction="inbound").get_by_text(evil, exact=True).wait_for()
	page.get_by_test_id("handset-+13125550114").get_by_text(evil).wait_for()
	assert page.locator("img[src=x], script:not([src])").count() == 0


def test_sid_and_token_are_copied(page, sim, account):
	assert page.get_by_test_id("account-list").locator("li").count() == 0
	shown = sim.add_account(friendly_name="Shown", is_shown=True)
	page.context.grant_permissions(["clipboard-read", "clipboard-write"])
	for what, value in (("account-sid", shown.sid), ("auth-token", shown.auth_token)):
		page.get_by_test_id(f"copy-{what}").click()
		page.get_by_test_id(f"copy-{what}").get_by_text("Copied").wait_for()
		assert page.evaluate("navigator.clipboard.readText()") == value
	assert account.auth_token not in page.content()


def test_failures_opt_outs_and_unread(page, sim, client, say):
	say("STOP")
	page.get_by_test_id(f"handset-{ANN}").click()
	page.get_by_test_id("opted-out").wait_for()
	client.messages.create(to=BOB, from_=OURS, body="For Bob")
	page.get_by_test_id(f"handset-{BOB}").get_by_label("1 unread").wait_for()
	client.messages.create(to="+14155530003", from_=OURS, body="Nobody there")
	page.get_by_test_id("handset-+14155530003").click()
	bubble(page, status="undelivered").get_by_text("Never arrived: 30003").wait_for()


def test_customers_are_added(page, sim):
	page.get_by_test_id("handset-number").fill("12")
	page.get_by_test_id("handset-add").click()
	page.get_by_role("alert").get_by_text("not a customer's number").wait_for()
	page.problems.clear()  # the browser reports the refused request
	page.get_by_test_id("handset-number").fill("+1 206 555 0114")
	page.get_by_test_id("handset-name").fill("Carla")
	page.get_by_test_id("handset-add").click()
	page.get_by_text("Carla’s phone").wait_for()


def test_faults_and_log(page, sim, say):
	page.get_by_role("tab", name="Faults").click()
	page.get_by_test_id("fault-webhook_doubled").select_option("next:1")
	page.get_by_role("tab", name="Faults 1").wait_for()
	say("twice")
	page.get_by_role("tab", name="Faults", exact=True).wait_for()
	page.get_by_role("tab", name="Event log").click()
	assert page.locator('[data-testid="event"][data-kind="webhook"]').count() == 2
	page.get_by_test_id("event").first.locator("summary").click()
	page.get_by_test_id("event").first.get_by_role("cell", name="twice").wait_for()


def test_a_long_name_of_a_number_stays_on_the_phone(page, sim, account):
	sim.add_number(account.sid, "+12125550100", friendly_name="Orders, deliveries and everything else")
	sim.text(BOB, "+12125550100", "Hello")
	page.get_by_test_id(f"handset-{BOB}").click()
	head, choice = (page.locator(part).bounding_box() for part in (".chat-head", ".to select"))
	assert choice["x"] >= head["x"] and choice["x"] + choice["width"] <= head["x"] + head["width"]


def test_narrow_screens_have_tabs(page):
	page.set_viewport_size({"width": 390, "height": 800})
	assert not page.get_by_test_id("handset-list").is_visible()
	page.get_by_role("button", name="Customers").click()
	page.get_by_test_id(f"handset-{BOB}").click()
	page.get_by_text("Bob Okafor’s phone").wait_for()
	assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_a_stopped_simulator_is_noticed(page, sim):
	page.get_by_test_id("connection").get_by_text("Live").wait_for()
	sim.stop()
	page.get_by_test_id("connection").get_by_text("Not connected").wait_for()
	page.problems.clear()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_use_it(request, page, sim, client, say, scheme):
	axe = axe_script(request.config)
	page.emulate_media(color_scheme=scheme)
	say("Hello", media=[("one.gif", PICTURE)])
	client.messages.create(to=ANN, from_=OURS, body="Hi Ann")
	client.messages.create(to="+14155530003", from_=OURS, body="Nobody there")
	page.get_by_test_id(f"handset-{ANN}").click()
	bubble(page, direction="outbound", status="delivered").wait_for()
	assert violations(page, axe) == []
	page.get_by_role("tab", name="Faults").click()
	page.get_by_test_id("handset-+14155530003").click()
	bubble(page, status="undelivered").wait_for()
	assert violations(page, axe) == []


AGENT = "rcs:example_agent"


@pytest.fixture
def rcs(sim, account, number, app):
	"""Ann's handset takes RCS, and there is a card with buttons for her. Returns what sends one."""
	service = sim.add_service(account.sid, friendly_name="Support", inbound_url=app.url + "/service")
	number.service_sid = service.sid
	sim.add_rcs_sender(account.sid, AGENT, service_sid=service.sid, friendly_name="Example")
	sim.add_handset(ANN, rcs=True)
	card = sim.add_content(
		account.sid, "When?", title="Ready", buttons={"Today": "day_0", "Tomorrow": "day_1"}
	)

	def send(to: str = ANN):
		message = sim.send_content(card, to, service.sid)
		assert sim.wait_idle(5)
		return message

	return send


def test_rcs_shows_buttons_and_tells_what_was_read(page, sim, rcs):
	page.get_by_test_id(f"handset-{BOB}").click()
	card = rcs()
	page.get_by_test_id(f"handset-{ANN}").get_by_label("1 unread").wait_for()
	assert card.status == "delivered"
	page.get_by_test_id(f"handset-{ANN}").click()
	page.get_by_test_id("our-number-select").select_option(AGENT)
	bubble(page, direction="outbound", status="read").get_by_text("Read ✓✓").wait_for()
	assert sim.wait_idle(5) and card.status == "read"
	page.get_by_test_id(f"tap-{card.sid}-Tomorrow").click()
	bubble(page, direction="inbound").get_by_text("Tomorrow").wait_for()
	assert sim.messages(direction="inbound")[0].from_ == f"rcs:{ANN}"
	page.get_by_test_id("compose-body").fill("Thanks!")
	page.get_by_test_id("compose-send").click()
	bubble(page, direction="inbound").get_by_text("Thanks!").wait_for()
	assert sim.messages(direction="inbound")[1].to == AGENT


def test_a_handset_leaves_rcs(page, sim, rcs):
	page.get_by_test_id(f"handset-{ANN}").click()
	page.get_by_test_id("our-number-select").select_option(AGENT)
	page.get_by_test_id("ability-read_receipts").click()
	page.locator('[data-testid="ability-read_receipts"][aria-pressed="false"]').wait_for()
	first = rcs()
	bubble(page, status="delivered").wait_for()
	page.get_by_test_id("ability-rcs").click()
	page.locator('[data-testid="ability-rcs"][aria-pressed="false"]').wait_for()
	assert first.status == "delivered" and page.get_by_test_id(f"tap-{first.sid}-Today").is_disabled()
	assert page.get_by_test_id("compose-body").is_disabled()
	rcs()
	page.get_by_test_id("our-number-select").select_option(OURS)
	fallen_back = bubble(page, direction="outbound", status="delivered")
	fallen_back.get_by_text("When?").wait_for()
	assert fallen_back.get_by_role("button").count() == 0


def test_a_card_is_sent_from_the_page(page, sim, rcs):
	page.get_by_test_id(f"handset-{ANN}").click()
	page.get_by_test_id(f"card-{AGENT}").click()
	page.get_by_test_id("our-number-select").select_option(AGENT)
	bubble(page, status="read").get_by_text("Your order is ready").wait_for()
	sim.text(ANN, AGENT, "STOP")
	page.get_by_test_id(f"card-{AGENT}").click()
	page.get_by_role("alert").get_by_text("21610").wait_for()
	page.problems.clear()  # the browser reports the refused request


def test_a_message_goes_to_a_group(page, sim):
	page.get_by_test_id(f"handset-{ANN}").click()
	page.get_by_test_id("group").get_by_text("Send to a group").click()
	page.get_by_test_id(f"member-{BOB}").check()
	page.get_by_text("Group: also to Bob Okafor").wait_for()
	page.get_by_test_id("compose-body").fill("Who picks up the bikes?")
	page.get_by_test_id("compose-send").click()
	bubble(page, direction="inbound").get_by_text("Also to Bob Okafor").wait_for()
	message = sim.messages()[0]
	assert message.group == (BOB,) and message.sid.startswith("MM")
	# Whom somebody else writes to is theirs.
	page.get_by_test_id(f"handset-{BOB}").click()
	page.get_by_text("Send to a group").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_use_rcs(request, page, rcs, scheme):
	axe = axe_script(request.config)
	page.emulate_media(color_scheme=scheme)
	rcs()
	page.get_by_test_id(f"handset-{ANN}").click()
	page.get_by_test_id("our-number-select").select_option(AGENT)
	bubble(page, status="read").wait_for()
	assert violations(page, axe) == []
