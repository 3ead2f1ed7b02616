"""Years of texts on a site within minutes: what one person left behind, copied many times by the database itself."""

from __future__ import annotations

import time
from dataclasses import dataclass

import frappe
from people import FIRST_FILLED, WORDS, Twilio, new_customer

from twilio_sms_channel.messaging.inbound import intake

CHUNK = 50_000
MESSAGES_EACH = 10
FIRST_TICKET = 1_000_000
SECONDS_BETWEEN_TEXTS = 30

# Of the row with the number `seq`, counted from 0. A conversation's contact, ticket and customer have its number.
NUMBER = f"({FIRST_FILLED} + {{0}})"
PHONE = f"concat('+1907', {NUMBER})"
CONTACT = f"concat('+1 907-', left({NUMBER}, 3), '-', right({NUMBER}, 4))"
TICKET = f"({FIRST_TICKET} + {{0}})"
CONVERSATION = "concat('filled', lpad({0}, 8, '0'))"
CONVERSATION_OF_MESSAGE = f"(seq div {MESSAGES_EACH})"


@dataclass(frozen=True)
class Amounts:
	"""How many of each there are to be; the tickets are as many as the conversations."""

	conversations: int
	contacts: int

	@property
	def messages(self) -> int:
		return self.conversations * MESSAGES_EACH


def fill(twilio: Twilio, amounts: Amounts) -> None:
	"""Add contacts with a phone number each, and conversations with a ticket and ten threaded texts each. Commits.

	:raises AssertionError: the tables do not hold as many rows afterwards
	"""
	message = _someone_texts(twilio)
	conversation = frappe.get_doc("Twilio SMS Conversation", message.conversation)
	phone = frappe.db.get_value("Contact Phone", {"parent": conversation.contact})

	ago = f"(({amounts.messages} - {{0}}) * {SECONDS_BETWEEN_TEXTS} + 86400)"
	when = f"date_sub(now(6), interval {ago} second)"
	of_message = {"creation": when.format("seq"), "modified": when.format("seq")}
	of_conversation = {column: when.format(f"seq * {MESSAGES_EACH}") for column in ("creation", "modified")}
	copies = (
		(
			("Contact", conversation.contact, amounts.contacts),
			{"name": CONTACT, "first_name": CONTACT, "full_name": CONTACT, "mobile_no": PHONE},
		),
		(
			("Contact Phone", phone, amounts.contacts),
			{"name": CONVERSATION, "parent": CONTACT, "phone": PHONE, "twilio_sms_e164": PHONE},
		),
		(
			("HD Ticket", conversation.ticket, amounts.conversations),
			{"name": TICKET, "contact": CONTACT, "twilio_sms_conversation": CONVERSATION, **of_conversation},
		),
		(
			("Twilio SMS Conversation", conversation.name, amounts.conversations),
			{
				"name": CONVERSATION,
				"customer_number": PHONE,
				"title": CONTACT,
				"contact": CONTACT,
				"ticket": TICKET,
				"last_inbound": of_conversation["modified"],
				**of_conversation,
			},
		),
		(
			("Communication", message.communication, amounts.messages),
			{
				"name": CONVERSATION,
				"reference_name": TICKET.format(CONVERSATION_OF_MESSAGE),
				"phone_no": PHONE.format(CONVERSATION_OF_MESSAGE),
				"sender_full_name": CONTACT.format(CONVERSATION_OF_MESSAGE),
				"communication_date": of_message["creation"],
				**of_message,
			},
		),
		(
			("Twilio SMS Message", message.name, amounts.messages),
			{
				"name": CONVERSATION,
				"conversation": CONVERSATION.format(CONVERSATION_OF_MESSAGE),
				"customer_number": PHONE.format(CONVERSATION_OF_MESSAGE),
				"communication": CONVERSATION,
				"twilio_sid": "concat('SM', lpad(hex(seq), 32, '0'))",
				"received_at": of_message["creation"],
				**of_message,
			},
		),
	)
	for (doctype, name, count), values in copies:
		begin = time.monotonic()
		copy_rows(doctype, name, count, {column: value.format("seq") for column, value in values.items()})
		print(f"  {count:>9,} {doctype:<24} {time.monotonic() - begin:6.1f} s", flush=True)


def _someone_texts(twilio: Twilio):
	"""One text of a new customer, threaded."""
	name = intake.receive(twilio.name, twilio.text(new_customer(), WORDS[0]))
	intake.process(name)
	return frappe.get_doc("Twilio SMS Message", name)


def copy_rows(doctype: str, name: str, count: int, values: dict[str, str]) -> None:
	"""Copy one row many times. Commits.

	:param name: of the row to copy
	:param values: column → SQL for its value in a copy, in which `seq` counts from 0; other columns stay as they are
	:raises AssertionError: the table does not hold as many rows more afterwards
	"""
	columns = [row[0] for row in frappe.db.sql(f"show columns from `tab{doctype}`")]
	if missing := values.keys() - set(columns):
		raise AssertionError(f"{doctype} has no {missing}")
	before = frappe.db.sql(f"select count(*) from `tab{doctype}`")[0][0]
	frappe.db.commit()
	frappe.db.sql(
		f"create temporary table copied_row as select * from `tab{doctype}` where name = %s", (name,)
	)
	names = ", ".join(f"`{column}`" for column in columns)
	selected = ", ".join(values.get(column, f"`{column}`") for column in columns)
	for begin in range(0, count, CHUNK):
		end = min(begin + CHUNK, count)
		frappe.db.sql(
			f"insert into `tab{doctype}` ({names}) select {selected} from copied_row, seq_{begin}_to_{end - 1}"
		)
		frappe.db.commit()
	frappe.db.sql("drop temporary table copied_row")
	frappe.db.sql(f"analyze table `tab{doctype}`")
	after = frappe.db.sql(f"select count(*) from `tab{doctype}`")[0][0]
	if after - before != count:
		raise AssertionError(f"{doctype} got {after - before} rows, {count} expected")
