"""What this app writes into site_config.json, and the key there that secrets are stored under.

A request that finds the file half written is answered 404 by Frappe, which Twilio does not repeat: the file is replaced
as a whole.
"""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import frappe
from cryptography.fernet import Fernet
from frappe.utils.synchronization import filelock

ENCRYPTION_KEY = "encryption_key"
# Set by practice mode beside the simulator's URL. That URL alone could be a proxy on the way to Twilio.
PRACTICE_KEY = "twilio_sms_practice"
BASE_URL_KEY = "twilio_sms_api_base_url"


def write(**values: Any) -> None:
	"""Set keys of the site's config; None takes one away. No process sees anything in between."""
	# Frappe's own writers hold the same lock.
	with filelock("site_config"):
		_replace(_stored() | values)
	for key, value in values.items():
		if value is None:
			frappe.local.conf.pop(key, None)
		else:
			frappe.local.conf[key] = value


def practises() -> bool:
	"""Whether practice mode runs for this site."""
	return bool(practice_url())


def practice_url() -> str:
	"""Where practice mode runs for this site, "" while it does not.

	What this process read of the config may be a minute old (v16).
	"""
	configs = (frappe.conf, frappe.get_site_config())
	return next(
		(config[BASE_URL_KEY] for config in configs if config.get(PRACTICE_KEY) and config.get(BASE_URL_KEY)),
		"",
	)


def keep_encryption_key() -> None:
	"""See that the site has a key for secrets, and that this process knows it.

	Frappe makes one where its process knows of none. From v16 on a process remembers the config for up to a minute: a
	second one would then replace the key, and what was stored under the first could never be read again.
	"""
	if frappe.local.conf.get(ENCRYPTION_KEY):
		return
	with filelock("site_config"):
		key = frappe.get_site_config().get(ENCRYPTION_KEY)
		if not key:
			key = Fernet.generate_key().decode()
			_replace(_stored() | {ENCRYPTION_KEY: key})
	# What else runs in this process, Frappe itself included, is to know it as well.
	_forget_what_was_read()
	frappe.local.conf[ENCRYPTION_KEY] = key


def _stored() -> dict[str, Any]:
	return json.loads(_path().read_text())


def _replace(config: dict[str, Any]) -> None:
	path = _path()
	kept = {key: value for key, value in config.items() if value is not None}
	text = json.dumps(kept, indent=1, sort_keys=True)
	try:
		_replace_file(path, text)
	except OSError:
		# The file is mounted by itself, or belongs to somebody else: it can only be written where it is.
		path.write_text(text)
	_forget_what_was_read()


def _replace_file(path: Path, text: str) -> None:
	before = path.stat()
	handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
	try:
		with os.fdopen(handle, "w") as file:
			file.write(text)
			file.flush()
			os.fchown(file.fileno(), before.st_uid, before.st_gid)
			os.fchmod(file.fileno(), before.st_mode & 0o7777)
			os.fsync(file.fileno())
		os.replace(temporary, path)
	except BaseException:
		Path(temporary).unlink(missing_ok=True)
		raise


def _path() -> Path:
	# Where the config is a link to a file elsewhere, that file is replaced and the link stays.
	return Path(frappe.get_site_path("site_config.json")).resolve()


def _forget_what_was_read() -> None:
	try:
		from frappe.config import clear_site_config_cache
	except ImportError:
		# Before v16 each request reads the file.
		return
	clear_site_config_cache()
