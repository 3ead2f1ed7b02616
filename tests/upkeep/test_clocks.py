"""Nobody waits for a clock: not in the nights in which summer time begins and ends, nor when a clock is set."""

from contextlib import contextmanager
from datetime import datetime, timedelta, timezone

import frappe
import pymysql
import pytest
from frappe.utils.data import get_system_timezone
from support import replies
from support.stack import MESSAGE, eventually, status_of

from twilio_sms_channel.infra import clock, jobs, retry_policies, site_identity
from twilio_sms_channel.infra.clock import to_utc
from twilio_sms_channel.messaging.delivery import polling
from twilio_sms_channel.messaging.inbound import media
from twilio_sms_channel.messaging.outbound import outbox
from twilio_sms_channel.messaging.sending import heartbeat, rate_limit, reconcile, token_bucket
from twilio_sms_channel.messaging.upkeep import backfill

PACE, REPLY = "Twilio SMS Pace", "twilio_sms_channel.api.ticket.reply"
MINUTE, HOUR = 60, 3600
# How far a clock is set back in autumn, and by NTP.
SET_BACK = (10 * MINUTE, HOUR)


@contextmanager
def moved(zone):
	"""The site has another time zone meanwhile; gives what moves it again."""
	before = frappe.db.get_single_value("System Settings", "time_zone")

	def move(zone):
		frappe.db.set_single_value("System Settings", "time_zone", zone)
		frappe.db.commit()
		# Whoever read the old one a moment ago writes it into the cache after this.
		assert eventually(lambda: forget_old_zone() or get_system_timezone() == zone)

	def forget_old_zone():
		frappe.clear_cache(doctype="System Settings")
		frappe.cache().delete_value("time_zone")
		if hasattr(frappe.local, "system_settings"):
			del frappe.local.system_settings

	try:
		move(zone)
		yield move
	finally:
		move(before)


@pytest.fixture
def berlin(site):
	"""The site is in Berlin, where clocks go from 2 to 3 on 28 March 2027, and from 3 to 2 on 25 October 2026."""
	with moved("Europe/Berlin"):
		yield


@pytest.mark.parametrize(
	("moment", "at", "least_s", "most_s"),
	[
		# An ordinary evening.
		("2026-11-26 20:00", "2026-11-26 19:02", 2 * MINUTE, 2 * MINUTE),
		# Spring: 1:59 is two minutes before 3:01.
		("2027-03-28 01:59", "2027-03-28 01:01", 2 * MINUTE, 2 * MINUTE),
		# Autumn: 2:59 two minutes before the second 2:01; 2:30 in the first and in the second hour; long after.
		("2026-10-25 02:59", "2026-10-25 01:01", 2 * MINUTE, 2 * MINUTE),
		("2026-10-25 02:30", "2026-10-25 00:32", 2 * MINUTE, 2 * MINUTE),
		("2026-10-25 02:30", "2026-10-25 01:32", 2 * MINUTE, HOUR + 2 * MINUTE),
		("2026-10-25 02:30", "2026-10-25 03:30", 2 * HOUR, 3 * HOUR),
		# The clock was set back by ten minutes.
		("2026-11-26 20:09", "2026-11-26 19:01", -8 * MINUTE, -8 * MINUTE),
	],
)
def test_what_has_passed_is_known_in_both_nights(berlin, moment, at, least_s, most_s):
	assert clock.passed(datetime.fromisoformat(moment), datetime.fromisoformat(at)) == (least_s, most_s)


def test_an_hour_that_comes_twice_is_compared_as_a_whole(berlin):
	twice = datetime(2026, 10, 25, 2, 30)
	assert to_utc(twice, latest=True) - to_utc(twice) == timedelta(hours=1)
	# Of the hour that never comes, pieces of a comparison leave nothing out either.
	never = datetime(2027, 3, 28, 2, 30)
	assert to_utc(never) <= to_utc(never, latest=True)


def test_the_time_of_the_database_is_everybodys(berlin):
	assert abs(clock.utc() - datetime.now(timezone.utc).replace(tzinfo=None)) < timedelta(minutes=1)
	assert to_utc(clock.now()).replace(tzinfo=None) - clock.utc() < timedelta(minutes=1)


@contextmanager
def local_time_of_database(zone: str):
	"""Change the database server's local time for all connections from now on."""
	password = frappe.conf.get("root_password")
	if not password:
		pytest.skip("the bench's common_site_config.json has no root_password")
	root = pymysql.connect(
		host=frappe.conf.db_host or "127.0.0.1",
		port=int(frappe.conf.db_port or 3306),
		user=frappe.conf.get("root_login") or "root",
		password=password,
	)
	with root, root.cursor() as cursor:
		cursor.execute("set global time_zone = %s", zone)
		try:
			yield
		finally:
			cursor.execute("set global time_zone = 'SYSTEM'")


def test_a_number_goes_on_sending_when_the_databases_local_time_goes_back(stack, sim):
	number = stack.add_number()
	conversation = replies.conversation(stack, number)
	frappe.db.commit()

	def send(body):
		name = outbox.write(conversation, body).name
		frappe.db.commit()
		eventually(lambda: status_of(name) == "Delivered", 20)

	send("Before")
	with local_time_of_database("-01:00"):
		stack.wait_until_idle()
		send("After")


@pytest.mark.parametrize("set_back_s", SET_BACK)
def test_a_number_goes_on_sending_when_the_databases_clock_is_set_back(stack, set_back_s):
	"""To the number's row, that is the same as a time which lies so far ahead."""
	number = stack.add_number()
	rate_limit.lock(number)
	ahead = clock.utc() + timedelta(seconds=set_back_s)
	facts = {"next_at": ahead, "modified": ahead, "failures": 3}
	frappe.db.set_value(PACE, number, facts, update_modified=False)
	assert rate_limit.lock(number).wait_s == 0
	rate_limit.reset(number, clock.utc())
	assert frappe.db.get_value(PACE, number, "failures") == 0
	frappe.db.set_value(PACE, number, facts, update_modified=False)
	rate_limit.backoff(number, clock.utc(), "Busy")
	assert frappe.db.get_value(PACE, number, "failures") == 4
	assert rate_limit.lock(number).wait_s <= retry_policies.CALLS.most_s
	# What a number may really have to wait stays: its longest text.
	longest = token_bucket.MOST_SEGMENTS / 0.5
	frappe.db.set_value(PACE, number, "next_at", clock.utc() + timedelta(seconds=longest))
	assert rate_limit.lock(number, 0.5).wait_s > longest - 5
	frappe.db.rollback()


def text(stack, **fields) -> str:
	doc = {
		"doctype": MESSAGE,
		"direction": "Outbound",
		"status": "Unconfirmed",
		"account": stack.account,
		"number": stack.number,
		"customer_number": "+19075550123",
		"body": "Hi",
	}
	name = frappe.get_doc({**doc, **fields}).insert(ignore_permissions=True).name
	times = {key: fields[key] for key in ("creation", "modified") if key in fields}
	if times:
		frappe.db.set_value(MESSAGE, name, times, update_modified=False)
	return name


@pytest.mark.parametrize("set_back_s", SET_BACK)
def test_what_waits_goes_on_when_the_clock_is_set_back(stack, set_back_s):
	now = clock.now()
	ahead = now + timedelta(seconds=set_back_s)
	common = {"direction": "Inbound", "status": "Received"}
	lost = text(stack, **common, creation=ahead)
	tried = text(stack, **common, creation=ahead, next_attempt=now + timedelta(hours=1))
	fresh = text(stack, **common, creation=now)
	waits = text(stack, **common, creation=now, next_attempt=now + timedelta(seconds=30))
	due = jobs.stalled("Received", retry_policies.THREADING.longest_s, limit=10_000)
	assert {lost, tried} <= set(due) and not {fresh, waits} & set(due)

	sent = text(
		stack,
		status="Sent",
		twilio_sid="SM" + "1" * 32,
		sent_at=ahead,
		next_attempt=ahead + timedelta(minutes=1),
	)
	asked = text(
		stack,
		status="Sent",
		twilio_sid="SM" + "2" * 32,
		sent_at=ahead,
		next_attempt=now + timedelta(minutes=1),
	)
	found = [row.name for row in polling._due(stack.account, now)]
	assert sent in found and asked not in found

	picture = {"url": "https://api.twilio.com/x", "content_type": "image/png", "status": "Waiting"}
	mms = text(stack, direction="Inbound", status="Threaded", media=[picture])
	frappe.db.set_value("Twilio SMS Media", {"parent": mms}, "modified", ahead, update_modified=False)
	assert mms in media.waiting(10_000)
	frappe.db.rollback()


@pytest.mark.parametrize("set_back_s", SET_BACK)
def test_an_unconfirmed_text_is_looked_up_when_the_clock_is_set_back(stack, set_back_s):
	ahead = clock.now() + timedelta(seconds=set_back_s)
	name = text(stack, tried_at=ahead, next_attempt=ahead)
	assert reconcile.next_in() <= 0
	with stack.without_worker():
		(search,) = (found for found in reconcile.due() if found.name == name)
	assert 0 <= search.waited_s[0] <= search.waited_s[1] < 60
	assert frappe.db.get_value(MESSAGE, name, "tried_at") < clock.now()
	frappe.db.set_value(MESSAGE, name, "status", "Canceled")
	frappe.db.commit()


def test_the_sign_of_life_survives_a_clock_that_is_set(stack):
	before = site_identity.stored("beat")["beat"]
	for seconds, stands_still in ((HOUR, False), (-MINUTE, False), (-HOUR, True)):
		queued = text(stack, status="Queued", creation=clock.now() - timedelta(hours=2))
		heartbeat._write(clock.utc() + timedelta(seconds=seconds))
		frappe.db.set_value("Twilio SMS Account", stack.account, "enabled", 0)
		assert heartbeat.may_send()
		frappe.db.set_value("Twilio SMS Account", stack.account, "enabled", 1)
		frappe.db.commit()
		assert (status_of(queued) == "Unconfirmed") == stands_still, seconds
		assert site_identity.stored("beat")["beat"][:16] == str(clock.utc())[:16] or seconds == -MINUTE
		frappe.db.set_value(MESSAGE, queued, "status", "Canceled")
		frappe.db.commit()
	heartbeat._write(before)
	frappe.db.commit()


def test_the_sign_of_life_survives_another_time_zone(stack):
	before = site_identity.stored("beat")["beat"]
	with moved("Pacific/Kiritimati") as move:
		queued = text(stack, status="Queued", creation=clock.now() - timedelta(hours=2))
		frappe.db.set_value("Twilio SMS Account", stack.account, "enabled", 0)
		heartbeat._write(clock.utc() - timedelta(minutes=2))
		move("America/Los_Angeles")
		assert heartbeat.may_send()
		frappe.db.set_value("Twilio SMS Account", stack.account, "enabled", 1)
		frappe.db.commit()
		assert status_of(queued) == "Queued"
		frappe.db.set_value(MESSAGE, queued, "status", "Canceled")
		heartbeat._write(before)
		frappe.db.commit()


def test_replies_keep_their_order_when_the_clock_is_set_back(stack, agent, customer, ticket):
	earlier = len(customer.inbox())
	written = ["first", "second", "third"]
	zones = ("Europe/Berlin", "America/New_York", "America/Los_Angeles")
	with moved(zones[0]) as move, stack.without_worker():
		for zone, body in zip(zones, written, strict=True):
			move(zone)
			assert agent.call(REPLY, ticket=ticket.name, message=body).status_code == 200
	stack.wake()
	assert eventually(lambda: len(customer.inbox()) == earlier + len(written))
	assert [text.body for text in customer.inbox()[earlier:]] == written


def test_a_comparison_with_twilio_does_not_wait_for_a_clock_that_was_set_back(stack, sim):
	number = stack.add_number()
	until = frappe.utils.now_datetime() + timedelta(hours=5)
	frappe.db.set_value("Twilio SMS Number", number, "backfilled_until", until)
	frappe.db.set_value(
		"Twilio SMS Number", number, "creation", until - timedelta(days=1), update_modified=False
	)
	frappe.db.commit()
	(result,) = backfill.run(number)
	assert result.since < frappe.utils.now_datetime() and not result.error
	assert frappe.db.get_value("Twilio SMS Number", number, "backfilled_until") < until
