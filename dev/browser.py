"""Somebody who is logged in, as far as the demo needs a browser: JSON sent and read."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from http.cookiejar import CookieJar
from typing import Any

TIMEOUT_S = 60


class Browser:
	def __init__(self, web_url: str):
		self.web = web_url
		self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

	def log_in(self, user: str, password: str) -> bool:
		"""A site whose config has just been written may not be found for a moment."""
		try:
			self.post(f"{self.web}/api/method/login", {"usr": user, "pwd": password})
		except urllib.error.HTTPError as e:
			if e.code == 404 or e.code >= 500:
				return False
			raise
		return True

	def call(self, method: str, /, **arguments: Any) -> Any:
		return self.post(f"{self.web}/api/method/{method}", arguments).get("message")

	def insert(self, doctype: str, **fields: Any) -> None:
		self.call("frappe.client.insert", doc={"doctype": doctype, **fields})

	def exists(self, doctype: str, name: str) -> bool:
		rows = self.call("frappe.client.get_list", doctype=doctype, filters={"name": name})
		return bool(rows)

	def get(self, url: str) -> dict:
		with self.opener.open(url, timeout=TIMEOUT_S) as answer:
			return json.load(answer)

	def post(self, url: str, data: dict) -> dict:
		request = urllib.request.Request(
			url,
			json.dumps(data).encode(),
			{"Content-Type": "application/json", "Accept": "application/json"},
		)
		with self.opener.open(request, timeout=TIMEOUT_S) as answer:
			return json.load(answer)
