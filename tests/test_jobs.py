"""Work is done although its job was lost: RQ forgets a job that a worker has just fetched when it is told to stop."""

import frappe
import pytest
from frappe.utils import add_to_date
from frappe.utils.background_jobs import get_queue
from support import replies
from support.stack import eventually, status_of

from twilio_sms_channel.messaging import dispatch, jobs, outbox

FETCHED = "rq.queue:Queue.dequeue_any:return"
# Less than a mark lasts.
SOON_S = 45


def write(conversation, body: str) -> str:
	name = outbox.write(conversation, body).name
	frappe.db.commit()
	return name


@pytest.fixture(autouse=True)
def sweep_is_not_late(stack):
	jobs.swept()


def test_traffic_calls_a_sweep_that_is_late(stack, sim):
	"""Where Frappe's scheduler does not run, as after a change of the site's time zone."""
	conversation = replies.conversation(stack, stack.add_number(segments_per_second=10))
	frappe.db.commit()
	stack.wait_until_idle()
	with stack.without_worker():
		left_over = write(conversation, "Its job got lost")
		stack.empty_queues()
		later = add_to_date(frappe.utils.now_datetime(), minutes=-2)
		frappe.db.set_value("Twilio SMS Message", left_over, "creation", later, update_modified=False)
		frappe.db.commit()
		jobs.later("frappe.ping")
		frappe.db.commit()
		assert get_queue("default").count == 0
		frappe.cache().delete(jobs._mark(jobs.SWEEP))
		for _n in range(2):
			jobs.later("frappe.ping")
			frappe.db.commit()
		assert get_queue("default").count == 1
	eventually(lambda: status_of(left_over) == "Delivered", SOON_S)


def test_a_job_lost_with_its_worker_holds_up_no_later_text(stack, sim):
	conversation = replies.conversation(stack, stack.add_number(segments_per_second=10))
	frappe.db.commit()
	# Of what a new ticket sets off.
	stack.wait_until_idle()
	with stack.without_worker():
		stopped = stack.start_worker(TWILIO_SMS_STOP_AT=FETCHED)
		first = write(conversation, "Before the update")
		assert stopped.wait(30) == 0
		# This is the loss: nobody has the job, and nothing was sent.
		assert get_queue("short").count == get_queue("default").count == 0
		assert status_of(first) == "Queued"
		later = write(conversation, "After it")
		stack.start_worker()
		eventually(lambda: status_of(first) == status_of(later) == "Delivered", SOON_S)
	received = [m.body for m in sim.messages(customer=conversation.customer_number, direction="outbound")]
	assert received == ["Before the update", "After it"]


def test_a_job_that_waits_is_enough_for_all(stack):
	with stack.without_worker():
		stack.empty_queues()
		for _n in range(3):
			dispatch.wake()
			frappe.db.commit()
		assert get_queue("short").count == 1
		jobs.begun(dispatch.JOB)
		dispatch.wake()
		frappe.db.commit()
		assert get_queue("short").count == 2
