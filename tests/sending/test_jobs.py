"""Work is done although its job was lost: RQ forgets a job that a worker has just fetched when it is told to stop."""

import frappe
import pytest
from frappe.utils import add_to_date
from frappe.utils.background_jobs import get_queue
from rq.timeouts import JobTimeoutException, UnixSignalDeathPenalty
from support import connections, replies
from support.recovery import make_due
from support.stack import MESSAGE, Customer, eventually, status_of

from twilio_sms_channel.infra import jobs, locks
from twilio_sms_channel.messaging.inbound import intake, media
from twilio_sms_channel.messaging.inbound.threading import MEDIA_QUEUE
from twilio_sms_channel.messaging.outbound import outbox
from twilio_sms_channel.messaging.sending import wake
from twilio_sms_channel.messaging.upkeep import onboarding, sweep

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


def test_a_job_sees_what_was_left_to_it_until_it_let_go_of_its_mark(stack):
	"""Whoever finds a job's mark starts none; a transaction that read before would not see their work."""
	# One that claimed messages sees what others commit.
	replies.reconnect()
	number = stack.add_number()

	def description():
		return frappe.db.get_value("Twilio SMS Number", number, "description")

	assert not description()
	with connections.another() as other, other.cursor() as cursor:
		cursor.execute("update `tabTwilio SMS Number` set description = 'Left' where name = %s", [number])
		other.commit()
	assert not description()
	jobs.release("work of a test")
	assert description() == "Left"


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
		jobs.enqueue_after_commit("frappe.ping")
		frappe.db.commit()
		assert get_queue("default").count == 0
		frappe.cache().delete(jobs._mark(jobs.SWEEP))
		for _n in range(2):
			jobs.enqueue_after_commit("frappe.ping")
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
			wake.wake()
			frappe.db.commit()
		assert get_queue("short").count == 1
		jobs.release(wake.JOB)
		wake.wake()
		frappe.db.commit()
		assert get_queue("short").count == 2


def received(text) -> str:
	"""The row of a text that no worker has taken on yet."""
	return eventually(lambda: frappe.db.get_value(MESSAGE, {"twilio_sid": text.sid}))


def methods(stack, queue: str) -> list[str]:
	"""What the site's jobs in a queue call, in the order in which a worker takes them."""
	jobs_of_site = [job for job in get_queue(queue).jobs if job.kwargs.get("site") == stack.site]
	return [".".join(str(job.kwargs["method"]).split(".")[-2:]) for job in jobs_of_site]


def test_what_fails_keeps_nothing_else_waiting(stack):
	done = []

	def work(name: str) -> None:
		if name == "broken":
			raise ZeroDivisionError
		if name == "late":
			raise JobTimeoutException
		done.append(name)

	jobs.resume_stalled(media.TAKE_UP, lambda: ["one", "broken", "two"], work, queue=MEDIA_QUEUE)
	assert done == ["one", "two"]
	assert frappe.db.exists("Error Log", {"method": f"{media.TAKE_UP} failed for broken"})
	# The worker's own end is not the work's failure.
	with pytest.raises(JobTimeoutException):
		jobs.resume_stalled(media.TAKE_UP, lambda: ["late", "three"], work, queue=MEDIA_QUEUE)
	assert done == ["one", "two"]
	assert all(locks.is_free(f"{media.TAKE_UP}:{name}") for name in ("one", "broken", "late"))


def test_the_sweep_queues_what_a_redis_forgot_and_does_nothing_itself(stack, sim, picture, monkeypatch):
	customers = [Customer(stack) for _ in range(3)]
	with_files = customers[0].text("Look", media=[("a.png", picture)])
	eventually(lambda: frappe.db.exists("Twilio SMS Media", {"parent": with_files.name, "status": "Fetched"}))
	frappe.db.set_value("Twilio SMS Media", {"parent": with_files.name}, "status", "Waiting")
	conversation = replies.conversation(stack, stack.number)
	frappe.db.commit()
	stack.wait_until_idle()
	with stack.without_worker():
		texts = [customer.text(str(n), wait=False) for n in range(2) for customer in customers]
		names = [received(text) for text in texts]
		reply = write(conversation, "Hello")
		make_due([text.sid for text in texts] + [with_files.twilio_sid])
		for place, name in enumerate(names):
			long_ago = frappe.utils.add_to_date(None, minutes=place - 60)
			frappe.db.set_value(MESSAGE, name, "creation", long_ago, update_modified=False)
		frappe.db.commit()
		stack.empty_queues()

		def lose_the_transaction():
			frappe.db.sql("rollback")
			raise ZeroDivisionError

		# What is done beside it takes nothing of that back.
		with monkeypatch.context() as patched, pytest.raises(ZeroDivisionError):
			patched.setattr(onboarding, "note_what_is_done", lose_the_transaction)
			sweep.run()
		assert methods(stack, "default") == ["intake.take_up"]
		stack.empty_queues()
		sweep.run()
		assert {status_of(name) for name in names} == {"Received"} and status_of(reply) == "Queued"
		assert methods(stack, "short")[0] == "worker.run"
		assert methods(stack, "default") == ["intake.take_up"]
		assert "media.take_up" in methods(stack, "long")
		# Of each customer the text that waits longest, and in this order.
		due = intake.waiting()
		assert [name for name in due if name in names] == names[:3]
		# Another worker can help at once.
		stack.empty_queues()
		intake.take_up()
		assert {status_of(name) for name in names} == {"Threaded"}
		assert methods(stack, "default")[0] == "intake.take_up"
		assert not {"media.fetch", "media.take_up"} & {*methods(stack, "short"), *methods(stack, "default")}
	eventually(lambda: status_of(reply) == "Delivered")


def test_the_time_of_a_job_being_over_counts_against_no_text(stack, sim, customer):
	conversation = customer.text("Hello").conversation
	stack.wait_until_idle()
	with stack.without_worker():
		first, second = (received(customer.text(body, wait=False)) for body in ("First", "Second"))
		with connections.another() as connection, connection.cursor() as cursor:
			cursor.execute(
				"select name from `tabTwilio SMS Conversation` where name = %s for update", conversation
			)
			with pytest.raises(Exception), UnixSignalDeathPenalty(1, JobTimeoutException):
				intake.process(first)
			replies.reconnect()
		row = frappe.db.get_value(MESSAGE, first, ["status", "attempts", "error_message"])
		assert row == ("Received", 0, None)
		# A worker that dies is counted against the text that it begins with, not against those behind it.
		intake.resume(second)
		assert [status_of(name) for name in (first, second)] == ["Threaded", "Threaded"]
		attempts = [frappe.db.get_value(MESSAGE, name, "attempts") for name in (first, second)]
		assert attempts == [1, 0]


def test_files_make_room_for_texts_and_answers(stack, sim, customer, picture):
	message = customer.text("Look", media=[(f"{n}.png", picture) for n in range(3)])
	waiting = {"parent": message.name, "status": "Waiting"}
	eventually(lambda: not frappe.db.count("Twilio SMS Media", waiting))
	stack.wait_until_idle()
	with stack.without_worker():
		frappe.db.set_value("Twilio SMS Media", {"parent": message.name}, "status", "Waiting")
		frappe.db.commit()
		stack.empty_queues()
		wake.wake()
		frappe.db.commit()
		media.fetch(message.name)
		assert frappe.db.count("Twilio SMS Media", waiting) == 2
		assert methods(stack, "short") == ["worker.run"]
		assert methods(stack, "long") == ["media.fetch"]
	eventually(lambda: not frappe.db.count("Twilio SMS Media", waiting))
