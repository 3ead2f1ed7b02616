"""What a browser needs before it can show anything of this app in a screen that is not Desk's."""

from typing import Any

import frappe
from frappe.rate_limiter import rate_limit
from frappe.translate import get_all_translations, get_translations_from_apps
from frappe.utils import get_assets_json, get_system_timezone
from frappe.utils.jinja_globals import is_rtl

from twilio_sms_channel.desks.registry import desks_of_agent
from twilio_sms_channel.infra.compat import DESK

APP, BUNDLE = "twilio_sms_channel", "twilio_sms.bundle.js"
MAX_REPORTED = 2000


@frappe.whitelist()
def boot() -> dict[str, Any]:
	"""The components' script and the texts they show, in the user's language; {} for whoever is no agent.

	:return: `{"script": address of the built bundle or "" when the site's assets are not built, "messages": {English:
		translation}, "lang", "rtl", "time_zone" of the site's times, "desk": where Desk lives}`
	"""
	if not desks_of_agent():
		return {}
	lang = frappe.local.lang
	return {
		"script": get_assets_json().get(BUNDLE) or "",
		"messages": _messages(lang),
		"lang": lang,
		"rtl": bool(is_rtl()),
		"time_zone": get_system_timezone(),
		"desk": DESK,
	}


@frappe.whitelist(methods=["POST"])
@rate_limit(limit=20, seconds=60 * 60)
def report(what: str) -> None:
	"""Note in the Error Log what went wrong in an agent's browser; the page tells it once.

	:param what: message, stack and page; what is longer than 2,000 characters is cut off
	"""
	if desks_of_agent():
		frappe.log_error(title="Twilio SMS Channel in the browser", message=what[:MAX_REPORTED])


def _messages(lang: str) -> dict[str, str]:
	"""What this app translates; the site's own translations of the same words win."""
	merged = get_all_translations(lang)
	return {
		words: merged.get(words) or said for words, said in get_translations_from_apps(lang, [APP]).items()
	}
