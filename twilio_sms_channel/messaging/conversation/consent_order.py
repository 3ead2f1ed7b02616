"""Which of a customer's opt-outs and opt-ins was the last one.

Machines' clocks differ, a time of day comes twice in autumn, and webhooks carry no time and overtake each other. So
- what is stored later is later. Each event gets the next number under the lock of `keywords.lock_of`;
- a START within two minutes of a STOP may have overtaken it: STOP holds until Twilio has told when both were sent;
- messages out of Twilio's list go by Twilio's times. A tie goes to STOP.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

import frappe

from twilio_sms_channel.infra import jobs

EVENT, MESSAGE, NUMBER = "Twilio SMS Consent Event", "Twilio SMS Message", "Twilio SMS Number"
OPTED_OUT, OPTED_IN = "Opted Out", "Opted In"
BY_AGENT = "Agent"
MESSAGES = ("Customer's Text", "Twilio's Keyword")
# What a person does not write as the answer to a question.
PLAIN_STARTS = ("START", "UNSTOP")
MAY_OVERTAKE = timedelta(minutes=2)
# Between the database's clock and Twilio's, at the very most.
CLOCKS_DIFFER_BY = timedelta(days=1)
_DECISIONS = """
	select
		name, event, customer_number, number, service_sid, source, word, message,
		occurred_at, entered_by, sequence, stored_at_utc, sent_at_utc, order_open
	from `tabTwilio SMS Consent Event`
	where customer_number in %(customers)s and event in ('Opted Out', 'Opted In') order by sequence
"""


def decisions(customer_numbers: list[str]) -> list:
	"""What customers decided about messages from any of our numbers, in the order in which it was stored."""
	if not customer_numbers:
		return []
	# A constant: it runs for each message that leaves.
	return frappe.db.sql(_DECISIONS, {"customers": customer_numbers}, as_dict=True)  # nosemgrep


def about(events: Iterable, number: str, service_sid: str | None, reply_to: str | None = None) -> list:
	"""Those among decisions that count for one of our numbers.

	:param service_sid: the number's Messaging Service, which keeps one list for all of its numbers
	:param reply_to: of a name: the number that its messages give to reply to, where customers opt out of them
	"""
	# A number without a service has a list of its own, whatever it is called.
	# Names are compared as the database does it.
	ours = {name.casefold() for name in (number, reply_to) if name}
	return [
		event
		for event in events
		if event.number.casefold() in ours or (service_sid and event.service_sid == service_sid)
	]


def standing(events: Iterable):
	"""The last opt-out among one customer's decisions that no opt-in lifted, None when there is none."""
	events = list(events)
	starts = [event for event in events if event.event == OPTED_IN]
	stops = [event for event in events if event.event == OPTED_OUT]
	return next((stop for stop in reversed(stops) if not any(lifts(start, stop) for start in starts)), None)


def lifts(start, stop) -> bool:
	"""Whether an opt-in came after an opt-out, and counts against it."""
	if stop.source == BY_AGENT and (start.word or "").strip().upper() not in PLAIN_STARTS:
		return False
	if start.sent_at_utc and stop.sent_at_utc:
		return start.sent_at_utc > stop.sent_at_utc
	both_are_messages = start.source in MESSAGES and stop.source in MESSAGES
	if start.stored_at_utc and stop.stored_at_utc:
		apart = start.stored_at_utc - stop.stored_at_utc
		return start.sequence > stop.sequence and (not both_are_messages or apart > MAY_OVERTAKE)
	# One of them by Twilio's clock, the other by the database's.
	return _moment(start) > _moment(stop) + (CLOCKS_DIFFER_BY if both_are_messages else MAY_OVERTAKE)


def is_open(one, other) -> bool:
	"""Whether only Twilio can tell which of two messages came last."""
	if one.event == other.event or not (one.source in MESSAGES and other.source in MESSAGES):
		return False
	if one.sent_at_utc and other.sent_at_utc:
		return False
	same_clock = one.stored_at_utc and other.stored_at_utc
	return abs(_moment(one) - _moment(other)) <= (MAY_OVERTAKE if same_clock else CLOCKS_DIFFER_BY)


def _moment(event) -> datetime:
	return event.stored_at_utc or event.sent_at_utc or event.occurred_at


def next_place() -> tuple[int, datetime]:
	"""The number of the next event, and the database's time in UTC: all machines share it, and no hour comes twice."""
	# One statement: number and time belong together.
	return frappe.db.sql(  # nosemgrep
		"select ifnull(max(sequence), 0) + 1, utc_timestamp(6) from `tabTwilio SMS Consent Event`"
	)[0]


def ask_if_open(event) -> None:
	"""Have Twilio asked, after the commit, when the order of an event that was just stored is not known.

	What stands in a webhook that could not be read has no message that Twilio could be asked about: there STOP stays.
	"""
	if not event.message:
		return
	others = about(decisions([event.customer_number]), event.number, event.service_sid)
	undecided = [
		other for other in others if other.message and other.name != event.name and is_open(event, other)
	]
	for each in (event, *undecided) if undecided else ():
		if not each.sent_at_utc:
			frappe.db.set_value(EVENT, each.name, "order_open", 1, update_modified=False)
	if undecided:
		jobs.enqueue_after_commit(
			"twilio_sms_channel.messaging.inbound.keyword_order.ask", event.message, queue="default"
		)


def waits_for_twilio() -> bool:
	"""Whether Twilio has still to be asked which of some messages was the last one."""
	return bool(frappe.db.exists(EVENT, {"order_open": 1}))
