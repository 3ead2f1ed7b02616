"""Requests that may leave only until a certain moment.

A process can be stopped for any time between two statements, and so can a name server or a handshake: the clock is looked
at when the connection stands, right before the request is written.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from twilio_sms_channel.infra import clock

_of_thread = threading.local()


class MissedWindow(Exception):
	"""A request came too late, and was not sent: Twilio never heard of it."""


class SlowConnection(MissedWindow):
	"""It came too late because connecting took so long."""


@contextmanager
def until(moment_s: float | None) -> Iterator[None]:
	"""Requests of this thread leave until then, or not at all.

	:param moment_s: by `clock.running_s`; None: at any time
	"""
	_of_thread.until = moment_s
	try:
		yield
	finally:
		_of_thread.until = None


def check() -> None:
	"""
	:raises MissedWindow: the time of this thread's request is over
	"""
	moment_s = getattr(_of_thread, "until", None)
	if moment_s is not None and clock.running_s() > moment_s:
		raise MissedWindow


def _check_connected() -> None:
	try:
		check()
	except MissedWindow:
		raise SlowConnection from None


class _Http(HTTPConnection):
	def connect(self) -> None:
		super().connect()
		_check_connected()


class _Https(HTTPSConnection):
	def connect(self) -> None:
		super().connect()
		_check_connected()


class _HttpPool(HTTPConnectionPool):
	ConnectionCls = _Http


class _HttpsPool(HTTPSConnectionPool):
	ConnectionCls = _Https


class WindowAdapter(HTTPAdapter):
	"""For a `requests.Session` whose requests keep to `until`, also through a proxy."""

	def init_poolmanager(self, *args, **kwargs) -> None:
		super().init_poolmanager(*args, **kwargs)
		_look_when_connected(self.poolmanager)

	def proxy_manager_for(self, *args, **kwargs):
		manager = super().proxy_manager_for(*args, **kwargs)
		# A SOCKS proxy has connections of its own, which are looked at before they are made.
		if "socks" not in manager.pool_classes_by_scheme["https"].__name__.lower():
			_look_when_connected(manager)
		return manager

	def send(self, request, *args, **kwargs):
		# A connection that is kept open is not made again.
		check()
		return super().send(request, *args, **kwargs)


def _look_when_connected(manager) -> None:
	manager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}
