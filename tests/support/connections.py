"""Another connection to the site's database, as another worker has it."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import frappe
import pymysql

from twilio_sms_channel.infra import locks


@contextmanager
def another() -> Iterator[pymysql.connections.Connection]:
	"""A connection of its own; what it holds is free afterwards."""
	conf = frappe.conf
	connection = pymysql.connect(
		host=conf.db_host or "127.0.0.1",
		port=int(conf.db_port or 3306),
		user=conf.get("db_user") or conf.db_name,
		password=conf.db_password,
		database=conf.db_name,
	)
	try:
		yield connection
	finally:
		# A connection that was killed meanwhile has given all back.
		with suppress(pymysql.Error), connection.cursor() as cursor:
			# MariaDB notices only a moment later that a connection is closed.
			connection.rollback()
			cursor.execute("do release_all_locks()")
		connection.close()


@contextmanager
def holding(lock: str) -> Iterator[None]:
	"""Another worker holds one of the app's locks."""
	with another() as connection, connection.cursor() as cursor:
		cursor.execute("select get_lock(%s, 10)", [locks._full(lock)])
		assert cursor.fetchone() == (1,)
		yield
