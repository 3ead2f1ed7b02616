"""What Twilio sends to its endpoints: whatever is signed is stored, once and as it was said, and nothing makes them stumble."""

import frappe
import pytest
from support.stack import INBOUND, eventually
from support.webhooks import STATUS, rejections, sid, signed, stored, text


@pytest.mark.parametrize("http", ["POST", "GET"])
def test_a_signed_text_is_stored(stack, http):
	params = text(stack)
	answer = signed(stack, INBOUND, params, http=http)
	assert answer.status_code == 200
	assert answer.headers["Content-Type"].startswith("text/xml")
	assert stored(params["MessageSid"])


def test_an_unknown_account_is_404_and_logged(stack, now):
	params = text(stack, AccountSid="AC" + "0" * 32)
	assert signed(stack, INBOUND, params).status_code == 404
	assert rejections(now)[0].http_status == 404
	assert not stored(params["MessageSid"])


def test_an_unknown_number_is_404_and_logged(stack, now):
	params = text(stack, To="+19075550000")
	assert signed(stack, INBOUND, params).status_code == 404
	assert "+19075550000" in rejections(now)[0].reason
	assert not stored(params["MessageSid"])


FILE = "https://api.twilio.com/2010-04-01/Accounts/AC0/Messages/MM0/Media/ME{}"
# (parameters, what the row then has, what its notes tell)
ODD = [
	({"From": "rcs:+14155550177"}, {"customer_number": "+14155550177", "way": "RCS"}, None),
	*(
		({"From": name}, {"customer_number": name}, None)
		for name in ("Amazon.de", "NHS.Dental", "McDonald's", "Café Rio", "AT&T", "Ünlü 1", "72345")
	),
	({"From": "447700900123"}, {"customer_number": "447700900123"}, "447700900123"),
	*(
		({"From": said}, {"customer_number": said, "way": "RCS"}, said)
		for said in ("rcs:+1", "rcs:AGENT", "rcs:")
	),
	(
		{"From": "whatsapp:+14155550178"},
		{"customer_number": "whatsapp:+14155550178", "way": "WhatsApp"},
		"whatsapp:+1",
	),
	*(
		({"From": address}, {"customer_number": address}, address.partition(":")[0])
		for address in ("messenger:1234567890123456", "viber:+44", "tomorrow:x")
	),
	({"From": "+1abc"}, {"customer_number": "+1abc"}, None),
	({"From": "<b>x\u202e</b>" + "y" * 20}, {"customer_number": "bx/b" + "y" * 20}, "?b?x"),
	({"Body": "", "ButtonText": "<b>Yes"}, {"body": "<b>Yes", "button_text": "‹b›Yes"}, None),
	({"ButtonPayload": "x" * 10_000}, {"button_payload": "x" * 500}, None),
	({"Latitude": "37.78", "Longitude": "-122.4"}, {"location": "37.78, -122.4"}, None),
	({"Latitude": "<b>", "Longitude": "-122.4"}, {"location": ""}, None),
	({"From": None}, {"customer_number": "Unknown"}, "From is"),
	*(({"NumMedia": said}, {"media": 0}, f"“{said}”") for said in ("abc", "-1", "999", "1")),
	(
		{"NumMedia": "11", **{f"MediaUrl{n}": FILE.format(n) for n in range(11)}},
		{"media": 11},
		None,
	),
	({"NumMedia": "3", "MediaUrl0": FILE.format(0), "MediaUrl2": FILE.format(2)}, {"media": 2}, "2 files"),
	({"NumMedia": "1", "MediaUrl0": "x" * 3000}, {"media": 0}, "3000"),
	({"NumSegments": "abc"}, {"segments": 1}, "“abc”"),
	({"NumSegments": "9" * 5000}, {"segments": 1}, "9999"),
	({"MessagingServiceSid": "MGnonsense"}, {"service_sid": ""}, "MGnonsense"),
	({"Body": "nul\x00"}, {"body": "nul"}, "NUL"),
	({"Body": "x" * 20000}, {"body": "x" * 16000}, "20000"),
]


def test_what_is_odd_about_a_signed_text_is_noted_and_the_text_survives(stack, now):
	"""What Twilio puts into a webhook is for Twilio to decide."""
	number = stack.add_number(accept_attachments=0)
	sids = []
	for params, expected, told in ODD:
		params = text(stack, To=number, **params)
		sids.append(params["MessageSid"])
		assert signed(stack, INBOUND, params).status_code == 200, params
		row = frappe.get_doc("Twilio SMS Message", stored(params["MessageSid"]))
		kept = {field: len(row.media) if field == "media" else row.get(field) or "" for field in expected}
		assert kept == expected
		assert (told in row.webhook_notes) if told else not row.webhook_notes, (params, row.webhook_notes)
		assert "<" not in (row.webhook_notes or "")
	for names in ({"SmsSid": sid()}, {"SmsMessageSid": sid("MM")}, {"MessageSid": "x", "SmsSid": sid("RC")}):
		params = text(stack, To=number, **{"MessageSid": None, **names})
		assert signed(stack, INBOUND, params).status_code == 200
		sids.append([*names.values()][-1])
		assert frappe.db.get_value("Twilio SMS Message", stored(sids[-1]), "webhook_notes")
	assert not rejections(now)
	# Nor does any of it keep a text out of its ticket.
	waiting = {"twilio_sid": ("in", sids), "status": ("!=", "Threaded")}
	eventually(lambda: not frappe.db.count("Twilio SMS Message", waiting))


def test_a_status_of_an_unknown_message_is_404(stack, now):
	params = {"MessageSid": sid(), "AccountSid": stack.account_sid, "MessageStatus": "sent"}
	assert signed(stack, STATUS + "?message=unknown", params).status_code == 404
	assert len(rejections(now)) == 1


def test_a_status_of_what_others_send_through_a_messaging_service_is_no_trouble(stack, now):
	params = {"MessageSid": sid(), "AccountSid": stack.account_sid, "MessageStatus": "sent"}
	assert signed(stack, STATUS, params).status_code == 204
	assert not rejections(now)


def test_the_same_webhook_twice_is_one_message(stack):
	params = text(stack)
	assert [signed(stack, INBOUND, params).status_code for _ in range(2)] == [200, 200]
	frappe.db.rollback()
	assert frappe.db.count("Twilio SMS Message", {"twilio_sid": params["MessageSid"]}) == 1


def test_parameters_that_twilio_adds_later_do_no_harm(stack):
	params = text(stack, SomethingNew="1", ChannelMetadata='{"a": 1}')
	assert signed(stack, INBOUND, params).status_code == 200


def test_numbers_in_a_pool_are_found_although_the_service_is_not_set_up(stack):
	params = text(stack, MessagingServiceSid="MG" + "1" * 32)
	assert signed(stack, INBOUND, params).status_code == 200
	assert stored(params["MessageSid"])


def test_the_body_is_kept_exactly(stack):
	body = "  <script>alert('1')</script> & ünïcödé 👩‍👩‍👧 \n\t“quotes” {{ 7*7 }} %s \u202e "
	params = text(stack, Body=body)
	assert signed(stack, INBOUND, params).status_code == 200
	frappe.db.rollback()
	assert frappe.db.get_value("Twilio SMS Message", {"twilio_sid": params["MessageSid"]}, "body") == body


def test_a_hostile_body_is_escaped_in_the_ticket(stack):
	params = text(stack, Body="<img src=x onerror=alert(1)> {{ 7*7 }}")
	signed(stack, INBOUND, params)
	communication = eventually(
		lambda: frappe.db.get_value(
			"Twilio SMS Message", {"twilio_sid": params["MessageSid"]}, "communication"
		)
	)
	content = frappe.db.get_value("Communication", communication, "content")
	assert content == "&lt;img src=x onerror=alert(1)&gt; {{ 7*7 }}"


def test_short_codes_and_names_are_taken_in_and_shown_as_unanswerable(stack, agent):
	for sender in ("72345", "SUPPORT", "McDonald's", "447700900123", "messenger:1234567890123456"):
		params = text(stack, From=sender, Body="Your code is 1234")
		assert signed(stack, INBOUND, params).status_code == 200
		conversation = eventually(
			lambda params=params: frappe.db.get_value(
				"Twilio SMS Message",
				{"twilio_sid": params["MessageSid"], "status": "Threaded"},
				"conversation",
			)
		)
		ticket = frappe.db.get_value("Twilio SMS Conversation", conversation, "ticket")
		state = agent.call("twilio_sms_channel.api.ticket.state", http="GET", ticket=ticket).json()["message"]
		assert not state["can_text"]
		assert "cannot be answered" in state["why_not"]
		assert agent.reply(ticket, "<p>Hi</p>").status_code == 417


def test_a_text_that_kills_its_worker_each_time_ends_as_failed(stack, now):
	"""The sweep counts what no worker lived to tell."""
	from twilio_sms_channel.infra.retry_policies import THREADING
	from twilio_sms_channel.messaging.inbound import intake

	params = text(stack, From="+19075550188")
	signed(stack, INBOUND, params)
	name = eventually(lambda: stored(params["MessageSid"]))
	eventually(lambda: frappe.db.get_value("Twilio SMS Message", name, "status") == "Threaded")
	# Its job looks for further texts of the conversation before it ends.
	stack.wait_until_idle()
	frappe.db.set_value(
		"Twilio SMS Message",
		name,
		{"status": "Received", "attempts": THREADING.attempts, "communication": None},
	)
	frappe.db.commit()
	intake.resume(name)
	frappe.db.rollback()
	row = frappe.db.get_value("Twilio SMS Message", name, ["status", "error_message"], as_dict=True)
	assert row.status == "Failed"
	assert "worker stopped each time" in row.error_message
	eventually(lambda: frappe.db.exists("Notification Log", {"document_name": name}))


def test_a_name_that_is_taken_is_no_repeated_text(stack):
	"""Names are random: among millions of texts one comes up twice, and the text must not be taken for a repeated one."""
	from twilio_sms_channel.messaging.inbound import intake

	params = text(stack)
	signed(stack, INBOUND, params)
	first = frappe.get_doc("Twilio SMS Message", stored(params["MessageSid"]))
	fields = (
		"name",
		"creation",
		"modified",
		"owner",
		"modified_by",
		"direction",
		"status",
		"account",
		"number",
	)
	row = {field: first.get(field) for field in (*fields, "customer_number", "body")}
	row["twilio_sid"] = sid()
	assert intake._insert_once(row)
	assert row["name"] != first.name
	frappe.db.commit()
	try:
		assert not intake._insert_once({**row, "name": frappe.generate_hash(length=10)})
	finally:
		frappe.db.delete("Twilio SMS Message", {"name": row["name"]})
		frappe.db.commit()
