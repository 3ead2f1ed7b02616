"""Media of messages in the REST API, and the host that they are read from."""

import pytest
import requests

from .conftest import GIF, refused


@pytest.mark.parametrize("origin", ["same", "other"])
def test_media_redirect_to_a_host_that_refuses_credentials(sim, account, number, say, origin):
	if origin == "other":
		sim.media_base_url = f"http://localhost:{sim.port}"
	message = say("", media=[("cat.gif", GIF)])
	url = sim.webhook_attempts[0].params["MediaUrl0"]
	assert requests.get(url, timeout=2).status_code == 401
	login = (account.sid, account.auth_token)
	redirect = requests.get(url, auth=login, allow_redirects=False, timeout=2)
	assert redirect.status_code == 307
	location = redirect.headers["Location"]
	assert location.startswith(sim.media_base_url or sim.base_url)
	assert requests.get(location, auth=login, timeout=2).status_code == 400
	plain = requests.get(location, timeout=2)
	assert plain.content == GIF and plain.headers["Content-Type"] == "image/gif"
	assert message.media[0].content_type == "image/gif"


def test_media_are_listed_read_and_deleted(client, say):
	message = say("two", media=[("a.gif", GIF), ("card.vcf", b"BEGIN:VCARD", "text/vcard")])
	media = client.messages(message.sid).media
	assert [m.content_type for m in media.list()] == ["image/gif", "text/vcard"]
	sid = media.list()[1].sid
	assert client.messages(message.sid).media(sid).fetch().parent_sid == message.sid
	assert client.messages(message.sid).media(sid).delete()
	assert len(media.list()) == 1
	assert refused(client.messages(message.sid).media(sid).fetch) == (20404, 404)
	assert client.messages(message.sid).fetch().num_media == "1"
