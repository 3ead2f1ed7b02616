"""A proxy as companies have them: `python -m support.proxy PORT LOG [USER:PASSWORD]` passes on what it is asked for.

It opens tunnels (CONNECT) and fetches plain HTTP, and writes one line for each request: method and target. With a login
it answers 407 to those who bring no other one.
"""

import base64
import select
import socket
import sys
from contextlib import suppress
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

CHUNK_BYTES, IDLE_S = 64 * 1024, 30
OF_THIS_HOP = {"proxy-authorization", "proxy-connection", "connection", "transfer-encoding", "keep-alive"}


class Handler(BaseHTTPRequestHandler):
	protocol_version = "HTTP/1.1"
	log_file, login = "", ""

	def do_CONNECT(self) -> None:
		if not self._let_in():
			return
		host, _, port = self.path.rpartition(":")
		try:
			there = socket.create_connection((host.strip("[]"), int(port)), IDLE_S)
		except OSError:
			return self._refuse(502)
		self.send_response_only(200, "Connection established")
		self.end_headers()
		self.close_connection = True
		with there, suppress(OSError):
			self._pass_on(there)

	def _fetch(self) -> None:
		body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
		if not self._let_in():
			return
		parts = urlsplit(self.path)
		there = HTTPConnection(parts.hostname, parts.port or 80, timeout=IDLE_S)
		headers = {name: value for name, value in self.headers.items() if name.lower() not in OF_THIS_HOP}
		try:
			there.request(
				self.command, f"{parts.path}?{parts.query}" if parts.query else parts.path, body, headers
			)
			answer = there.getresponse()
			content = answer.read()
		except OSError:
			return self._refuse(502)
		finally:
			there.close()
		self.send_response_only(answer.status)
		for name, value in answer.getheaders():
			if name.lower() not in OF_THIS_HOP | {"content-length"}:
				self.send_header(name, value)
		self.send_header("Content-Length", str(len(content)))
		self.end_headers()
		if self.command != "HEAD":
			self.wfile.write(content)

	do_GET = do_POST = do_DELETE = do_HEAD = _fetch

	def _let_in(self) -> bool:
		with open(self.log_file, "a") as log:
			log.write(f"{self.command} {self.path}\n")
		expected = "Basic " + base64.b64encode(self.login.encode()).decode()
		if not self.login or self.headers.get("Proxy-Authorization") == expected:
			return True
		self._refuse(407)
		return False

	def _refuse(self, status: int) -> None:
		self.send_response(status)
		if status == 407:
			self.send_header("Proxy-Authenticate", 'Basic realm="proxy"')
		self.send_header("Content-Length", "0")
		self.end_headers()
		self.close_connection = True

	def _pass_on(self, there: socket.socket) -> None:
		sides = {self.connection: there, there: self.connection}
		while True:
			ready, _, _ = select.select(sides, [], [], IDLE_S)
			if not ready:
				return
			for side in ready:
				data = side.recv(CHUNK_BYTES)
				if not data:
					return
				sides[side].sendall(data)

	def log_message(self, *_arguments) -> None:
		"""Nothing: the log has what was asked for."""


if __name__ == "__main__":
	Handler.log_file = sys.argv[2]
	Handler.login = sys.argv[3] if len(sys.argv) > 3 else ""
	ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
