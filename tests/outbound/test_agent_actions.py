"""What an agent does about a text that waits: cancel it; and who may do that or send it as an e-mail."""

import secrets
import threading

import frappe
import pytest
import requests
from support.agent_actions import API, MESSAGE, emails_in, failed, shown, written
from support.people import make_agent, make_customer, make_team
from support.stack import status_of, ticket_of
from twilio.request_validator import RequestValidator

from twilio_sms_channel.infra import public_url
from twilio_sms_channel.messaging.outbound import message_actions

# --- cancel ----------------------------------------------------------------------------------------------------


def test_a_waiting_text_is_canceled_and_never_sent(agent, customer, ticket):
	from twilio_sms_channel.messaging.upkeep import sweep

	message = written(ticket, "Not this", creation=frappe.utils.add_to_date(None, minutes=-5))
	assert shown(agent, ticket, message)["can_cancel"]
	answer = agent.call(f"{API}cancel", message=message)
	assert answer.status_code == 200, answer.text
	assert answer.json()["message"]["status"] == "Canceled"
	assert status_of(message) == "Canceled"
	row = shown(agent, ticket, message)
	assert (row["fate"], row["can_cancel"], row["can_retry"]) == ("Canceled", False, False)
	sweep.run()
	assert customer.inbox() == []


@pytest.mark.parametrize(
	("status", "says"),
	[
		("Sending", "being sent at this moment"),
		("Unconfirmed", "looked up at Twilio"),
		("Delivered", "its status is Delivered"),
		("Canceled", "its status is Canceled"),
	],
)
def test_a_text_that_no_longer_waits_is_not_canceled(agent, ticket, status, says):
	message = written(ticket, status=status)
	answer = agent.call(f"{API}cancel", message=message)
	assert answer.status_code == 417
	assert says in answer.text
	assert status_of(message) == status


def test_what_waits_of_a_deleted_ticket_is_canceled_by_an_admin(stack, agent, admin, ticket):
	message = written(ticket, "Not this")
	frappe.delete_doc(ticket.doctype, ticket.name)
	frappe.db.commit()
	assert agent.call(f"{API}cancel", message=message).status_code == 403
	assert admin.call(f"{API}cancel", message=message).status_code == 200
	assert status_of(message) == "Canceled"
	stack.wait_until_idle()


def test_the_confirmation_of_a_stop_is_not_canceled(agent, ticket):
	message = written(ticket, automatic=1)
	assert agent.call(f"{API}cancel", message=message).status_code == 417
	# A worker may have sent it meanwhile.
	assert status_of(message) != "Canceled"
	row = shown(agent, ticket, message)
	assert not row["can_cancel"]
	frappe.db.set_value(MESSAGE, message, "status", "Canceled")
	frappe.db.commit()


def test_a_claim_and_a_cancel_exclude_each_other(stack, ticket):
	"""While a worker's claim is not committed, the cancel waits for it, and then finds the text being sent."""
	message = written(ticket)
	frappe.db.get_value(MESSAGE, message, "name", for_update=True)
	frappe.db.set_value(MESSAGE, message, "status", "Sending")
	refused = []

	def cancel():
		frappe.init(site=stack.site, sites_path=".")
		frappe.connect()
		try:
			message_actions.cancel(message)
			frappe.db.commit()
		except message_actions.CannotCancel as e:
			refused.append(str(e))
		finally:
			frappe.destroy()

	thread = threading.Thread(target=cancel)
	thread.start()
	thread.join(1)
	assert thread.is_alive(), "it waits for the claim"
	frappe.db.commit()
	thread.join(30)
	assert refused
	assert "being sent" in refused[0]
	assert status_of(message) == "Sending"
	frappe.db.set_value(MESSAGE, message, "status", "Canceled")
	frappe.db.commit()


# --- who may ---------------------------------------------------------------------------------------------------


@pytest.fixture
def restricted(stack):
	"""An agent of another team, while tickets are restricted to their team."""
	user = make_agent("tsms-west@example.com", "West", "Agent")
	if not frappe.db.exists("HD Team", "TSMS West"):
		make_team("TSMS West", user)
	if not frappe.db.exists("HD Team", "TSMS East"):
		make_team("TSMS East")
	before = frappe.db.get_single_value("HD Settings", "restrict_tickets_by_agent_group")

	def restrict(to):
		frappe.db.set_single_value("HD Settings", "restrict_tickets_by_agent_group", to)
		frappe.clear_document_cache("HD Settings", "HD Settings")
		frappe.db.commit()

	restrict(1)
	yield stack.login(user)
	restrict(before or 0)


@pytest.mark.helpdesk
@pytest.mark.parametrize("endpoint", ["cancel", "send_as_email"])
def test_both_want_write_on_the_ticket(stack, customer, sim, restricted, endpoint):
	ticket = ticket_of(customer.text("Hello", to=stack.add_number(team="TSMS East")))
	# A worker that is still awake would send it.
	stack.wait_until_idle()
	message = written(ticket)
	assert restricted.call(API + endpoint, message=message).status_code == 403
	assert status_of(message) == "Queued"
	frappe.db.set_value(MESSAGE, message, "status", "Canceled")
	frappe.db.commit()


@pytest.mark.parametrize("endpoint", ["cancel", "send_as_email"])
def test_portal_customers_can_do_neither(stack, ticket, endpoint):
	user = make_customer(f"portal{secrets.token_hex(4)}@example.com")
	frappe.db.set_value(ticket.doctype, ticket.name, "raised_by", user)
	message = failed(ticket) if endpoint == "send_as_email" else written(ticket)
	assert stack.login(user).call(API + endpoint, message=message).status_code == 403
	assert (
		requests.post(f"{stack.web}/api/method/{API}{endpoint}", json={"message": message}).status_code == 403
	)
	assert emails_in(ticket) == []
	frappe.db.set_value(MESSAGE, message, "status", "Canceled")
	frappe.db.commit()


# --- after Send Again ------------------------------------------------------------------------------------------


def test_a_late_report_of_an_earlier_attempt_is_ignored(stack, ticket):
	earlier, other = ("SM" + secrets.token_hex(16) for _ in range(2))
	message = written(ticket, status="Sending", earlier_sids=f"{other}\n{earlier}")
	url = public_url.status_callback(message)
	params = {
		"MessageSid": earlier,
		"AccountSid": stack.account_sid,
		"MessageStatus": "undelivered",
		"ErrorCode": "30003",
		"To": "+19075550123",
		"From": stack.number,
	}

	def report():
		signature = RequestValidator(stack.auth_token).compute_signature(url, params)
		return requests.post(url, data=params, headers={"X-Twilio-Signature": signature}, timeout=30)

	assert report().status_code == 204
	frappe.db.rollback()
	assert frappe.db.get_value(MESSAGE, message, ["status", "twilio_sid", "error_code"]) == (
		"Sending",
		None,
		None,
	)
	params["MessageSid"] = "SM" + secrets.token_hex(16)
	assert report().status_code == 204
	assert status_of(message) == "Undelivered"
