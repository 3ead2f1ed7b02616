"""Which types of file Twilio takes (https://www.twilio.com/docs/messaging/guides/accepted-mime-types)."""

SHOWN_EVERYWHERE = {"image/jpeg", "image/gif", "image/png"}
ACCEPTED = SHOWN_EVERYWHERE | {
	*("image/bmp", "image/tiff", "image/heic", "image/heif"),
	*(
		"video/mpeg",
		"video/mp4",
		"video/quicktime",
		"video/webm",
		"video/3gpp",
		"video/3gpp2",
		"video/3gpp-tt",
	),
	*("video/H261", "video/H263", "video/H263-1998", "video/H263-2000", "video/H264"),
	*("audio/basic", "audio/L24", "audio/mp4", "audio/mpeg", "audio/ogg", "audio/vnd.rn-realaudio"),
	*("audio/vnd.wave", "audio/3gpp", "audio/3gpp2", "audio/ac3", "audio/webm", "audio/amr-nb", "audio/amr"),
	*(
		"text/vcard",
		"text/x-vcard",
		"text/csv",
		"text/rtf",
		"text/richtext",
		"text/calendar",
		"text/directory",
	),
	"application/pdf",
}
TWILIOS_NAME = {"audio/x-wav": "audio/vnd.wave", "application/rtf": "text/rtf", "image/jpg": "image/jpeg"}
# Of these a browser runs nothing.
SHOWN_BY_BROWSERS = {t for t in ACCEPTED if t.startswith(("image/", "audio/", "video/"))} | {
	"application/pdf"
}


def accepted(content_type: str) -> str | None:
	"""The type as Twilio calls it, None when it does not take such files."""
	name = TWILIOS_NAME.get(content_type, content_type)
	return name if name in ACCEPTED else None
