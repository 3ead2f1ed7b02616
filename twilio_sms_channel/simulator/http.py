"""How the simulator is reached: one port for Twilio's API, its media host and the page with the handsets."""

import contextlib
import ipaddress
import socket
import threading
from urllib.parse import urlsplit

from werkzeug.exceptions import HTTPException
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from twilio_sms_channel.simulator.faults import HungUp
from twilio_sms_channel.simulator.models import Notice
from twilio_sms_channel.simulator.pages import Pages
from twilio_sms_channel.simulator.rest.answers import API_VERSION, V1, V2
from twilio_sms_channel.simulator.rest.api import RestApi
from twilio_sms_channel.simulator.world import World

MEDIA_HOST = "/media-host/"
MAX_REQUEST_BYTES = 30 * 1024 * 1024
POLL_S = 0.05
"""how soon the server notices that it is to stop"""


class Application:
	"""The WSGI application: passes each request to the host that it is for."""

	def __init__(self, world: World, rest: RestApi, pages: Pages):
		self.world = world
		self._rest = rest
		self._pages = pages

	def __call__(self, environ, start_response):
		request = Request(environ)
		request.max_content_length = MAX_REQUEST_BYTES
		try:
			response = self._answer(request)
		except HungUp:
			with contextlib.suppress(OSError):  # the client may have given up first
				environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
			raise
		except HTTPException as e:
			response = e.get_response(environ)
		except Exception as e:
			self.world.record(Notice(f"Practice mode itself failed: {type(e).__name__}: {e}"))
			response = Response(
				'{"code": 20500, "message": "Internal Server Error"}', 500, mimetype="application/json"
			)
		return response(environ, start_response)

	def _answer(self, request: Request) -> Response:
		if request.path.startswith((f"/{API_VERSION}/", f"{V1}/", f"{V2}/")):
			return self._rest.answer(request)
		if request.path.startswith(MEDIA_HOST):
			return self._serve_media(request)
		if not _is_for_loopback(request):
			# Otherwise any web page could reach the page by a DNS name that points here.
			return Response("This page is served for loopback addresses only.", 403)
		return self._pages.answer(request)

	def _serve_media(self, request: Request) -> Response:
		if request.headers.get("Authorization"):
			# Twilio's media host is Amazon S3, which refuses a second means of authentication.
			return Response("<Error><Code>InvalidArgument</Code></Error>", 400, mimetype="application/xml")
		media = self.world.media.get(request.path.rsplit("/", 1)[-1])
		if not media or request.method not in ("GET", "HEAD"):
			return Response("<Error><Code>AccessDenied</Code></Error>", 403, mimetype="application/xml")
		# This host is the page's own origin: nothing a customer sends may run there.
		headers = {"Content-Security-Policy": "sandbox", "X-Content-Type-Options": "nosniff"}
		return Response(media.content, mimetype=media.content_type, headers=headers)


def listen(host: str, port: int, application: Application) -> BaseWSGIServer:
	"""A server that `serve` sets going; the kernel already queues connections for it.

	:param port: 0 takes a free one; the server's `port` tells which
	:raises OSError: the port is taken
	"""
	# Given to werkzeug ready-made, because werkzeug would end the process where the port is taken.
	with socket.create_server((host, port), backlog=128) as listener:
		return make_server(
			host,
			listener.getsockname()[1],
			application,
			threaded=True,
			request_handler=_Handler,
			fd=listener.fileno(),
		)


def serve(server: BaseWSGIServer) -> None:
	"""Answer in threads of its own, until the server is shut down."""
	threading.Thread(target=server.serve_forever, args=(POLL_S,), name="simulator", daemon=True).start()


class _Handler(WSGIRequestHandler):
	def send_response(self, code: int, message: str | None = None) -> None:
		"""Without the header Date of this machine: the API's answers have Twilio's."""
		self.send_response_only(code, message)
		self.send_header("Server", self.version_string())

	def log(self, *arguments) -> None:
		"""Nothing: the journal and the page tell what happened."""


def _is_for_loopback(request: Request) -> bool:
	try:
		name = urlsplit("//" + request.environ.get("HTTP_HOST", "")).hostname or ""
		return name == "localhost" or ipaddress.ip_address(name).is_loopback
	except ValueError:
		return False
