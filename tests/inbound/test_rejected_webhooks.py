"""What an admin reads about a webhook that was turned away: why, and what to do."""

import frappe
import pytest
from support.stack import INBOUND
from support.webhooks import STATUS, rejections, sid, signed, text

LOG = "Twilio SMS Rejected Webhook"


@pytest.mark.parametrize(
	("path", "changes", "token", "http_status", "what_to_do"),
	[
		(INBOUND, {"AccountSid": "nobody"}, None, 403, "strangers who try addresses"),
		(INBOUND, {}, "another token", 403, "Enter the account's Auth Token again"),
		(INBOUND, {"AccountSid": "AC" + "0" * 32}, None, 404, "Connect the account that owns the number"),
		(INBOUND, {"To": "+14155550199"}, None, 404, "Import the number"),
		(f"{STATUS}?message=gone", {"MessageStatus": "sent", "MessageSid": sid()}, None, 404, "was deleted"),
	],
)
def test_each_reason_says_what_to_do(stack, path, changes, token, http_status, what_to_do):
	frappe.cache().delete_keys("twilio_sms_rejected:")
	since = frappe.utils.now_datetime()

	assert signed(stack, path, text(stack, **changes), token=token).status_code == http_status

	(line,) = rejections(since)
	name = frappe.db.get_value(LOG, {"creation": (">=", since)})
	assert line.http_status == http_status
	assert what_to_do in frappe.get_doc(LOG, name).as_dict()["how_to_mend"]
