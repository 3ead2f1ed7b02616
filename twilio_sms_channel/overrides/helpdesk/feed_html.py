"""What is added to a message's words in Helpdesk's feed. The feed shows HTML as it is: everything is escaped here."""

from typing import Any
from urllib.parse import quote

import frappe
from bs4 import BeautifulSoup
from frappe import _

FOR_AGENTS = "twilio-sms-agents"
# What every browser draws.
PICTURES = ("image/jpeg", "image/png", "image/gif", "image/webp")
PICTURE_STYLE = "max-width: min(100%, 320px); max-height: 240px; border-radius: 8px; margin: 4px 0"


def escaped(text: str) -> str:
	return frappe.utils.escape_html(text)


def is_picture(file) -> bool:
	"""Whether a file is shown between the words.

	:param file: `content_type`, `status` and `file_url` of a Twilio SMS Media row
	"""
	# What went as a link was too large for a message, and is for the feed.
	return bool(file.file_url) and file.content_type in PICTURES and file.status != "Linked"


def pictures(files: list) -> str:
	return "".join(
		f'<p><a href="{url}" target="_blank" rel="noopener"><img src="{url}" alt="{alt}" style="{PICTURE_STYLE}"></a></p>'
		for file in files
		for url, alt in [(_url(file.file_url), escaped(file.file_name or _("Picture")))]
	)


def trouble(found: dict[str, Any]) -> str:
	"""Why a message did not arrive in one line, with the link to Twilio's page.

	:param found: see `fates.trouble`
	"""
	line = escaped(f"{found['what']} {found['do']}".strip())
	if found["link"]:
		label = escaped(_("Twilio on error {0}").format(found["code"]))
		line += f' <a href="{escaped(found["link"])}" target="_blank" rel="noopener">{label}</a>'
	return line


def for_agents(remarks: list[str], actions: list[str], message: str) -> str:
	"""Remarks and links below a message that its customer never sees.

	The links do something only where this app's script runs, see `public/js/twilio_sms/helpdesk_screen.js`.

	:param remarks: HTML
	:param actions: "retry", "link", "fetch", "email", "cancel"
	:param message: name of the Twilio SMS Message
	"""
	lines = [f"<p><em>⚠ {remark}</em></p>" for remark in remarks]
	if actions:
		links = " &nbsp; ".join(_link(action, message) for action in actions)
		lines.append(f'<p class="twilio-sms-actions">{links}</p>')
	# Agents quote messages in e-mails: Helpdesk's editor leaves this element out, and what keeps it is cut by `for_customer`.
	return f'<object class="{FOR_AGENTS}">{"".join(lines)}</object>' if lines else ""


def earlier(count: int) -> str:
	"""The line above the oldest message that is shown: how many there are before it, with the way to them."""
	said = _("1 earlier text message") if count == 1 else _("{0} earlier text messages").format(count)
	link = (
		'<a href="#twilio-sms-earlier=all" class="twilio-sms-action" target="_self" onclick="return false">'
		f"{escaped(said)}</a>"
	)
	return f'<object class="{FOR_AGENTS}"><p class="twilio-sms-actions">{link}</p></object>'


def for_customer(html: str) -> str:
	"""An agent's e-mail without what only agents see of a message that it quotes."""
	if FOR_AGENTS not in html:
		return html
	soup = BeautifulSoup(html, "html.parser")
	for element in soup.find_all(class_=FOR_AGENTS):
		element.decompose()
	return str(soup)


def _link(action: str, message: str) -> str:
	label = {
		"retry": _("Send Again"),
		"link": _("Send as Link"),
		"fetch": _("Fetch Again"),
		"email": _("Send as E-mail"),
		"cancel": _("Cancel"),
	}[action]
	endpoint = "retry" if action == "fetch" else action
	# Without the script they do nothing: in Helpdesk's frame the link alone would open the page within the page.
	return (
		f'<a href="#twilio-sms-{endpoint}={escaped(message)}" class="twilio-sms-action" target="_self"'
		f' onclick="return false">{escaped(label)}</a>'
	)


def _url(file_url: str) -> str:
	return escaped(quote(file_url) if file_url.startswith(("/files/", "/private/")) else file_url)
