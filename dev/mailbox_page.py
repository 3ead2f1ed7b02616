"""The e-mails that the demo's site sent, on a page: they are kept on this machine, as a Maildir."""

from __future__ import annotations

import email
import email.policy
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from html import escape
from pathlib import Path

from page_style import STYLE

SHOWN = 100
FIT = "this.style.height = `${this.contentDocument.documentElement.scrollHeight + 2}px`"


@dataclass(frozen=True)
class Mail:
	sender: str
	to: str
	subject: str
	date: str
	body: str
	"""HTML"""


def page(maildir: Path) -> str:
	mails = [_read(file) for file in _newest_first(maildir)[:SHOWN]]
	entries = "".join(map(_entry, mails)) or "<p class='empty'>No e-mail has been sent yet.</p>"
	return f"""<!DOCTYPE html>
<html lang="en">
<head>
	<meta charset="utf-8">
	<meta name="viewport" content="width=device-width, initial-scale=1">
	<title>Mailbox</title>
	<link rel="icon" href="data:,">
	<style>{STYLE}</style>
</head>
<body>
	<main>
		<h1>Mailbox</h1>
		<p class="lead">What this site has sent as e-mail. It is kept on this machine; nobody has received it.
		<a href="/">Start page</a></p>
		{entries}
	</main>
</body>
</html>"""


def _newest_first(maildir: Path) -> list[Path]:
	files = [file for folder in ("new", "cur") for file in (maildir / folder).glob("*")]
	return sorted(files, key=lambda file: file.stat().st_mtime, reverse=True)


def _read(file: Path) -> Mail:
	message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
	sent = datetime.fromtimestamp(file.stat().st_mtime)
	return Mail(
		sender=str(message["From"] or ""),
		to=str(message["To"] or ""),
		subject=str(message["Subject"] or "(no subject)"),
		date=f"{sent:%d %b %Y, %H:%M}",
		body=_body(message),
	)


def _body(message: EmailMessage) -> str:
	part = message.get_body(("html", "plain"))
	if not part:
		return ""
	content = part.get_content()
	return content if part.get_content_subtype() == "html" else f"<pre>{escape(content)}</pre>"


def _entry(mail: Mail) -> str:
	# Without scripts of its own, and as high as it is.
	frame = f'<iframe sandbox="allow-same-origin" title="E-mail" onload="{FIT}" srcdoc="{escape(mail.body)}"></iframe>'
	return f"""<article class="card">
	<h2>{escape(mail.subject)}</h2>
	<p class="meta">To {escape(mail.to)} · from {escape(mail.sender)} · {mail.date}</p>
	{frame}
</article>"""
