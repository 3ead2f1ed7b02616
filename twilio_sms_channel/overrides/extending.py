"""Classes of DocTypes before Frappe v16, which takes the class of the last app that replaces one, and no other
(`override_doctype_class`).

So ours extends what the site would have without this app: the class of another app, or the DocType's own. Which one that
is differs from site to site, and one process serves several: a class is made when Frappe asks for it.
"""

from collections.abc import Callable
from functools import cache

import frappe
from frappe.modules import load_doctype_module

OURS = "twilio_sms_channel."


def classes(module: str, **wanted: tuple[str, str, type]) -> Callable[[str], type]:
	"""`__getattr__` of a module that the hook names.

	:param module: its name
	:param wanted: name of a class = DocType, the app that the DocType is of, our mixin
	"""

	def found(name: str) -> type:
		if name not in wanted:
			raise AttributeError(f"module {module!r} has no attribute {name!r}")
		doctype, app, mixin = wanted[name]
		return extended(module, name, doctype, app, mixin)

	return found


def extended(module: str, name: str, doctype: str, app: str, mixin: type) -> type:
	"""The class of a DocType on this site, with our mixin; without it where another app has a DocType of that name."""
	own_module = load_doctype_module(doctype, frappe.db.get_value("DocType", doctype, "module"))
	own = getattr(own_module, doctype.replace(" ", "").replace("-", ""))
	base = _of_other_app(doctype) or own
	return _made(module, name, base, mixin) if own.__module__.split(".")[0] == app else base


def _of_other_app(doctype: str) -> type | None:
	"""The class that counts without ours. What comes behind ours replaces it, or builds on it."""
	before = []
	for path in frappe.get_hooks("override_doctype_class", {}).get(doctype) or []:
		if path.startswith(OURS):
			break
		before.append(path)
	return frappe.get_attr(before[-1]) if before else None


@cache
def _made(module: str, name: str, base: type, mixin: type) -> type:
	# Frappe keeps documents in its cache: they find their class again by its name.
	return type(name, (mixin, base), {"__module__": module, "__qualname__": name})
