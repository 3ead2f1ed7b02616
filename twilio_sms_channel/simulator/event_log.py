"""The journal as the page's event log shows it."""

from twilio_sms_channel.simulator.addresses import without_channel
from twilio_sms_channel.simulator.models import Notice, RestRequest, WebhookAttempt

# A part of a REST request's path, and what it is about; the first that fits.
RESOURCES = (
	("/Messaging/GeoPermissions", "geo permissions"),
	("/Media", "media"),
	("/Messages/", "a message"),
	("/IncomingPhoneNumbers", "numbers"),
	("/SMS/ShortCodes", "short codes"),
	("/Compliance/Usa2p", "the campaign of a service"),
	("/ChannelSenders", "RCS senders of a service"),
	("/Channels/Senders", "RCS senders"),
	("/Services", "Messaging Services"),
	("/Tollfree/Verifications", "toll-free verifications"),
	("/Alerts", "alerts"),
	("/Balance", "the balance"),
)


def event_state(entry) -> dict:
	state = {"seq": entry.seq, "at": entry.at.isoformat(), "latency_ms": getattr(entry, "latency_ms", None)}
	if isinstance(entry, WebhookAttempt):
		status = entry.params.get("MessageStatus")
		again = f", attempt {entry.number}" if entry.number > 1 else ""
		where = ", fallback URL" if entry.fallback else ""
		return state | {
			"kind": "callback" if entry.kind == "status" else "webhook",
			"title": (f"Status “{status}”" if entry.kind == "status" else "Inbound message") + again + where,
			"who": without_channel(entry.params.get("To" if entry.kind == "status" else "From", "")),
			"status": entry.status_code,
			"ok": entry.ok and not entry.error_code,
			"note": entry.error,
		}
	if isinstance(entry, RestRequest):
		return state | {
			"kind": "request",
			"title": _what_for(entry),
			"who": without_channel(", ".join(entry.form.get("To", []))),
			"status": entry.status_code,
			"ok": entry.status_code is not None and entry.status_code < 400,
			"note": f"Twilio error {entry.error_code}" if entry.error_code else "",
		}
	return state | {
		"kind": "notice",
		"title": entry.text,
		"who": "",
		"status": None,
		"ok": entry.ok,
		"note": "",
	}


def event_details(entry) -> dict:
	"""Headings and what stands under them."""
	if isinstance(entry, WebhookAttempt):
		return {
			"Request": f"{entry.method} {entry.url}",
			"Parameters": entry.params,
			"Headers": entry.headers,
			"Answer": entry.error or f"HTTP {entry.status_code}",
			"Body of the answer": entry.response_body,
		}
	if isinstance(entry, RestRequest):
		return {
			"Request": f"{entry.method} {entry.path}",
			"Logged in as": entry.user or "nobody",
			"Query": {k: ", ".join(v) for k, v in entry.query.items()},
			"Form": {k: ", ".join(v) for k, v in entry.form.items()},
			"Answer": f"HTTP {entry.status_code}" if entry.status_code else "none: the connection was closed",
		}
	assert isinstance(entry, Notice)
	return {"What": entry.text, "Message": entry.message_sid}


def _what_for(entry: RestRequest) -> str:
	"""A REST request in words, as far as one line of the log allows."""
	if entry.path.endswith("/Messages.json"):
		return "Send a message" if entry.method == "POST" else "List messages"
	for part, name in RESOURCES:
		if part in entry.path:
			return {"GET": "Read", "POST": "Change", "DELETE": "Delete"}.get(
				entry.method, entry.method
			) + f" {name}"
	return f"{entry.method} {entry.path.rsplit('/', 1)[-1][:40]}"
