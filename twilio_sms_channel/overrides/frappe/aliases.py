"""Roads to an endpoint past what stands in for it: whatever imports it makes it callable by that module's name as well, and
some of Frappe's endpoints call what a parameter names.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import frappe
from frappe import _
from frappe.modules.utils import load_doctype_module

METHOD = re.compile(r"^/api/(?:v\d+/)?method/(.+)$", re.DOTALL)
OURS = "twilio_sms_channel."
# Parameters that name what is called: frappe.model.mapper, frappe.handler (upload_file), frappe.desk.search, .treeview.
HANDED_ON = ("method", "query", "tree_method")
MAPPER = "frappe.model.mapper.make_mapped_doc"
# Of one process.
REMEMBERED_SITES = 64


def refuse() -> None:
	"""Refuse a request that leads to what this app stands in for by another road (hook `before_request`).

	:raises frappe.PermissionError: naming the endpoint
	"""
	request, parameters = getattr(frappe.local, "request", None), frappe.form_dict or {}
	paths = {*_named_by(request.path if request else ""), parameters.get("cmd")}
	paths = {path for path in paths if isinstance(path, str) and "." in path}
	for path in paths:
		endpoint = endpoint_of(path)
		if endpoint and endpoint != path:
			_refuse(endpoint)
	# Whatever is called hands it on in the end, also by several steps.
	for path in [parameters.get(name) for name in HANDED_ON]:
		endpoint = endpoint_of(path) if isinstance(path, str) and "." in path else ""
		# There Frappe looks for what stands in.
		if endpoint and not (endpoint == path and paths == {MAPPER}):
			_refuse(endpoint)


def _refuse(endpoint: str) -> None:
	frappe.throw(_("Call {0} instead.").format(endpoint), frappe.PermissionError)


def _named_by(url_path: str) -> Iterator[str]:
	"""What a URL may call: Frappe's API v1 drops what follows the method, v2 also takes a DocType and a function in its
	module (frappe.api.v1 and .v2: handle_rpc_call)."""
	if not (found := METHOD.match(url_path)):
		return
	first, *rest = found.group(1).split("/")
	yield first
	if rest and "." not in first:
		try:
			yield f"{load_doctype_module(first).__name__}.{rest[0]}"
		except Exception:
			# None may escape: each API request comes by here. Whatever is wrong with the DocType, Frappe says so when it calls it.
			frappe.clear_messages()


def endpoint_of(path: str) -> str:
	"""The endpoint that a path leads to, as far as this app stands in for it; "" for all others."""
	if path in _stood_in_for():
		return path
	module, _dot, name = path.rpartition(".")
	if module.rpartition(".")[2].startswith("test_"):
		# Many of Frappe's fill the site with records when they are imported.
		if named := [endpoint for endpoint in _stood_in_for() if endpoint.endswith(f".{name}")]:
			return named[0]
	if not (method := _resolved(path)):
		return ""
	return _by_method(tuple(_stood_in_for()), tuple(frappe.get_installed_apps())).get(method, "")


@lru_cache(maxsize=REMEMBERED_SITES)
def _by_method(endpoints: tuple[str, ...], apps: tuple[str, ...]) -> dict[Any, str]:
	"""The endpoints by what they lead to on a site with these apps. Each API request asks, and finding them takes long."""
	return {method: endpoint for endpoint in reversed(endpoints) if (method := _resolved(endpoint))}


def _stood_in_for() -> list[str]:
	hooks = frappe.get_hooks("override_whitelisted_methods", {})
	return [endpoint for endpoint, paths in hooks.items() if any(path.startswith(OURS) for path in paths)]


def _resolved(path: str) -> Any:
	try:
		return frappe.get_attr(path)
	except Exception:
		# Whatever is wrong with the path, Frappe says so when it calls it.
		frappe.clear_messages()
		return None
