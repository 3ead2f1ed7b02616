"""Very many messages that wait, of few customers."""

import frappe
import pytest
from support.replies import write
from support.stack import MESSAGE

from twilio_sms_channel.infra import locks
from twilio_sms_channel.messaging.sending import claim

MANY = 3000


@pytest.fixture
def backlog(stack, conversation_of):
	"""A number of ours and two conversations: of the first one very many messages wait. Nothing is sent."""
	number = stack.add_number(segments_per_second=1000)
	chatty, other = conversation_of(number), conversation_of(number)
	with stack.without_worker():
		first = write(chatty, "First")
		frappe.db.commit()
		copy_behind(first)
		yield number, first, other
		frappe.db.rollback()
		frappe.db.set_value(MESSAGE, {"number": number}, "status", "Canceled")
		frappe.db.commit()


def copy_behind(message: str) -> None:
	"""Have very many copies of a message wait behind it. Commits."""
	columns = [row[0] for row in frappe.db.sql(f"show columns from `tab{MESSAGE}`")]
	own = {
		"name": "concat(name, '-', seq)",
		"creation": "creation + interval seq microsecond",
		"request_id": "null",
		"communication": "null",
	}
	selected = ", ".join(own.get(column, f"`{column}`") for column in columns)
	names = ", ".join(f"`{column}`" for column in columns)
	frappe.db.sql(
		f"insert into `tab{MESSAGE}` ({names}) select {selected} from `tab{MESSAGE}`, seq_1_to_{MANY} where name = %s",
		message,
	)
	frappe.db.commit()


def rows_read() -> int:
	"""How many rows this connection has read so far."""
	return sum(int(value) for _name, value in frappe.db.sql("show session status like 'Handler_read%'"))


def test_a_claim_reads_a_few_of_what_waits(backlog):
	number, first, _other = backlog
	before = rows_read()
	(claimed,) = claim.claim(number, 1).messages
	locks.release(claimed.locks)
	assert claimed.name == first
	assert rows_read() - before < MANY


def test_a_customer_with_a_long_queue_holds_up_no_other(backlog):
	number, first, other = backlog
	last = write(other, "Behind all of them")
	frappe.db.set_value(MESSAGE, first, "status", "Unconfirmed")
	frappe.db.set_value(MESSAGE, last, "turn", 1 + frappe.db.get_value(MESSAGE, first, "turn"))
	frappe.db.commit()
	(claimed,) = claim.claim(number, 1).messages
	locks.release(claimed.locks)
	assert claimed.name == last
