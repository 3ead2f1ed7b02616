"""Live updates in the browser, as Frappe's socket.io server gives them: its own is a Node program outside of the package.

What Frappe publishes in Redis goes to the browsers in the same room. Who may join which room Frappe itself is asked,
with the browser's cookie.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable

import redis
import socketio
from werkzeug.test import Client

EVENTS = "events"
PERMISSIONS = "/api/method/frappe.realtime."
TRIES_AGAIN_AFTER_S = 1


def with_live_updates(application: Callable, site: str, redis_url: str) -> Callable:
	"""The WSGI application of one site with a socket.io server beside it."""
	server = socketio.Server(async_mode="threading", cors_allowed_origins=[])
	# Each question comes with the cookie of whom it is about.
	server.register_namespace(Rooms(f"/{site}", Client(application, use_cookies=False)))
	thread = threading.Thread(target=_pass_on, args=(server, redis_url), name="realtime", daemon=True)
	thread.start()
	return socketio.WSGIApp(server, application)


class Rooms(socketio.Namespace):
	"""The rooms of a site, under the names that Frappe publishes to."""

	def __init__(self, namespace: str, frappe_client: Client):
		super().__init__(namespace)
		self.frappe = frappe_client
		self.cookies: dict[str, str] = {}

	def on_connect(self, sid: str, environ: dict) -> bool | None:
		cookie = environ.get("HTTP_COOKIE", "")
		who = self._ask("get_user_info", cookie)
		if not who:
			return False
		self.cookies[sid] = cookie
		self.enter_room(sid, f"user:{who['user']}")
		self.enter_room(sid, "website")
		if who["user_type"] == "System User":
			self.enter_room(sid, "all")
		return None

	def on_disconnect(self, sid: str, *_reason: str) -> None:
		self.cookies.pop(sid, None)

	def on_doctype_subscribe(self, sid: str, doctype: str) -> None:
		if self._may(sid, "can_subscribe_doctype", doctype=doctype):
			self.enter_room(sid, f"doctype:{doctype}")

	def on_doctype_unsubscribe(self, sid: str, doctype: str) -> None:
		self.leave_room(sid, f"doctype:{doctype}")

	def on_doc_subscribe(self, sid: str, doctype: str, name: str | int) -> None:
		if self._may(sid, "can_subscribe_doc", doctype=doctype, docname=str(name)):
			self.enter_room(sid, f"doc:{doctype}/{name}")

	def on_doc_unsubscribe(self, sid: str, doctype: str, name: str | int) -> None:
		self.leave_room(sid, f"doc:{doctype}/{name}")

	def on_doc_open(self, sid: str, doctype: str, name: str | int) -> None:
		if self._may(sid, "can_subscribe_doc", doctype=doctype, docname=str(name)):
			self.enter_room(sid, f"open_doc:{doctype}/{name}")

	def on_doc_close(self, sid: str, doctype: str, name: str | int) -> None:
		self.leave_room(sid, f"open_doc:{doctype}/{name}")

	def on_task_subscribe(self, sid: str, task: str) -> None:
		self.enter_room(sid, f"task_progress:{task}")

	on_progress_subscribe = on_task_subscribe

	def on_task_unsubscribe(self, sid: str, task: str) -> None:
		self.leave_room(sid, f"task_progress:{task}")

	def _may(self, sid: str, question: str, **about: str) -> bool:
		return bool(self._ask(question, self.cookies.get(sid, ""), **about))

	def _ask(self, question: str, cookie: str, **about: str):
		"""What Frappe answers, None where it refuses."""
		answer = self.frappe.get(PERMISSIONS + question, query_string=about, headers={"Cookie": cookie})
		return answer.get_json().get("message") if answer.status_code == 200 else None


def _pass_on(server: socketio.Server, redis_url: str) -> None:
	"""Emit what Frappe publishes, as long as this process lives; Redis may be restarted meanwhile."""
	waiting = threading.Event()
	while True:
		try:
			subscription = redis.from_url(redis_url).pubsub(ignore_subscribe_messages=True)
			subscription.subscribe(EVENTS)
			for published in subscription.listen():
				event = json.loads(published["data"])
				server.emit(
					event["event"],
					event["message"],
					room=event["room"],
					namespace=f"/{event['namespace']}",
				)
		except redis.RedisError:
			waiting.wait(TRIES_AGAIN_AFTER_S)
