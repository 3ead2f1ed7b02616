"""Twilio's secrets that the tests give to the site, and the search for them in all that the site shows or leaves behind.

The site's servers look at each of their answers themselves (`support.wsgi`), and are told the secrets by a file.
"""

import base64
import gzip
import io
import os
import secrets
import tarfile
import tempfile
import threading
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

FILE = "TWILIO_SMS_TEST_SECRETS"
# Shorter ones, or zeros only, stand in many a place by chance.
SHORTEST, FEWEST_CHARACTERS = 16, 6


class Planted:
	"""The secrets that are known so far, each with a name for it: what was found is told without telling it again."""

	def __init__(self):
		self.names: dict[str, str] = {}
		handle, self.file = tempfile.mkstemp(prefix="tsms-secrets-")
		os.close(handle)

	def add(self, value: str, name: str) -> str:
		if len(value) >= SHORTEST and len(set(value)) >= FEWEST_CHARACTERS and value not in self.names:
			self.names[value] = name
			with open(self.file, "a") as file:
				file.write(f"{value} {name}\n")
		return value

	def add_login(self, user: str, password: str, name: str) -> None:
		"""A password, also as HTTP's Basic authentication puts it."""
		self.add(password, name)
		self.add(base64.b64encode(f"{user}:{password}".encode()).decode(), f"{name}, as a login")

	def learn(self, simulator) -> None:
		"""Whatever accounts and keys the simulated Twilio has."""
		for account in list(simulator.world.accounts.values()):
			self.add_login(account.sid, account.auth_token, f"auth token of {account.sid[-6:]}")
			for key in account.api_keys.values():
				self.add_login(key.sid, key.secret, f"secret of the key {key.sid[-6:]}")

	def forget(self) -> None:
		Path(self.file).unlink(missing_ok=True)


planted = Planted()
CANARY = planted.add(f"canary{secrets.token_hex(16)}", "canary")


def secret(name: str = "made by a test") -> str:
	"""A new secret that must never be seen again."""
	return planted.add(secrets.token_hex(16), name)


def in_bytes(data: bytes, names: dict[str, str] | None = None) -> set[str]:
	"""Names of the secrets that stand in there, also inside archives and what is compressed."""
	known = planted.names if names is None else names
	return {name for part in layers(data) for value, name in known.items() if value.encode() in part}


def layers(data: bytes) -> Iterator[bytes]:
	"""The data, and what it is when it is unpacked."""
	yield data
	for part in _unpacked(data):
		yield from layers(part)


def _unpacked(data: bytes) -> list[bytes]:
	try:
		if data[:2] == b"\x1f\x8b":
			return [gzip.decompress(data)]
		if data[:4] == b"PK\x03\x04":
			with zipfile.ZipFile(io.BytesIO(data)) as archive:
				return [archive.read(name) for name in archive.namelist()]
		if data[:1] == b"\x78":
			return [zlib.decompress(data)]
		if data[257:262] == b"ustar":
			with tarfile.open(fileobj=io.BytesIO(data)) as archive:
				return [archive.extractfile(member).read() for member in archive if member.isfile()]
	except (OSError, EOFError, zlib.error, zipfile.BadZipFile, tarfile.TarError):
		# Only the first bytes are those of an archive, as in some files of the tests.
		pass
	return []


def in_files(*folders: Path) -> dict[str, set[str]]:
	"""By file below these folders: the names of the secrets in it."""
	found = {}
	for folder in folders:
		for path in folder.rglob("*"):
			if path.is_file() and (names := in_bytes(path.read_bytes())):
				found[path.name] = names
	return found


def in_redis(connection) -> dict[str, set[str]]:
	"""By key: the names of the secrets in its value."""
	readers = {
		b"string": lambda key: [connection.get(key)],
		b"hash": lambda key: [part for pair in connection.hgetall(key).items() for part in pair],
		b"list": lambda key: connection.lrange(key, 0, -1),
		b"set": lambda key: list(connection.smembers(key)),
		b"zset": lambda key: connection.zrange(key, 0, -1),
	}
	found = {}
	for key in connection.scan_iter(count=1000):
		read = readers.get(connection.type(key))
		values = read(key) if read else [connection.dump(key)]
		names = set().union(in_bytes(key), *(in_bytes(value) for value in values if value))
		if names:
			found[key.decode("utf-8", "replace")] = names
	return found


class Realtime(threading.Thread):
	"""Writes down all that the site publishes to browsers, until `stop`.

	:param redis: the Redis that the site publishes in
	"""

	def __init__(self, redis, log: Path):
		super().__init__(name="realtime", daemon=True)
		self.redis, self.log = redis, log
		self.ended = threading.Event()

	def run(self) -> None:
		from redis.exceptions import RedisError

		while not self.ended.is_set():
			try:
				with self.redis.pubsub() as channel, self.log.open("ab", buffering=0) as log:
					channel.subscribe("events")
					while not self.ended.is_set():
						message = channel.get_message(timeout=0.5)
						if message and message["type"] == "message":
							log.write(message["data"] + b"\n")
			except RedisError:
				# Some tests restart it.
				self.ended.wait(0.5)

	def stop(self) -> None:
		self.ended.set()
		self.join(5)


def watched(application, log: Path):
	"""A WSGI application whose answers are looked at; each is a line in the log, those with a secret name it."""
	known: dict[str, str] = {}
	seen = [0.0]

	def names() -> dict[str, str]:
		path = Path(os.environ[FILE])
		changed = path.stat().st_mtime_ns
		if changed != seen[0]:
			known.update(line.split(" ", 1) for line in path.read_text().splitlines())
			seen[0] = changed
		return known

	def answer(environ, start_response):
		path = environ.get("PATH_INFO", "")
		if path.startswith("/assets/"):
			return application(environ, start_response)
		said = []

		def start(status, headers, exc_info=None):
			said.append(f"{status} {headers}")
			return start_response(status, headers, exc_info)

		result = application(environ, start)
		try:
			body = b"".join(result)
		finally:
			if hasattr(result, "close"):
				result.close()
		found = in_bytes(body, names()) | in_bytes(" ".join(said).encode(), names())
		with log.open("a") as lines:
			lines.write(f"{environ.get('REQUEST_METHOD')} {path[:120]!r} {len(body)} {sorted(found) or ''}\n")
		return [body]

	return answer
