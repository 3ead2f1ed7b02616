"""The page with the handsets, and the JSON API behind it.

Loopback has no login, so a web page open in the same browser must not be able to use it: `http` refuses foreign
Host headers, and everything that changes something takes JSON from the page's own origin only.
"""

import base64
import binascii
import ipaddress
import json
from pathlib import Path
from urllib.parse import urlsplit

from werkzeug.exceptions import BadRequest, Forbidden, HTTPException, NotFound, UnsupportedMediaType
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from twilio_sms_channel.simulator.errors import RestError
from twilio_sms_channel.simulator.event_log import event_details, event_state
from twilio_sms_channel.simulator.faults import FAULTS
from twilio_sms_channel.simulator.media import MAX_MEDIA, MAX_MEDIA_BYTES
from twilio_sms_channel.simulator.models import (
	ALPHANUMERIC,
	FINAL_STATUSES,
	ONLINE,
	RCS_SENDER,
	Message,
	PhoneNumber,
	WebhookAttempt,
)

STATIC = Path(__file__).parent / "static"
SCRIPTS = (
	"accounts.js",
	"app.js",
	"behind_the_scenes.js",
	"compose.js",
	"customers.js",
	"dom.js",
	"faults.js",
	"group.js",
	"phone.js",
	"rcs.js",
	"state.js",
	"tabs.js",
)
STATIC_FILES = {
	"index.html": "text/html; charset=utf-8",
	**dict.fromkeys(SCRIPTS, "text/javascript; charset=utf-8"),
	"style.css": "text/css; charset=utf-8",
	"icon.svg": "image/svg+xml",
}
CONTENT_SECURITY_POLICY = (
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self'; "
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
CARD_TITLE = "Your order is ready"
CARD_BODY = "When would you like to collect it?"
CARD_BUTTONS = {"Today": "collect_today", "Tomorrow": "collect_tomorrow", "Please call me": "call_me"}
SHOWN_MESSAGES = 1000
SHOWN_EVENTS = 150
HEARTBEAT_S = 15
SHOWN_INLINE = ("image/jpeg", "image/png", "image/gif", "image/webp", "audio/", "video/")

URLS = Map(
	[
		Rule("/", endpoint="static", defaults={"name": "index.html"}, methods=["GET"]),
		Rule("/simulator/static/<name>", endpoint="static", methods=["GET"]),
		Rule("/simulator/api/state", endpoint="state", methods=["GET"]),
		Rule("/simulator/api/changes", endpoint="changes", methods=["GET"]),
		Rule("/simulator/api/events/<int:seq>", endpoint="event", methods=["GET"]),
		Rule("/simulator/api/media/<sid>", endpoint="media", methods=["GET"]),
		Rule("/simulator/api/texts", endpoint="text", methods=["POST"]),
		Rule("/simulator/api/handsets", endpoint="handset", methods=["POST"]),
		Rule("/simulator/api/taps", endpoint="tap", methods=["POST"]),
		Rule("/simulator/api/read", endpoint="read", methods=["POST"]),
		Rule("/simulator/api/cards", endpoint="card", methods=["POST"]),
		Rule("/simulator/api/faults", endpoint="fault", methods=["POST"]),
		Rule("/simulator/api/reset", endpoint="reset", methods=["POST"]),
	],
	redirect_defaults=False,
)


class Pages:
	"""Answers everything that is not Twilio's API.

	:param sim: the Simulator
	"""

	def __init__(self, sim):
		self.sim = sim
		self.world = sim.world

	def answer(self, request: Request) -> Response:
		try:
			endpoint, arguments = URLS.bind_to_environ(request.environ).match()
			if request.method == "POST":
				arguments["data"] = _own_json(request)
			response = getattr(self, f"_{endpoint}")(**arguments)
		except HTTPException as e:
			if not request.path.startswith("/simulator/api/") or e.code is None:
				raise
			response = _json({"error": e.description}, e.code)
		except (ValueError, TypeError) as e:
			response = _json({"error": str(e)}, 400)
		response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
		response.headers["X-Content-Type-Options"] = "nosniff"
		response.headers["Referrer-Policy"] = "no-referrer"
		response.headers["Cache-Control"] = "no-store"
		return response

	def _static(self, name: str) -> Response:
		if name not in STATIC_FILES:
			raise NotFound()
		return Response((STATIC / name).read_bytes(), content_type=STATIC_FILES[name])

	def _state(self) -> Response:
		world = self.world
		with world.lock:
			messages = list(world.messages.values())[-SHOWN_MESSAGES:]
			announced = {
				e.message_sid: e
				for e in world.journal
				if isinstance(e, WebhookAttempt) and e.kind == "inbound"
			}
			return _json(
				{
					"version": world.version,
					"base_url": self.sim.base_url,
					"accounts": [
						{
							"sid": a.sid,
							"name": a.friendly_name,
							"status": a.status,
							"type": a.type,
							"auth_token": a.auth_token if a.is_shown and self._is_local() else "",
						}
						for a in world.accounts.values()
					],
					"numbers": [self._number_state(n) for n in world.numbers.values()],
					"handsets": [vars(h) for h in world.handsets.values()],
					"messages": [_message_state(m, announced.get(m.sid)) for m in messages],
					"events": [event_state(e) for e in list(world.journal)[-SHOWN_EVENTS:]],
					"faults": [
						{
							"name": f.name,
							"description": FAULTS[f.name],
							"on": f.on,
							"remaining": f.remaining,
							"probability": f.probability,
						}
						for f in self.sim.faults
					],
				}
			)

	def _is_local(self) -> bool:
		"""Whether nobody but this machine can ask, whatever it calls itself in its requests."""
		try:
			return self.sim.host == "localhost" or ipaddress.ip_address(self.sim.host).is_loopback
		except ValueError:
			return False

	def _number_state(self, number: PhoneNumber) -> dict:
		route = self.world.inbound_route(number)
		service = self.world.services.get(number.service_sid)
		last = next(
			(
				e
				for e in reversed(self.world.journal)
				if isinstance(e, WebhookAttempt)
				and e.kind == "inbound"
				and e.params.get("To") == number.phone_number
			),
			None,
		)
		return {
			"number": number.phone_number,
			"name": number.friendly_name,
			"kind": number.kind,
			"textable": number.sms and number.kind != ALPHANUMERIC,
			"service": service and (service.friendly_name or service.sid),
			"rcs": number.kind == RCS_SENDER,
			"online": number.status in ONLINE,
			"status": number.status,
			"webhook": route.url,
			"dropped": route.dropped,
			"application": route.application_sid,
			"method": route.method,
			"fallback": route.fallback_url,
			"opted_out": [
				c for scope, c in self.world.opted_out if scope == self.world.consent_scope(number)
			],
			"last": last
			and {"ok": last.ok and not last.error_code, "status": last.status_code, "error": last.error},
		}

	def _changes(self) -> Response:
		"""Server-Sent Events: the version of the state whenever it changed."""

		def stream():
			seen = -1
			while not self.sim.stopping:
				with self.world.changed:
					self.world.changed.wait_for(
						lambda seen=seen: self.world.version != seen or self.sim.stopping, HEARTBEAT_S
					)
					version = self.world.version
				yield b": still here\n\n" if version == seen else f"data: {version}\n\n".encode()
				seen = version

		return Response(stream(), content_type="text/event-stream")

	def _event(self, seq: int) -> Response:
		with self.world.lock:
			entry = next((e for e in self.world.journal if e.seq == seq), None)
			if entry is None:
				raise NotFound("This entry is no longer there.")
			return _json(event_details(entry))

	def _media(self, sid: str) -> Response:
		media = self.world.media.get(sid)
		if not media:
			raise NotFound("This file is no longer there.")
		inline = media.content_type.startswith(SHOWN_INLINE)
		response = Response(
			media.content, content_type=media.content_type if inline else "application/octet-stream"
		)
		response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
		if not inline:
			response.headers["Content-Disposition"] = "attachment"
		return response

	def _text(self, data: dict) -> Response:
		files = data.get("media") or []
		if not isinstance(files, list) or len(files) > MAX_MEDIA:
			raise BadRequest(f"At most {MAX_MEDIA} files in a message.")
		media = [_file(each) for each in files]
		if sum(len(content) for _, content in media) > MAX_MEDIA_BYTES:
			raise BadRequest("The files are larger than 5 MB together.")
		body = _string(data, "body")
		if not body.strip() and not media:
			raise BadRequest("A message needs words or a file.")
		group = data.get("group") or []
		if not isinstance(group, list) or not all(isinstance(other, str) for other in group):
			raise BadRequest("group must be a list of numbers.")
		message = self.sim.text(_string(data, "from"), _string(data, "to"), body, media, group)
		return _json(_message_state(message), 201)

	def _handset(self, data: dict) -> Response:
		number = "".join(c for c in _string(data, "number") if c not in " ()-./")
		self.sim.add_handset(
			number,
			_string(data, "name").strip()[:60],
			rcs=_flag(data, "rcs"),
			read_receipts=_flag(data, "read_receipts"),
		)
		return _json({"number": number}, 201)

	def _tap(self, data: dict) -> Response:
		try:
			message = self.sim.tap(_string(data, "message"), _string(data, "button"))
		except KeyError:
			raise NotFound("This message is no longer there.")
		return _json(_message_state(message), 201)

	def _read(self, data: dict) -> Response:
		return _json(
			{"read": [m.sid for m in self.sim.read(_string(data, "customer"), _string(data, "ours"))]}
		)

	def _card(self, data: dict) -> Response:
		"""A message with buttons, as another program of ours sends it."""
		sender = self.world.numbers.get(_string(data, "from"))
		if not sender or not sender.service_sid:
			raise BadRequest("There is no such RCS sender in a Messaging Service.")
		buttons = data.get("buttons") or CARD_BUTTONS
		if not isinstance(buttons, dict) or not all(isinstance(each, str) for each in buttons.values()):
			raise BadRequest("buttons must be an object: what stands on each, and its payload.")
		card = self.sim.add_content(
			sender.account_sid,
			_string(data, "body") or CARD_BODY,
			title=_string(data, "title") or CARD_TITLE,
			buttons=buttons,
			media=[_file(each) for each in data.get("media") or []],
		)
		try:
			message = self.sim.send_content(card, _string(data, "to"), sender.service_sid)
		except RestError as e:
			raise BadRequest(f"{e.message} ({e.code})")
		return _json(_message_state(message), 201)

	def _fault(self, data: dict) -> Response:
		name, mode = _string(data, "name"), _string(data, "mode")
		if name not in FAULTS:
			raise BadRequest("There is no such fault.")
		faults = self.sim.faults
		if mode == "always":
			faults.always(name)
		elif mode == "next":
			faults.next(name, int(data.get("times", 1)))
		elif mode == "sometimes":
			faults.sometimes(name, float(data.get("probability", 0.5)))
		elif mode == "off":
			faults.off(name)
		else:
			raise BadRequest("mode is one of off, always, next, sometimes.")
		return _json({"name": name, "on": faults[name].on})

	def _reset(self, data: dict) -> Response:
		self.sim.reset()
		return _json({})


def _own_json(request: Request) -> dict:
	"""The JSON object of a POST that comes from the page itself or from a program.

	A form or script of another web page cannot send JSON without asking first, and it says where it is from.
	"""
	if request.mimetype != "application/json":
		raise UnsupportedMediaType("Send application/json.")
	origin = request.headers.get("Origin")
	if origin and urlsplit(origin).netloc != request.environ.get("HTTP_HOST"):
		raise Forbidden("This API is for its own page.")
	try:
		data = json.loads(request.get_data())
	except (ValueError, RecursionError):
		raise BadRequest("That is not JSON.")
	if not isinstance(data, dict):
		raise BadRequest("Send a JSON object.")
	return data


def _string(data: dict, key: str) -> str:
	value = data.get(key, "")
	if not isinstance(value, str):
		raise BadRequest(f"{key} must be text.")
	try:
		value.encode()
	except UnicodeEncodeError:
		raise BadRequest(f"{key} is not valid Unicode.")
	return value


def _flag(data: dict, key: str) -> bool | None:
	value = data.get(key)
	if value not in (True, False, None):
		raise BadRequest(f"{key} must be true or false.")
	return value


def _file(each: object) -> tuple[str, bytes]:
	try:
		return str(each["name"])[:140], base64.b64decode(each["data"], validate=True)
	except (TypeError, KeyError, ValueError, binascii.Error):
		raise BadRequest("A file needs a name and base64 data.")


def _message_state(message: Message, announced: WebhookAttempt | None = None) -> dict:
	"""A message for the page. `announced` is the last webhook about it, where there was one."""
	return {
		"sid": message.sid,
		"direction": "inbound" if message.inbound else "outbound",
		"automatic": message.automatic,
		"customer": message.customer,
		"ours": message.ours,
		"by_rcs": message.by_rcs,
		"title": message.content.title if message.content and message.by_rcs else "",
		"body": message.body,
		"buttons": [button.text for button in message.buttons],
		"tapped": message.tapped,
		"group": message.group,
		"status": message.status,
		"final": message.status in FINAL_STATUSES,
		"announced": announced and (announced.ok and not announced.error_code),
		"error_code": message.error_code,
		"error_message": message.error_message,
		"segments": message.num_segments,
		"at": message.created.isoformat(),
		"media": [
			{"sid": m.sid, "name": m.filename, "type": m.content_type, "size": len(m.content)}
			for m in message.media
		],
		"media_expected": message.num_media,
	}


def _json(content: object, status: int = 200) -> Response:
	return Response(json.dumps(content), status, content_type="application/json; charset=utf-8")
