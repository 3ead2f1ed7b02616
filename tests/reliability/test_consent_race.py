"""STOP comes while replies wait: from the moment it is stored, nothing more is sent to that customer."""

import threading
import time
from datetime import datetime, timedelta, timezone

import frappe
import pytest
from support.replies import Replies, Workers
from support.stack import INBOUND, MESSAGE, eventually

LATENCY_S = 0.15
# The last ones still wait when all are written.
SEGMENTS_PER_SECOND = 2
REPLIES = 100
PATIENCE_S = 30


class Watch(threading.Thread):
	"""Sees the rows of a number's inbound texts appear, on a database connection of its own.

	`seen` has, by SID, a moment at which the row had been committed, usually less than a few milliseconds before.
	"""

	def __init__(self, site: str, number: str, texts: int):
		super().__init__(daemon=True)
		self.site, self.number, self.texts = site, number, texts
		self.seen: dict[str, datetime] = {}
		self.start()

	def run(self) -> None:
		frappe.init(site=self.site, sites_path=".")
		frappe.connect()
		deadline = time.monotonic() + PATIENCE_S
		while len(self.seen) < self.texts and time.monotonic() < deadline:
			frappe.db.rollback()
			found = frappe.get_all(
				MESSAGE, {"number": self.number, "direction": "Inbound"}, pluck="twilio_sid"
			)
			now = datetime.now(timezone.utc)
			self.seen = dict.fromkeys(found, now) | self.seen
		frappe.destroy()


@pytest.fixture(scope="module", autouse=True)
def workers(stack):
	stack.simulator.latency_s = LATENCY_S
	with Workers(stack, sweep_every_s=1) as running:
		yield running
	stack.simulator.latency_s = 0


@pytest.mark.parametrize("conversations", [1, 20])
def test_nothing_is_sent_after_stop_is_stored(stack, sim, conversations):
	# A short code: Twilio refuses nothing, only the app keeps from sending.
	replies = Replies(stack, conversations, SEGMENTS_PER_SECOND)
	sim.add_number(stack.account_sid, replies.number, kind="short code", sms_url=stack.web + INBOUND)
	customers = [c.customer_number for c in replies.conversations]
	replies.write(REPLIES, "Reply")
	eventually(lambda: sim.arrivals(replies.number))
	watch = Watch(stack.site, replies.number, conversations)
	stops = [sim.text(from_=customer, to=replies.number, body="STOP") for customer in customers]
	watch.join(PATIENCE_S + 10)
	assert replies.wait_until_decided(2 * PATIENCE_S), replies.undecided()
	answered = {
		attempt.message_sid: attempt.at + timedelta(milliseconds=attempt.latency_ms)
		for attempt in sim.webhook_attempts
		if attempt.status_code == 200
	}
	for customer, stop in zip(customers, stops, strict=True):
		requests = [
			r.at
			for r in sim.requests
			if r.method == "POST"
			and r.form.get("To") == [customer]
			and r.form["Body"][0].startswith("Reply ")
		]
		after_the_row = [at - watch.seen[stop.sid] for at in requests if at > watch.seen[stop.sid]]
		after_the_answer = [at for at in requests if at > answered[stop.sid]]
		assert not after_the_row and not after_the_answer, (
			f"{len(after_the_row)} requests up to {max(after_the_row)} after STOP was stored, "
			f"{len(after_the_answer)} after its webhook was answered"
		)
	tally = replies.tally("STOP")
	print(tally)
	assert (tally.lost, tally.sent_twice, tally.wrong_status) == (0, 0, 0)
	assert tally.visible_failures and tally.sent_once + tally.visible_failures == REPLIES
	rows = frappe.get_all(
		MESSAGE, {"number": replies.number, "status": "Blocked"}, ["error_code", "error_message"]
	)
	assert len(rows) == tally.visible_failures
	assert {row.error_code for row in rows} == {"21610"}
	assert all("opted out" in row.error_message for row in rows)
