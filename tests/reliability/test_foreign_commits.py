"""Other apps' hooks commit, roll back and fail while a text is put into a ticket, or an answer is written."""

import signal
from concurrent.futures import ThreadPoolExecutor

import frappe
import pytest
from frappe.installer import update_site_config
from support import desks, replies
from support.people import make_agent
from support.recovery import MEDIA, make_due, run_sweep
from support.stack import MESSAGE, Customer, eventually, status_of, ticket_of

from twilio_sms_channel.infra.retry_policies import THREADING
from twilio_sms_channel.messaging.inbound import intake, media
from twilio_sms_channel.messaging.outbound import outbox

CONVERSATION = "Twilio SMS Conversation"
PATIENCE_S = 90
API = "twilio_sms_channel.api.ticket."
# How long such a hook goes on after it has committed.
TAKES_S = 2

pytestmark = pytest.mark.helpdesk
pytest.importorskip("helpdesk.overrides.other_apps", reason="only Helpdesk's stand-in commits when told to")


@pytest.fixture
def hooks(stack):
	"""Call it with what the hooks of other apps do from now on: `commits`, `rolls_back`, `rolls_back_before`, `fails`; {} or
	[] for nothing."""
	keys = set()

	def begin(**what) -> None:
		for key, value in what.items():
			keys.add(f"helpdesk_standin_{key}")
			update_site_config(f"helpdesk_standin_{key}", value)

	yield begin
	for key in keys:
		update_site_config(key, "None")
		# Of this process Frappe keeps the word.
		frappe.local.conf.pop(key)


@pytest.fixture
def committing(hooks):
	"""Call it with DocTypes: hooks on them commit while one is inserted."""
	return lambda *doctypes: hooks(commits=dict.fromkeys(doctypes, TAKES_S))


def tickets_of(customer) -> list[str]:
	frappe.db.rollback()
	conversations = frappe.get_all(CONVERSATION, {"customer_number": customer.number}, pluck="name")
	return frappe.get_all(
		desks.default().doctype, {"twilio_sms_conversation": ("in", conversations or ["none"])}, pluck="name"
	)


def written(customer) -> list[str]:
	frappe.db.rollback()
	return sorted(frappe.get_all("Communication", {"phone_no": customer.number}, pluck="content"))


def threaded(customer, count: int) -> bool:
	rows = frappe.get_all(MESSAGE, {"customer_number": customer.number}, pluck="status")
	return rows == ["Threaded"] * count


@pytest.mark.parametrize("doctype", ["Contact", desks.default().doctype])
def test_two_first_texts_are_one_ticket_whoever_commits_meanwhile(stack, sim, committing, doctype):
	committing(doctype)
	customers = [Customer(stack) for _ in range(2)]
	with stack.more_workers(3):
		for customer in customers:
			customer.text("One", wait=False)
			eventually(
				lambda customer=customer: frappe.db.exists(MESSAGE, {"customer_number": customer.number})
			)
			# The first one's job has begun: the second text gets a worker of its own.
			stack.simulator.wait_idle(10)
			eventually(
				lambda customer=customer: frappe.db.exists("Contact Phone", {"phone": customer.number}),
				PATIENCE_S,
			)
			customer.text("Two", wait=False)
		for customer in customers:
			eventually(lambda customer=customer: threaded(customer, 2), PATIENCE_S)
	for customer in customers:
		assert len(tickets_of(customer)) == 1
		assert written(customer) == ["One", "Two"]
		assert len(frappe.get_all("Contact Phone", {"phone": customer.number})) == 1


def test_of_two_agents_at_once_one_sees_the_others_text_first(customer, stack, sim, committing, agent, admin):
	ticket = ticket_of(customer.text("Hello"))
	other = stack.login(make_agent("tsms-bob@example.com", "Bob", "Smith"))
	committing("Communication")
	with ThreadPoolExecutor(2) as pool:
		answers = list(pool.map(lambda one: one.reply(ticket.name, f"<p>{one.user}</p>"), (agent, other)))
	assert sorted(answer.status_code for answer in answers) == [200, 417]


def test_an_opt_out_meanwhile_is_not_overwritten(customer, stack, sim, committing, agent):
	ticket = ticket_of(customer.text("Hello"))
	committing("Communication")
	customer.text("No more of this", wait=False)
	eventually(lambda: len(written(customer)) == 2)
	answer = agent.call(f"{API}opt_out", ticket=ticket.name)
	assert answer.status_code == 200, answer.text
	eventually(lambda: threaded(customer, 2))
	assert frappe.db.get_value(CONVERSATION, ticket.twilio_sms_conversation, "opted_out") == 1


def test_a_worker_that_dies_after_such_a_commit_leaves_one_ticket_and_one_text(
	customer, stack, sim, committing, tmp_path
):
	other = Customer(stack)
	points = {
		customer: (
			desks.default().doctype,
			"twilio_sms_channel.messaging.conversation.entries:received:call",
		),
		other: ("Communication", "twilio_sms_channel.messaging.inbound.reorder:set_arrival:call"),
	}
	with stack.without_worker():
		for one, (doctype, point) in points.items():
			committing(doctype)
			mark = tmp_path / doctype
			worker = stack.start_worker(TWILIO_SMS_KILL_AT=point, TWILIO_SMS_KILL_MARK=str(mark))
			one.text("Only once", wait=False)
			assert worker.wait(PATIENCE_S) == -signal.SIGKILL
			assert mark.exists()
			stack.stop("worker")
			assert len(tickets_of(one)) == 1
	for one in points:
		make_due([frappe.db.get_value(MESSAGE, {"customer_number": one.number}, "twilio_sid")])
	run_sweep(stack)
	for one in points:
		eventually(lambda one=one: threaded(one, 1), PATIENCE_S)
		(ticket,) = tickets_of(one)
		assert written(one) == ["Only once"]
		assert ticket_of(frappe.get_doc(MESSAGE, {"customer_number": one.number})).name == ticket


@pytest.mark.parametrize("doctype", [desks.default().doctype, "Communication"])
def test_a_text_that_another_app_takes_back_is_tried_again_and_told(customer, stack, sim, hooks, doctype):
	hooks(rolls_back=[doctype])
	sid = customer.text("Hello", wait=False).sid
	first = {"twilio_sid": sid, "attempts": 1, "status": "Received"}
	name = eventually(lambda: frappe.db.get_value(MESSAGE, first))
	assert "another app" in frappe.db.get_value(MESSAGE, name, "error_message").lower()
	assert (tickets_of(customer), written(customer)) == ([], [])
	frappe.db.set_value(MESSAGE, name, {"attempts": THREADING.attempts - 1, "next_attempt": None})
	frappe.db.commit()
	intake.process(name)
	reason = frappe.db.get_value(MESSAGE, {"name": name, "status": "Failed"}, "error_message")
	assert doctype in reason
	hooks(rolls_back=[])
	intake.retry(name)
	frappe.db.commit()
	eventually(lambda: threaded(customer, 1))
	assert len(tickets_of(customer)) == 1
	assert written(customer) == ["Hello"]


def test_a_ticket_that_another_app_takes_back_later_is_made_again(customer, stack, sim, hooks, agent):
	"""Its hook rolls back before the Communication is written: that alone would be there, in a ticket that is not."""
	number = stack.add_number(threading_policy="Always a new ticket")
	assert customer.text("Hello", to=number).status == "Threaded"
	hooks(rolls_back_before=["Communication"])
	sid = customer.text("Again", to=number, wait=False).sid
	name = eventually(lambda: frappe.db.get_value(MESSAGE, {"twilio_sid": sid, "attempts": 1}))
	answer = agent.call(f"{API}start", to=customer.number, message="A parcel", number=number)
	assert answer.status_code != 200
	assert (len(tickets_of(customer)), written(customer)) == (1, ["Hello"])
	assert not frappe.db.exists(MESSAGE, {"customer_number": customer.number, "direction": "Outbound"})
	hooks(rolls_back_before=[])
	frappe.db.set_value(MESSAGE, name, "next_attempt", None)
	frappe.db.commit()
	intake.process(name)
	assert status_of(name) == "Threaded"
	assert len(tickets_of(customer)) == 2


def test_a_text_into_a_ticket_that_is_there_keeps_its_entry(customer, stack, sim, hooks):
	ticket = ticket_of(customer.text("Hello"))
	hooks(rolls_back_before=["Communication"])
	again = customer.text("Again")
	assert again.status == "Threaded"
	assert ticket_of(again).name == ticket.name


def test_a_file_that_another_app_takes_back_is_fetched_again(customer, stack, sim, hooks, picture):
	hooks(rolls_back=["File"])
	message = customer.text("Look", media=[("a.png", picture + b"taken back")])
	waiting = {"parent": message.name, "status": "Waiting", "attempts": (">", 0)}
	item = eventually(lambda: frappe.db.get_value(MEDIA, waiting, ["name", "error", "file"], as_dict=True))
	assert "another app" in item.error.lower() and not item.file
	hooks(rolls_back=[])
	media.fetch(message.name)
	file = frappe.db.get_value(MEDIA, {"name": item.name, "status": "Fetched"}, "file")
	assert frappe.db.exists("File", file)


def test_an_answer_that_another_app_takes_back_is_refused(customer, stack, sim, hooks, agent, picture):
	ticket = ticket_of(customer.text("Hello"))
	upload = frappe.get_doc(
		{
			"doctype": "File",
			"file_name": "a.png",
			"content": picture + customer.number.encode(),
			"is_private": 1,
		}
	).insert()
	frappe.db.set_value("File", upload.name, "owner", agent.user)
	frappe.db.commit()
	hooks(rolls_back=["Communication"])
	# Where ERPNext is, a contact is committed at once, and stays.
	other, third = Customer(stack), Customer(stack)
	answers = (
		agent.reply(ticket.name, "<p>One</p>"),
		agent.call(f"{API}reply", ticket=ticket.name, message="Two"),
		agent.call(f"{API}start", to=other.number, message="Three"),
	)
	hooks(rolls_back=["File"])
	answers += (agent.call(f"{API}reply", ticket=ticket.name, message="Look", attachments=[upload.name]),)
	for doctype, who in ((desks.default().doctype, other), ("Contact", third)):
		hooks(rolls_back=[doctype])
		answers += (agent.call(f"{API}start", to=who.number, message="Three"),)
	for answer in answers:
		assert answer.status_code == 417, answer.text
		assert "another app" in answer.json()["_server_messages"].lower()
	frappe.db.rollback()
	for who in (customer, other, third):
		assert not frappe.db.exists(MESSAGE, {"customer_number": who.number, "direction": "Outbound"})
		assert who.inbox() == []
	assert written(customer) == ["Hello"]
	assert tickets_of(other) == tickets_of(third) == []
	# What another app refuses is said in its words, also when it has committed before.
	hooks(rolls_back=[], commits={"Communication": 0}, fails={"Communication": "ValidationError"})
	answer = agent.reply(ticket.name, "<p>Four</p>")
	assert answer.status_code == 417 and "Another app refuses" in answer.text
	# It does not stand in the ticket as if it were on its way.
	assert written(customer) == ["Hello"]
	# Nor does what it refuses in another way, or what another hook takes back later.
	hooks(fails={"Communication": "PermissionError"})
	assert agent.reply(ticket.name, "<p>Five</p>").status_code != 200
	assert written(customer) == ["Hello"]
	hooks(fails={}, rolls_back=["File"])
	answer = agent.call(f"{API}reply", ticket=ticket.name, message="Look", attachments=[upload.name])
	assert answer.status_code == 417 and "another app" in answer.json()["_server_messages"].lower()
	assert written(customer) == ["Hello"]


def test_a_text_that_another_app_commits_and_then_refuses_is_not_sent(customer, stack, sim, monkeypatch):
	"""Its hooks are on the messages themselves."""
	ticket = ticket_of(customer.text("Hello"))
	conversation = frappe.get_doc(CONVERSATION, ticket.twilio_sms_conversation)

	def queue(*args, **facts):
		queue_of_app(*args, **facts)
		frappe.db.commit()
		frappe.throw("Another app refuses it")

	queue_of_app = outbox._queue
	with stack.without_worker():
		monkeypatch.setattr(outbox, "_queue", queue)
		with pytest.raises(frappe.ValidationError, match="refuses"):
			outbox.write(conversation, "Not this")
		assert written(customer) == ["Hello"]
		assert not frappe.db.exists(MESSAGE, {"conversation": conversation.name, "direction": "Outbound"})

		# What a worker has taken on by then is on its way, and stays in its ticket.
		def sending(*args, **facts):
			frappe.db.set_value(MESSAGE, queue_of_app(*args, **facts).name, "status", "Sending")
			frappe.db.commit()
			frappe.throw("Another app refuses it")

		monkeypatch.setattr(outbox, "_queue", sending)
		with pytest.raises(frappe.ValidationError, match="refuses"):
			outbox.write(conversation, "This one")
		assert len(written(customer)) == 2
		sent = frappe.get_last_doc(MESSAGE, {"conversation": conversation.name, "direction": "Outbound"})
		frappe.db.set_value(MESSAGE, sent.name, "status", "Canceled")
		frappe.db.commit()


@pytest.mark.parametrize("error", ["MandatoryError", "ValidationError"])
def test_a_ticket_that_another_app_commits_before_it_fails_is_used(customer, stack, sim, hooks, agent, error):
	"""The number's policy opens a new one for each text."""
	number = stack.add_number(threading_policy="Always a new ticket")
	other = Customer(stack)
	hooks(commits={desks.default().doctype: 0}, fails={desks.default().doctype: error})
	sid = customer.text("Hello", to=number, wait=False).sid
	is_lack = error == "MandatoryError"
	known = {"twilio_sid": sid, "status": "Threaded"} if is_lack else {"twilio_sid": sid, "attempts": 1}
	name = eventually(lambda: frappe.db.get_value(MESSAGE, known))
	answer = agent.call(f"{API}start", to=other.number, message="A parcel", number=number)
	assert answer.status_code == (200 if is_lack else 417), answer.text
	hooks(commits={}, fails={})
	if not is_lack:
		assert len(tickets_of(customer)) == len(tickets_of(other)) == 1
		frappe.db.set_value(MESSAGE, name, "next_attempt", None)
		frappe.db.commit()
		intake.process(name)
		answer = agent.call(f"{API}start", to=other.number, message="Your parcel", number=number)
		assert answer.status_code == 200, answer.text
	assert status_of(name) == "Threaded"
	for who, body in ((customer, "Hello"), (other, "A parcel" if is_lack else "Your parcel")):
		(ticket,) = tickets_of(who)
		assert written(who) == [body]
		assert frappe.db.get_value(desks.default().doctype, ticket, "subject") == body
	# What has words in it is left alone.
	customer.text("Something else", to=number)
	assert len(tickets_of(customer)) == 2


def test_a_landline_is_asked_about_before_a_ticket_is_made(customer, stack, sim, hooks, agent):
	ticket = ticket_of(customer.text("Call me"))
	long_ago = {"unreachable_since": frappe.utils.now_datetime(), "last_inbound": None}
	frappe.db.set_value(CONVERSATION, ticket.twilio_sms_conversation, long_ago)
	frappe.db.commit()
	hooks(commits={desks.default().doctype: 0, "Contact": 0})
	parcel = {"to": customer.number, "message": "Your parcel", "number": stack.other_number}
	answer = agent.call(f"{API}start", **parcel)
	assert answer.status_code == 417 and "landline" in answer.text
	assert tickets_of(customer) == [ticket.name]
	replies.question_was_read()
	assert agent.call(f"{API}start", **parcel).status_code == 200
	assert len(tickets_of(customer)) == 2
	# Whoever may want no more texts is asked about before as well.
	conversation = frappe.get_value(
		CONVERSATION, {"customer_number": customer.number, "number": stack.other_number}
	)
	frappe.db.set_value(CONVERSATION, conversation, {"may_want_to_stop": 1, "ticket": None})
	frappe.db.set_value(CONVERSATION, {"customer_number": customer.number}, "unreachable_since", None)
	frappe.db.commit()
	answer = agent.call(f"{API}start", **parcel)
	assert answer.status_code == 417 and answer.json()["exc_type"] == "MayWantToStop"
	assert len(tickets_of(customer)) == 2
