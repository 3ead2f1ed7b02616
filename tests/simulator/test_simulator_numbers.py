"""Our numbers in the REST API."""

from .conftest import OURS, refused


def test_numbers_are_listed_found_and_changed(sim, client, account, app):
	sim.add_number(account.sid, "+18885550123", kind="Toll-Free", mms=False)
	sim.add_number(account.sid, "55555", kind="short code")
	found = client.incoming_phone_numbers.list()
	assert [n.phone_number for n in found] == [OURS, "+18885550123"]
	assert found[1].capabilities["sms"] and not found[1].capabilities["mms"]
	assert [n.sid for n in client.incoming_phone_numbers.list(phone_number=OURS)] == [found[0].sid]
	assert len(client.incoming_phone_numbers.list(phone_number="888555****")) == 1
	changed = client.incoming_phone_numbers(found[0].sid).update(
		sms_url="https://x.example/a#rc=3", sms_method="GET", sms_fallback_url="", friendly_name="Support"
	)
	assert (changed.sms_url, changed.sms_method, changed.friendly_name) == (
		"https://x.example/a#rc=3",
		"GET",
		"Support",
	)
	assert client.incoming_phone_numbers(found[0].sid).fetch().sms_url == "https://x.example/a#rc=3"
	assert refused(lambda: client.incoming_phone_numbers(found[0].sid).update(sms_url="nonsense")) == (
		21402,
		400,
	)
	assert refused(lambda: client.incoming_phone_numbers(found[0].sid).update(sms_method="PUT")) == (
		21403,
		400,
	)
	assert refused(client.incoming_phone_numbers("PN" + "0" * 32).fetch) == (20404, 404)
