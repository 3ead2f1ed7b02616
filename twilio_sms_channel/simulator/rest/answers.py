"""What the answers of all of Twilio's hosts have in common: JSON, dates, pages, and how arguments are read."""

import itertools
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import format_datetime
from urllib.parse import urlencode, urlsplit

from werkzeug.wrappers import Request, Response

from twilio_sms_channel.simulator.errors import RestError

API_VERSION = "2010-04-01"
API = f"/{API_VERSION}/Accounts"
V1, V2 = "/v1", "/v2"
DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE = 50, 1000
MAX_NAME_CHARACTERS = 64
# Twilio's parameters of a number or short code, by our attribute.
SMS_URLS = {"SmsUrl": "sms_url", "SmsFallbackUrl": "sms_fallback_url"}
SMS_METHODS = {"SmsMethod": "sms_method", "SmsFallbackMethod": "sms_fallback_method"}


def json_answer(content: dict, status: int = 200) -> Response:
	return Response(json.dumps(content), status, content_type="application/json; charset=utf-8")


def rfc2822(moment: datetime | None) -> str | None:
	"""As dates are written under /2010-04-01."""
	return format_datetime(moment) if moment else None


def iso8601(moment: datetime | None) -> str | None:
	"""As dates are written under /v1."""
	return f"{moment.astimezone(timezone.utc):%Y-%m-%dT%H:%M:%SZ}" if moment else None


@dataclass(frozen=True)
class Window:
	"""One page of a list, and the addresses (path and query) of it and its neighbours; None where there is none."""

	items: list
	number: int
	size: int
	start: int
	own: str
	first: str
	previous: str | None
	next: str | None


def window(request: Request, found: Iterable) -> Window:
	"""The page of `found` that is asked for; no more is looked at than it needs. A PageToken names the last item
	seen, so that new items do not shift the pages.

	:raises RestError: 20001, no such PageToken
	"""
	size = min(max(request.args.get("PageSize", DEFAULT_PAGE_SIZE, type=int), 1), MAX_PAGE_SIZE)
	number = max(request.args.get("Page", 0, type=int), 0)
	token = request.args.get("PageToken", "")
	found, items = iter(found), []
	start = number * size
	if token:
		for item in found:
			items.append(item)
			if "PA" + item.sid == token:
				break
		else:
			raise RestError(20001, "PageToken")
		start = len(items)
	items += itertools.islice(found, start + size + 1 - len(items))
	shown = items[start : start + size]
	kept = [(k, v) for k, v in request.args.items(multi=True) if k not in ("Page", "PageSize", "PageToken")]

	def address(page: int, after: str = "") -> str:
		query = [*kept, ("PageSize", size), ("Page", page), *([("PageToken", after)] if after else [])]
		return f"{request.path}?{urlencode(query)}"

	more = start + size < len(items)
	before = items[start - size - 1 : start - size] if start > size else []
	return Window(
		items=shown,
		number=number,
		size=size,
		start=start,
		own=address(number, token),
		first=address(0),
		previous=address(max(number - 1, 0), "PA" + before[0].sid if before else "") if start else None,
		next=address(number + 1, "PA" + shown[-1].sid) if more else None,
	)


def page(request: Request, key: str, found: Iterable, as_json: Callable) -> Response:
	"""A page as under /2010-04-01. For what is raised see `window`."""
	cut = window(request, found)
	return json_answer(
		{
			"end": cut.start + max(len(cut.items) - 1, 0),
			"first_page_uri": cut.first,
			"next_page_uri": cut.next,
			"page": cut.number,
			"page_size": cut.size,
			"previous_page_uri": cut.previous,
			"start": cut.start,
			"uri": cut.own,
			key: [as_json(item) for item in cut.items],
		}
	)


def page_with_meta(request: Request, key: str, found: Iterable, as_json: Callable) -> Response:
	"""A page as under /v1, with absolute URLs. For what is raised see `window`."""
	cut = window(request, found)
	host = host_of(request)
	return json_answer(
		{
			"meta": {
				"page": cut.number,
				"page_size": cut.size,
				"first_page_url": host + cut.first,
				"previous_page_url": cut.previous and host + cut.previous,
				"next_page_url": cut.next and host + cut.next,
				"key": key,
				"url": host + cut.own,
			},
			key: [as_json(item) for item in cut.items],
		}
	)


def host_of(request: Request) -> str:
	"""Scheme and host that the request came to: the simulator is all of Twilio's hosts in one."""
	return request.host_url.rstrip("/")


def changes(
	form: Mapping[str, str],
	*,
	urls: Mapping[str, str] | None = None,
	methods: Mapping[str, str] | None = None,
	flags: Mapping[str, str] | None = None,
) -> dict[str, object]:
	"""What an update asks for, by attribute. Each mapping goes from Twilio's parameter to the attribute.

	:raises RestError: 21402 not a URL, 21403 neither GET nor POST, 20001 neither true nor false
	"""
	found: dict[str, object] = {}
	for parameter, attribute in (urls or {}).items():
		if parameter in form:
			if form[parameter] and not is_url(form[parameter]):
				raise RestError(21402, form[parameter])
			found[attribute] = form[parameter]
	for parameter, attribute in (methods or {}).items():
		if parameter in form:
			if form[parameter].upper() not in ("GET", "POST"):
				raise RestError(21403, form[parameter])
			found[attribute] = form[parameter].upper()
	for parameter, attribute in (flags or {}).items():
		if parameter in form:
			if form[parameter].lower() not in ("true", "false"):
				raise RestError(20001, parameter)
			found[attribute] = form[parameter].lower() == "true"
	if "FriendlyName" in form:
		found["friendly_name"] = form["FriendlyName"][:MAX_NAME_CHARACTERS]
	return found


def number_argument(value: str) -> str:
	"""A number as given; a "+" that nobody percent-encoded arrives as a blank."""
	if value.startswith(" ") and value.strip().isdecimal():
		return "+" + value.strip()
	return value.strip()


def is_url(url: str) -> bool:
	"""An absolute http(s) URL. Loopback is fine here: it is the world that practice mode lives in."""
	try:
		parts = urlsplit(url)
		return (
			parts.scheme in ("http", "https")
			and bool(parts.hostname)
			and parts.port != 0
			and not re.search(r"\s", url)
		)
	except ValueError:
		return False
