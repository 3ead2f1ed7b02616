"""Arguments as callers write them: as JSON itself, and as text in a form."""

import json
from typing import Any

import frappe


def names(value: list | str | None, why_not: str, exception: type[Exception]) -> list[str]:
	"""A list of names, the same as JSON (in a form), or one name; [] for none.

	:param why_not: what to tell people of anything else, and what to do
	:raises exception: it is something else
	"""
	if isinstance(value, str) and value.lstrip().startswith(("[", "{")):
		value = _of_json(value, why_not, exception)
	listed = [value] if isinstance(value, str) and value else value or []
	if not isinstance(listed, list | tuple) or not all(isinstance(name, str) for name in listed):
		frappe.throw(why_not, exception)
	return list(listed)


def by_name(value: dict | str, why_not: str, exception: type[Exception]) -> dict[str, Any]:
	"""What is said of each name: an object, or the same as JSON (in a form).

	:raises exception: it is something else
	"""
	if isinstance(value, str):
		value = _of_json(value, why_not, exception)
	if not isinstance(value, dict):
		frappe.throw(why_not, exception)
	return value


def _of_json(value: str, why_not: str, exception: type[Exception]) -> Any:
	try:
		return json.loads(value)
	except (ValueError, RecursionError):
		frappe.throw(why_not, exception)
