"""What the doctor says of something that is wrong."""

from dataclasses import dataclass

BROKEN, AT_RISK, NOTICE = "Broken", "At Risk", "Notice"
SEVERITIES = (BROKEN, AT_RISK, NOTICE)


@dataclass(frozen=True)
class Finding:
	"""Something wrong, in the language of whoever asked."""

	check: str
	"""the check that found it and what it was, e.g. "webhooks.method"; with `about` it is there once"""
	severity: str
	"""BROKEN: messages get lost, or do not leave · AT_RISK: some do, or soon will · NOTICE: good to know"""
	what: str
	why: str
	"""why it matters"""
	how: str
	"""how to mend it, for somebody who has never seen Frappe's internals"""
	about_doctype: str = ""
	about: str = ""
	"""name of the document it is about, "" for the site"""
	remedy: str = ""
	"""one of `repairs.REPAIRS`, "" where the app cannot mend it"""

	@property
	def key(self) -> tuple[str, str, str]:
		return self.check, self.about_doctype, self.about


class NotDone(Exception):
	"""A check could not be done; the message says why, for people."""
