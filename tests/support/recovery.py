"""What brings a site back to order after a crash: the scheduled sweep and the comparison with Twilio's list."""

import frappe
from frappe.utils import add_to_date, now_datetime

from support.stack import MESSAGE, Stack

MEDIA = "Twilio SMS Media"
SWEEP = """
import frappe
frappe.init(site={site!r}, sites_path=".")
frappe.connect()
frappe.get_attr("twilio_sms_channel.messaging.upkeep.sweep.run")()
frappe.db.commit()
frappe.destroy()
"""


def run_sweep(stack: Stack) -> None:
	"""What the scheduler does each minute, in a process of its own, once."""
	done = stack.run("-c", SWEEP.format(site=stack.site))
	assert done.returncode == 0, done.stderr


def back_fill(stack: Stack, number: str) -> None:
	"""Compare a number with Twilio's list, as an operator does after an outage."""
	words = ["-m", "frappe.utils.bench_helper", "frappe", "--site", stack.site, "twilio-sms", "backfill"]
	done = stack.run(*words, "--since", "2h", "--number", number)
	assert done.returncode == 0, done.stdout + done.stderr


def make_due(sids: list[str]) -> None:
	"""Let the sweep's minute of grace be over for these texts. Commits."""
	frappe.db.rollback()
	names = frappe.get_all(MESSAGE, {"twilio_sid": ("in", sids)}, pluck="name")
	long_ago = add_to_date(now_datetime(), minutes=-2)
	frappe.db.set_value(MESSAGE, {"name": ("in", names)}, "creation", long_ago, update_modified=False)
	frappe.db.set_value(
		MESSAGE,
		{"name": ("in", names), "next_attempt": ("is", "set")},
		"next_attempt",
		long_ago,
		update_modified=False,
	)
	frappe.db.set_value(MEDIA, {"parent": ("in", names)}, "modified", long_ago, update_modified=False)
	frappe.db.commit()
