"""A MariaDB and Redis of the throwaway bench's own, reachable from this machine only."""

from __future__ import annotations

import json
import os
import random
import secrets
import shutil
import socket
import threading
import time
from collections.abc import Callable
from functools import partial

import debian
from layout import CONFIG, DATA, SITES, write_whole
from processes import Service, run
from trouble import Trouble

HOST = "127.0.0.1"
PORTS = CONFIG / "ports.json"
# Below the range from which systems take the ports of outgoing connections.
PORT_RANGE = range(21000, 30000)
TRIES = 3
_choosing = threading.RLock()

DATABASE = DATA / "mariadb"
ROOT_PASSWORD = CONFIG / "database-password"
REDIS = {"Redis-cache": "redis_cache", "Redis-queue": "redis_queue", "Redis-demo-queue": "redis_demo_queue"}

# Comfortable for tests, careless about power cuts: what is in here can be made again. Not careless about its own death:
# a MariaDB that is killed has to know what it said was committed, so each commit's log goes to the system (2, not 0).
DATABASE_SETTINGS = """\
[mariadbd]
datadir = {data}
# Relative to the data: an absolute path may be longer than a socket's may be.
socket = mariadb.sock
pid-file = mariadb.pid
init-file = {init_file}
bind-address = {host}
skip-name-resolve
skip-log-bin
character-set-server = utf8mb4
collation-server = utf8mb4_unicode_ci
skip-character-set-client-handshake
performance-schema = off
innodb-buffer-pool-size = 256M
innodb-log-file-size = 64M
innodb-flush-log-at-trx-commit = 2
innodb-doublewrite = 0
sync-binlog = 0
# Some of Frappe's tables are no InnoDB tables: one that a killed server left half written is repaired when it is opened.
myisam-recover-options = BACKUP,FORCE
max-connections = 200
# Looking whether it answers counts as an error.
max-connect-errors = 1000000
max-allowed-packet = 64M
"""

INIT_SQL = """\
CREATE USER IF NOT EXISTS 'root'@'{host}' IDENTIFIED BY '{password}';
ALTER USER 'root'@'{host}' IDENTIFIED BY '{password}';
ALTER USER 'root'@'localhost' IDENTIFIED BY '{password}';
GRANT ALL PRIVILEGES ON *.* TO 'root'@'{host}' WITH GRANT OPTION;
"""


def root_password() -> str:
	return ROOT_PASSWORD.read_text()


def port(name: str) -> int:
	"""The port that was chosen for a service once."""
	with _choosing:
		chosen = _chosen_ports()
		return chosen[name] if name in chosen else choose_port(name)


def choose_port(name: str) -> int:
	with _choosing:
		chosen = _chosen_ports()
		number = 0
		while number in (0, *chosen.values()) or not is_free(number):
			number = random.choice(PORT_RANGE)
		write_whole(PORTS, json.dumps({**chosen, name: number}, indent="\t"))
		return number


def usable_port(name: str) -> int:
	"""The remembered port, or another when somebody else has taken it meanwhile."""
	number = port(name)
	return number if is_free(number) else choose_port(name)


def _chosen_ports() -> dict[str, int]:
	try:
		return json.loads(PORTS.read_text())
	except (OSError, ValueError):
		return {}


def is_free(number: int) -> bool:
	with socket.socket() as probe:
		probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
		try:
			probe.bind((HOST, number))
		except OSError:
			return False
	return not answers(number)


def answers(number: int, sent: bytes = b"", expected: bytes = b"") -> bool:
	try:
		with socket.create_connection((HOST, number), timeout=1) as connection:
			if sent:
				connection.sendall(sent)
			return not expected or expected in connection.recv(256)
	except OSError:
		return False


def start_database() -> str | None:
	made = None
	if not DATABASE.exists():
		_make_database()
		made = "made"
	if database().pid():
		return made
	init_file = CONFIG / "mariadb-init.sql"
	write_whole(init_file, INIT_SQL.format(host=HOST, password=root_password()), mode=0o600)
	settings = DATABASE_SETTINGS.format(data=DATABASE, init_file=init_file, host=HOST)
	write_whole(CONFIG / "mariadb.cnf", settings)
	try:
		number = _start("db", database, _is_database)
	except Trouble as trouble:
		trouble.advice += "; if its data is damaged: `make clean`"
		raise
	return f"{made + ', ' if made else ''}on port {number}"


def database(number: int | None = None) -> Service:
	settings = [f"--defaults-file={CONFIG / 'mariadb.cnf'}", f"--port={number}", *_as_root()]
	command = [debian.database_server(), *settings]
	return Service("MariaDB", command)


def _as_root() -> list[str]:
	"""MariaDB refuses to run as root unless it is told to."""
	return ["--user=root"] if os.geteuid() == 0 else []


def _make_database():
	draft = DATA / "mariadb.new"
	shutil.rmtree(draft, ignore_errors=True)
	draft.mkdir()
	settings = ["--no-defaults", f"--datadir={draft}", "--innodb-log-file-size=64M", *_as_root()]
	settings += ["--skip-test-db", "--auth-root-authentication-method=normal"]
	run([debian.database_installer(), *settings], "make an empty database", "mariadb-install")
	write_whole(ROOT_PASSWORD, secrets.token_hex(16), mode=0o600)
	draft.rename(DATABASE)


def start_redis() -> str | None:
	started = []
	for name, port_name in REDIS.items():
		if not redis(name).pid():
			_start(port_name, partial(redis, name), _is_redis)
			started.append(str(port(port_name)))
	return f"on ports {', '.join(started)}" if started else None


def redis(name: str, number: int | None = None) -> Service:
	folder = DATA / name.lower()
	folder.mkdir(exist_ok=True)
	settings = {
		"bind": HOST,
		"port": number,
		"protected-mode": "yes",
		"dir": folder,
		"save": "",
		"appendonly": "no",
	}
	if name == "Redis-cache":
		settings |= {"maxmemory": "256mb", "maxmemory-policy": "allkeys-lru"}
	words = [word for setting, value in settings.items() for word in (f"--{setting}", value)]
	return Service(name, [debian.redis_server(), *words])


def _is_database(number: int) -> bool:
	return answers(number, expected=b"MariaDB")


def _is_redis(number: int) -> bool:
	return answers(number, b"PING\r\n", b"+PONG")


def _start(port_name: str, make_service: Callable, is_ready: Callable) -> int:
	"""Start on the remembered port, or on another when it was taken between looking and starting."""
	for attempt in range(TRIES):
		number = usable_port(port_name)
		try:
			make_service(number).start(lambda number=number: is_ready(number))
			return number
		except Trouble:
			if attempt == TRIES - 1 or is_free(number):
				raise
	raise AssertionError


def restart(name: str, signal_number: int, down_for_s: float) -> int:
	"""End a service by a signal and start it again on its port, which those that use it know. Returns the port."""
	if name == "MariaDB":
		number, service, is_ready = port("db"), database(port("db")), _is_database
	else:
		number = port(REDIS[name])
		service, is_ready = redis(name, number), _is_redis
	service.end(signal_number)
	time.sleep(down_for_s)
	service.start(lambda: is_ready(number))
	return number


def forget_cached_assets():
	"""Frappe remembers assets.json in Redis; there is nothing in this cache that is not made again."""
	answers(port("redis_cache"), b"FLUSHALL\r\n", b"+OK")


def write_common_config():
	"""What every site of this bench shares, in the words of a real bench."""
	file = SITES / "common_site_config.json"
	try:
		known = json.loads(file.read_text())
	except (OSError, ValueError):
		known = {}
	queue = f"redis://{HOST}:{port('redis_queue')}"
	config = {
		**known,
		"db_host": HOST,
		"db_port": port("db"),
		"root_login": "root",
		"root_password": root_password(),
		"redis_cache": f"redis://{HOST}:{port('redis_cache')}",
		"redis_queue": queue,
		"redis_socketio": queue,
		"socketio_port": port("socketio"),
		"webserver_port": port("web"),
		"developer_mode": 0,
		"serve_default_site": False,
		"live_reload": False,
	}
	if config != known:
		write_whole(file, json.dumps(config, indent=1))
