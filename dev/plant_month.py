"""Puts the shop of the demo into a site: its people, and a month of messages (month.py) as if they had come and gone then.

Run by the bench's Python in its sites folder: `plant_month.py SITE`, with the address of a Redis for jobs in
FRAPPE_REDIS_QUEUE that no worker listens to. The app's own code writes all of it; only the clocks are set back. A site
that has it keeps it, and forgets what the story of an earlier `make demo` left.
"""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, time, timedelta, timezone

import cast
import frappe
import pictures
import time_machine
from frappe.desk.form import assign_to
from frappe.utils.background_jobs import get_redis_connection_without_auth
from layout import PARCEL
from month import DELIVERED, RCS, READ, TALKS, UNDECIDED, Line, Talk
from shop import shop_of

from twilio_sms_channel import practice
from twilio_sms_channel.content import files, segments
from twilio_sms_channel.messaging.delivery import message_status
from twilio_sms_channel.messaging.inbound import intake
from twilio_sms_channel.twilio_gateway.models import Accepted
from twilio_sms_channel.twilio_gateway.payloads import InboundMessage

MESSAGE, CONVERSATION, NUMBER = "Twilio SMS Message", "Twilio SMS Conversation", "Twilio SMS Number"
CENTS_A_SEGMENT, CENTS_A_PICTURE = 0.83, 2.0
ARRIVES_AFTER_S, RESOLVED_AFTER_MIN = 4, 5


def main() -> None:
	frappe.flags.mute_emails = True
	shop = shop_of(frappe.get_installed_apps())
	account = practice.set_up_site()
	if not frappe.db.exists(CONVERSATION, {"customer_number": cast.BOB.number}):
		shop.open()
		for team, number in cast.NUMBERS.items():
			frappe.db.set_value(NUMBER, number, {"description": team, **shop.routing(team)})
		frappe.clear_document_cache(NUMBER, number)
		for talk in sorted(TALKS, key=_begin):
			_hold(talk, account.name, shop)
		frappe.db.commit()
	shop.forget(cast.ANN)
	PARCEL.write_bytes(pictures.draw("parcel"))
	frappe.db.commit()
	# The jobs that were queued meanwhile would find everything done.
	get_redis_connection_without_auth().flushdb()


def _begin(talk: Talk) -> datetime:
	now = datetime.now(timezone.utc)
	if isinstance(talk.begins, int):
		return now - timedelta(minutes=talk.begins)
	days, at = talk.begins
	return datetime.combine(now.date() - timedelta(days=days), time.fromisoformat(at), timezone.utc)


def _hold(talk: Talk, account: str, shop) -> None:
	at, pair = _begin(talk), {"number": cast.NUMBERS[talk.team], "customer_number": talk.customer.number}
	for line in talk.lines:
		at += timedelta(minutes=line.minutes)
		with _clocks_at(at):
			if not line.is_ours:
				_customer_writes(line, account, pair)
		ticket = frappe.db.get_value(CONVERSATION, pair, ["ticket_doctype", "ticket"])
		if line.is_ours:
			_agent_writes(line, talk, ticket, at)
		elif line is talk.lines[0]:
			with _clocks_at(at + timedelta(seconds=1)):
				_assign(ticket, talk)
	if talk.is_resolved:
		with _clocks_at(at + timedelta(minutes=RESOLVED_AFTER_MIN)), _as(talk.agent.email):
			doc = frappe.get_doc(*ticket)
			doc.status = "Resolved"
			doc.save()
			frappe.db.commit()


def _customer_writes(line: Line, account: str, pair: dict) -> None:
	sid = _sid("MM" if line.picture else "SM")
	media = [(f"https://api.twilio.com/{sid}/Media/{_sid('ME')}", "image/png")] if line.picture else []
	message = InboundMessage(
		sid=sid,
		service_sid="",
		sender=pair["customer_number"],
		to=pair["number"],
		body=line.body,
		way=line.way or ("MMS" if media else "SMS"),
		button_text=line.body if line.button else "",
		button_payload=line.button,
		media=media,
		segments=segments.count(line.body).segments,
	)
	name = intake.receive(account, message, number=pair["number"])
	intake.process(name)
	for item in frappe.get_doc(MESSAGE, name).media:
		_fetch(item, line.picture, frappe.db.get_value(MESSAGE, name, "communication"))
	frappe.db.set_value(MESSAGE, name, _price(line), update_modified=False)
	frappe.db.commit()


def _fetch(item, picture: str, communication: str) -> None:
	content = pictures.draw(picture)
	file = files.attach(f"{picture}.png", content, communication)
	facts = {"file": file.name, "file_name": file.file_name, "size": len(content), "status": "Fetched"}
	item.db_set(facts)


def _agent_writes(line: Line, talk: Talk, ticket: tuple[str, str], at: datetime) -> None:
	with _clocks_at(at), _as(talk.agent.email):
		attached = [_upload(line.picture, ticket)] if line.picture else []
		message = frappe.get_doc(*ticket).reply_by_text(line.body, attached)
	with _clocks_at(at + timedelta(seconds=1)):
		if line.fate == UNDECIDED:
			why = "Twilio's answer was lost on the way, and its list of messages does not tell."
			facts = {"status": "Unconfirmed", "needs_decision": 1, "error_message": why}
			frappe.db.set_value(MESSAGE, message.name, facts)
			message_status.publish(frappe._dict(name=message.name, status="Unconfirmed"))
			frappe.db.commit()
			return
		answer = Accepted(_sid("MM" if attached else "SM"), "queued", None, None, "")
		message_status.record_acceptance(message_status.Acceptance(message.name, answer, None))
		way = RCS if line.way == RCS else "MMS" if attached else "SMS"
		facts = {**_price(line), "way": way, "rcs_first": int(bool(line.way))}
		frappe.db.set_value(MESSAGE, message.name, facts, update_modified=False)
	with _clocks_at(at + timedelta(seconds=ARRIVES_AFTER_S)):
		for status in ("sent", *_end(line.fate)):
			message_status.apply_callback(message.name, *status if isinstance(status, tuple) else (status,))
		frappe.db.commit()


def _end(fate: str) -> tuple:
	if fate in (DELIVERED, READ):
		return tuple(dict.fromkeys((DELIVERED, fate)))
	return (("undelivered", fate),)


def _upload(picture: str, ticket: tuple[str, str]) -> str:
	doctype, name = ticket
	return (
		frappe.get_doc(
			{
				"doctype": "File",
				"file_name": f"{picture}.png",
				"content": pictures.draw(picture),
				"is_private": 1,
				"attached_to_doctype": doctype,
				"attached_to_name": name,
			}
		)
		.insert(ignore_permissions=True)
		.name
	)


def _assign(ticket: tuple[str, str], talk: Talk) -> None:
	doctype, name = ticket
	assign_to.add({"assign_to": [talk.agent.email], "doctype": doctype, "name": name})
	frappe.db.commit()


def _price(line: Line) -> dict:
	cents = CENTS_A_PICTURE if line.picture else CENTS_A_SEGMENT * segments.count(line.body).segments
	return {"price": round(cents / 100, 4), "price_unit": "USD"}


def _sid(prefix: str) -> str:
	return prefix + secrets.token_hex(16)


@contextmanager
def _clocks_at(moment: datetime) -> Iterator[None]:
	"""Python's clock and the database's, for this connection."""
	frappe.db.sql("set timestamp = %s", moment.timestamp())
	try:
		with time_machine.travel(moment, tick=False):
			yield
	finally:
		frappe.db.sql("set timestamp = default")


@contextmanager
def _as(user: str) -> Iterator[None]:
	before = frappe.session.user
	frappe.set_user(user)
	try:
		yield
	finally:
		frappe.set_user(before)


if __name__ == "__main__":
	frappe.init(site=sys.argv[1])
	frappe.connect()
	try:
		main()
	finally:
		frappe.destroy()
