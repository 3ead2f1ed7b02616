"""Live updates of the demo: each browser joins the rooms that Frappe lets its own user into."""

import json
import sys
import threading
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from werkzeug.serving import make_server

sys.path.insert(0, str(Path(__file__).parents[2] / "dev"))

socketio = pytest.importorskip("socketio")

realtime = pytest.importorskip("realtime")

SITE, WAIT_S = "demo.localhost", 5
USERS = {
	"sid=tom": {"user": "tom", "user_type": "System User"},
	"sid=ann": {"user": "ann", "user_type": "Website User"},
}


def frappe(environ, start_response):
	"""Frappe's answers: who asks stands in the cookie, and only Tom may read tickets."""
	who = USERS.get(environ.get("HTTP_COOKIE", ""))
	asked = environ["PATH_INFO"].rpartition(".")[2]
	answer = who if asked == "get_user_info" else who and who["user"] == "tom"
	assert asked == "get_user_info" or parse_qs(environ["QUERY_STRING"])["doctype"] == ["HD Ticket"]
	start_response("200 OK" if answer else "403 Forbidden", [("Content-Type", "application/json")])
	return [json.dumps({"message": answer}).encode()]


@pytest.fixture
def live(monkeypatch):
	"""The address of a server, and the server itself, by which the test publishes in place of Redis."""
	begun = []
	monkeypatch.setattr(realtime, "_pass_on", lambda server, _url: begun.append(server))
	web = make_server("127.0.0.1", 0, realtime.with_live_updates(frappe, SITE, ""), threaded=True)
	threading.Thread(target=web.serve_forever, daemon=True).start()
	yield f"http://127.0.0.1:{web.port}", begun[0]
	web.shutdown()


def browser(url: str, cookie: str):
	client = socketio.Client(reconnection=False)
	heard = []
	client.on("news", heard.append, namespace=f"/{SITE}")
	client.connect(
		url, headers={"Cookie": cookie}, namespaces=[f"/{SITE}"], transports=["polling"], wait_timeout=WAIT_S
	)
	return client, heard


def test_news_of_a_ticket_reach_who_may_read_it(live):
	url, server = live
	(tom, tom_heard), (ann, ann_heard) = browser(url, "sid=tom"), browser(url, "sid=ann")
	try:
		for client in (ann, tom):
			client.emit("doc_subscribe", ("HD Ticket", "0019"), namespace=f"/{SITE}")
		for room in ("doc:HD Ticket/0019", "user:ann", "all"):
			_publish(server, room)
		assert tom_heard == ["doc:HD Ticket/0019", "all"]
		assert ann_heard == ["user:ann"]
	finally:
		tom.disconnect()
		ann.disconnect()


def test_who_is_nobody_is_not_connected(live):
	url, _server = live
	with pytest.raises(socketio.exceptions.ConnectionError):
		browser(url, "sid=somebody")


def _publish(server, room: str) -> None:
	"""Emit to a room once somebody is in it."""
	pause = threading.Event()
	for _ in range(100):
		if room in server.manager.rooms.get(f"/{SITE}", {}):
			break
		pause.wait(0.05)
	server.emit("news", room, room=room, namespace=f"/{SITE}")
	pause.wait(0.3)
