"""Twilio's doors: nothing gets in unsigned, and nothing makes them stumble."""

import base64
import hashlib
import hmac
import secrets
import time
from urllib.parse import urlencode

import frappe
import pytest
import requests
from support.stack import INBOUND, eventually
from support.webhooks import inbound_params

STATUS = "/api/method/twilio_sms_channel.api.webhooks.status"


def sid(prefix="SM"):
	return prefix + secrets.token_hex(16)


def signed(stack, path, params, token=None, http="POST", fragment="", base=None):
	"""Send a webhook the way Twilio does, signed with code of the test's own."""
	url = (base or stack.web) + path
	if http == "GET":
		url = requests.Request("GET", url, params=params).prepare().url
		text = url + fragment
	else:
		text = url + fragment + "".join(k + params[k] for k in sorted(params))
	digest = hmac.new((token or stack.auth_token).encode(), text.encode(), hashlib.sha1).digest()
	headers = {"X-Twilio-Signature": base64.b64encode(digest).decode()}
	if http == "GET":
		return requests.get(url, headers=headers, timeout=30)
	return requests.post(stack.web + path, data=params, headers=headers, timeout=30)


def text(stack, **changes):
	"""Parameters of an inbound text; None leaves one out."""
	return {k: v for k, v in inbound_params(stack, **changes).items() if v is not None}


def stored(message_sid):
	frappe.db.rollback()
	return frappe.db.exists("Twilio SMS Message", {"twilio_sid": message_sid})


def rejections(since):
	frappe.db.rollback()
	return frappe.get_all(
		"Twilio SMS Rejected Webhook",
		filters={"creation": (">=", since)},
		fields=["http_status", "reason", "account_sid", "to_number"],
		order_by="creation",
	)


@pytest.fixture
def now(stack):
	# The limit of log lines counts per minute: start from none.
	frappe.cache().delete_keys("twilio_sms_rejected:")
	return frappe.utils.now_datetime()


@pytest.mark.parametrize("http", ["POST", "GET"])
def test_a_signed_text_is_stored(stack, http):
	params = text(stack)
	answer = signed(stack, INBOUND, params, http=http)
	assert answer.status_code == 200
	assert answer.headers["Content-Type"].startswith("text/xml")
	assert stored(params["MessageSid"])


def test_the_retry_fragment_of_the_webhook_url_is_signed_too(stack):
	params = text(stack)
	assert signed(stack, INBOUND, params, fragment="#rc=3&rp=ct,rt,5xx").status_code == 200
	assert stored(params["MessageSid"])


@pytest.mark.parametrize(
	"headers", [{}, {"X-Twilio-Signature": "bm9wZQ=="}, {"X-Twilio-Signature": "\u00fc"}], ids=str
)
def test_an_unsigned_text_is_403_and_leaves_one_line_in_the_log(stack, now, headers):
	params = text(stack)
	headers = {k: v.encode("latin-1") for k, v in headers.items()}
	answer = requests.post(stack.web + INBOUND, data=params, headers=headers, timeout=30)
	assert answer.status_code == 403
	assert not stored(params["MessageSid"])
	(line,) = rejections(now)
	assert (line.http_status, line.account_sid, line.to_number) == (403, stack.account_sid, stack.number)


def test_a_wrongly_signed_text_is_403(stack, now):
	params = text(stack)
	assert signed(stack, INBOUND, params, token="somebody else's").status_code == 403
	assert not stored(params["MessageSid"])


def test_a_changed_text_is_403(stack, now):
	params = text(stack)
	url = stack.web + INBOUND
	body = url + "".join(k + params[k] for k in sorted(params))
	digest = hmac.new(stack.auth_token.encode(), body.encode(), hashlib.sha1).digest()
	params["Body"] = "Send money"
	answer = requests.post(
		url, data=params, headers={"X-Twilio-Signature": base64.b64encode(digest).decode()}, timeout=30
	)
	assert answer.status_code == 403


def test_the_next_token_is_accepted_while_rotating(stack, now):
	account = frappe.get_doc("Twilio SMS Account", stack.account)
	account.next_auth_token = following = secrets.token_hex(16)
	account.save()
	frappe.db.commit()
	try:
		params = text(stack)
		assert signed(stack, INBOUND, params, token=following).status_code == 200
		assert signed(stack, INBOUND, text(stack)).status_code == 200
	finally:
		account.next_auth_token = ""
		account.save()
		frappe.db.commit()


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


@pytest.mark.parametrize(
	"change",
	[{"MessageSid": "nonsense"}, {"MessageSid": None}, {"To": ""}],
	ids=lambda change: "-".join(f"{k}={str(v)[:12]!r}" for k, v in change.items()),
)
def test_what_names_no_message_or_no_recipient_is_400(stack, now, change):
	params = text(stack, **change)
	before = frappe.db.count("Twilio SMS Message")
	assert signed(stack, INBOUND, params).status_code == 400
	assert rejections(now)[0].http_status == 400
	frappe.db.rollback()
	assert frappe.db.count("Twilio SMS Message") == before


FILE = "https://api.twilio.com/2010-04-01/Accounts/AC0/Messages/MM0/Media/ME{}"
# (parameters, what the row then has, what its notes tell)
ODD = [
	({"From": "rcs:+14155550177"}, {"customer_number": "+14155550177"}, "RCS"),
	*(
		({"From": name}, {"customer_number": name}, None)
		for name in ("Amazon.de", "NHS.Dental", "McDonald's", "Café Rio", "AT&T", "Ünlü 1", "72345")
	),
	({"From": "447700900123"}, {"customer_number": "447700900123"}, "447700900123"),
	({"From": "whatsapp:+14155550178"}, {"customer_number": "whatsapp:+14155550178"}, "whatsapp:+1"),
	({"From": "+1abc"}, {"customer_number": "+1abc"}, None),
	({"From": "<b>x\u202e</b>" + "y" * 50}, {"customer_number": "bx/b" + "y" * 30}, "?b?x"),
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


def test_a_malformed_status_is_400(stack, now):
	params = {"MessageSid": sid(), "AccountSid": stack.account_sid, "MessageStatus": "<b>"}
	assert signed(stack, STATUS, params).status_code == 400


def test_a_status_of_an_unknown_message_is_404(stack, now):
	params = {"MessageSid": sid(), "AccountSid": stack.account_sid, "MessageStatus": "sent"}
	assert signed(stack, STATUS + "?message=unknown", params).status_code == 404
	assert len(rejections(now)) == 1


def test_a_status_of_what_others_send_through_a_messaging_service_is_no_trouble(stack, now):
	params = {"MessageSid": sid(), "AccountSid": stack.account_sid, "MessageStatus": "sent"}
	assert signed(stack, STATUS, params).status_code == 204
	assert not rejections(now)


def test_the_log_of_rejected_webhooks_is_limited(stack, now):
	for _ in range(40):
		requests.post(stack.web + INBOUND, data=text(stack), timeout=30)
	# The minute may have changed on the way: then two limits count.
	assert len(rejections(now)) < 40 or frappe.utils.now_datetime().minute != now.minute
	assert len(rejections(now)) <= 60


def posted(stack, path: str, body: bytes) -> tuple[int, float]:
	"""HTTP status of a form with a made-up signature, and how long the answer took."""
	headers = {
		"Content-Type": "application/x-www-form-urlencoded",
		"X-Twilio-Signature": base64.b64encode(b"0" * 20).decode(),
	}
	began = time.monotonic()
	answer = requests.post(stack.web + path, data=body, headers=headers, timeout=120)
	return answer.status_code, time.monotonic() - began


@pytest.mark.parametrize("much", ["parameters", "the same parameter", "one long value", "a few hundred"])
def test_what_is_too_much_for_a_text_is_refused_before_its_signature_is_looked_at(stack, now, much):
	known = urlencode(text(stack)).encode()
	more = {
		"parameters": b"&".join(b"%x=" % n for n in range(120_000)),
		"the same parameter": b"&".join([b"a="] * 120_000),
		"one long value": b"Body=" + b"x" * 8_000_000,
		"a few hundred": b"&".join(b"%x=" % n for n in range(600)),
	}[much]
	status, took_s = posted(stack, INBOUND, known + b"&" + more)
	assert status == 413
	(line,) = rejections(now)
	assert "it has more than" in line.reason or "it is larger than" in line.reason
	# Frappe itself has parsed it by then.
	_status, frappes_s = posted(stack, "/api/method/ping", known + b"&" + more)
	assert took_s < 2 * frappes_s + 2


def test_what_twilio_may_send_is_not_too_much(stack, now):
	longest = text(stack, Body="😀" * 16_000, **{f"Later{n}": "v" * 50 for n in range(200)})
	assert signed(stack, INBOUND, longest).status_code == 200
	assert stored(longest["MessageSid"])


def test_the_refused_are_limited_by_account_and_together_the_signed_are_not(stack, now):
	def refused(sids: list[str]) -> list[int]:
		return [
			requests.post(stack.web + INBOUND, data=text(stack, AccountSid=s), timeout=30).status_code
			for s in sids
		]

	strangers = refused(["AC" + secrets.token_hex(16) for _ in range(40)])
	ours = refused([stack.account_sid] * 40)
	params = text(stack)
	assert signed(stack, INBOUND, params).status_code == 200
	assert stored(params["MessageSid"])
	lines = [row.account_sid for row in rejections(now)]
	if frappe.utils.now_datetime().minute == now.minute:
		assert strangers == [404] * 30 + [429] * 10
		assert ours == [403] * 30 + [429] * 10
		assert lines.count(stack.account_sid) == 30
		assert refused([stack.account_sid]) == [429]
	assert len(lines) <= 120


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
	for sender in ("72345", "SUPPORT"):
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


def account_of(stack):
	frappe.db.rollback()
	return frappe.get_doc("Twilio SMS Account", stack.account)


def test_the_tokens_last_use_is_kept_and_the_next_one_is_promoted(stack, sim, admin, agent, now):
	signed(stack, INBOUND, text(stack))
	assert account_of(stack).auth_token_used
	assert not account_of(stack).next_auth_token_used
	old, new = stack.auth_token, secrets.token_hex(16)
	account = account_of(stack)
	account.next_auth_token = new
	account.save()
	frappe.db.commit()
	assert signed(stack, INBOUND, text(stack), token=new).status_code == 200
	assert account_of(stack).next_auth_token_used
	promote = "twilio_sms_channel.api.setup.promote_token"
	assert agent.call(promote, account=stack.account).status_code == 403
	try:
		# Twilio's console promotes it as well: the old one ends.
		sim.world.accounts[stack.account_sid].auth_token = new
		answer = admin.call(promote, account=stack.account)
		assert answer.json()["message"]["status"] == "Active", answer.text
		account = account_of(stack)
		assert account.get_password("auth_token") == new
		assert not account.next_auth_token
		assert signed(stack, INBOUND, text(stack), token=new).status_code == 200
		assert signed(stack, INBOUND, text(stack), token=old).status_code == 403
		assert "Enter the next auth token first" in admin.call(promote, account=stack.account).text
	finally:
		sim.world.accounts[stack.account_sid].auth_token = old
		account = account_of(stack)
		account.auth_token = old
		account.save()
		frappe.db.commit()


def test_an_account_with_an_api_key_verifies_with_its_auth_token(stack, now):
	account = account_of(stack)
	account.update({"api_key_sid": "SK" + "1" * 32, "api_key_secret": "the key's secret"})
	account.save()
	frappe.db.commit()
	try:
		assert signed(stack, INBOUND, text(stack)).status_code == 200
		assert signed(stack, INBOUND, text(stack), token="the key's secret").status_code == 403
	finally:
		account.update({"api_key_sid": "", "api_key_secret": ""})
		account.save()
		frappe.db.commit()


def test_a_subaccount_signs_with_its_own_token(stack, now):
	subaccount = "AC" + secrets.token_hex(16)
	params = text(stack, AccountSid=subaccount)
	assert signed(stack, INBOUND, params).status_code == 404
	assert "subaccount" in rejections(now)[-1].reason
	own = secrets.token_hex(16)
	frappe.get_doc(
		{
			"doctype": "Twilio SMS Account",
			"account_name": f"Sub {subaccount[-6:]}",
			"account_sid": subaccount,
			"auth_token": own,
		}
	).insert()
	number = frappe.get_doc(
		{
			"doctype": "Twilio SMS Number",
			"phone_number": f"+1617{secrets.randbelow(7_000_000) + 2_000_000}",
			"account": f"Sub {subaccount[-6:]}",
		}
	).insert()
	frappe.db.commit()
	params["To"] = number.name
	assert signed(stack, INBOUND, params).status_code == 403
	assert signed(stack, INBOUND, params, token=own).status_code == 200
	# Its token opens nothing of the main account's.
	params["To"] = stack.number
	params["MessageSid"] = sid()
	assert signed(stack, INBOUND, params, token=own).status_code == 404


@pytest.mark.parametrize("base", ["{host}:443", "{host}"])
def test_the_base_url_counts_with_and_without_its_port(stack, base):
	frappe.db.set_single_value("Twilio SMS Settings", "public_base_url", "https://help.example.com")
	frappe.db.commit()
	try:
		params = text(stack)
		url = base.format(host="https://help.example.com")
		assert signed(stack, INBOUND, params, base=url).status_code == 200
		assert stored(params["MessageSid"])
	finally:
		frappe.db.set_single_value("Twilio SMS Settings", "public_base_url", stack.web)
		frappe.db.commit()


@pytest.mark.parametrize("http", ["POST", "GET"])
def test_a_fragment_that_was_never_read_is_found(stack, now, http):
	for fragment in ("#rc=3&rp=all", "#rp=4xx,5xx", "#rc=0", "#rp=5xx&rc=5", "#rc=2&ct=2000", "#tt=10000"):
		params = text(stack)
		assert signed(stack, INBOUND, params, fragment=fragment, http=http).status_code == 200, fragment
		assert stored(params["MessageSid"])
	assert not rejections(now)


def test_a_fragment_that_cannot_be_guessed_is_read_from_twilio(stack, sim, customer, now):
	"""And what was refused up to then comes in."""
	number = stack.add_number()
	at_twilio = sim.world.numbers[number]
	at_twilio.sms_url = f"{stack.web}{INBOUND}#tt=4321&rc=1&e=dublin"
	at_twilio.sms_fallback_url = f"{stack.web}{INBOUND}#ct=1234"
	refused = customer.text("Refused at first", to=number, wait=False)
	read = eventually(lambda: frappe.db.get_value("Twilio SMS Number", number, "webhook_checked"))
	assert frappe.db.get_value("Twilio SMS Number", number, "webhook_url") == at_twilio.sms_url
	assert {line.http_status for line in rejections(now)} == {403}
	eventually(lambda: stored(refused.sid))
	customer.text("At once", to=number)
	assert signed(stack, INBOUND, text(stack, To=number), fragment="#ct=1234").status_code == 200
	# Strangers make it ask Twilio once in ten minutes, not more.
	for _attempt in range(3):
		assert signed(stack, INBOUND, text(stack, To=number), token="wrong").status_code == 403
	stack.wait_until_idle()
	frappe.db.rollback()
	assert frappe.db.get_value("Twilio SMS Number", number, "webhook_checked") == read


def test_a_wrong_signature_costs_some_milliseconds_only():
	from werkzeug.test import EnvironBuilder
	from werkzeug.wrappers import Request

	from twilio_sms_channel.twilio_gateway.signature import find_fragment, possible_fragments

	params = {f"Parameter{n}": "x" * 100 for n in range(40)}
	headers = {"X-Twilio-Signature": base64.b64encode(b"x" * 20).decode()}
	request = Request(EnvironBuilder(method="POST", path=INBOUND, data=params, headers=headers).get_environ())
	assert len(possible_fragments()) < 1000
	begun = time.process_time()
	for _attempt in range(10):
		assert find_fragment(request, "https://help.example.com", "token") is None
	assert (time.process_time() - begun) / 10 < 0.05


def test_a_text_that_kills_its_worker_each_time_ends_as_failed(stack, now):
	"""The sweep counts what no worker lived to tell."""
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
		{"status": "Received", "attempts": intake.MAX_ATTEMPTS, "communication": None},
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
