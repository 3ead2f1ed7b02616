"""Does the site itself work: workers, scheduler, what its config forbids, and what is left over in it."""

import json
import os
from collections.abc import Iterator

import frappe
import requests
from frappe import _
from frappe.utils.background_jobs import generate_qname, get_workers
from redis.exceptions import RedisError

from twilio_sms_channel.desks.registry import ticket_doctypes
from twilio_sms_channel.doctor.findings import AT_RISK, BROKEN, NOTICE, Finding
from twilio_sms_channel.infra import clock, compat, public_url, site_identity, way_out
from twilio_sms_channel.people import countries
from twilio_sms_channel.twilio_gateway import client

JOB_TYPE, SETTINGS = "Scheduled Job Type", "Twilio SMS Settings"
SWEEP = "twilio_sms_channel.messaging.upkeep.sweep.run"
# The sweep runs with each tick of the scheduler; a full queue may keep it waiting.
SWEEP_LATE_MINUTES = 15
# The scheduler and the database may differ by this much, without anything being wrong.
CLOCKS_DIFFER_MINUTES = 2
TICK_S = 60
QUEUES = ("short", "default", "long")
SIMULATOR_TIMEOUT_S = 3


def check_home() -> Iterator[Finding]:
	"""A site that was restored from another one's backup sends nothing until somebody says that it takes over."""
	if reason := site_identity.why():
		yield Finding(
			"home.copy",
			BROKEN,
			_("This site is a copy, and sends nothing."),
			reason,
			_(
				"A copy to try something out on: leave it as it is, and switch its accounts off. This site takes over for good: Fix It. Messages that waited in the backup are canceled then, since the original may have sent them; webhooks are set afterwards."
			),
			SETTINGS,
			SETTINGS,
			remedy="take_over",
		)


def check_desk() -> Iterator[Finding]:
	if not ticket_doctypes():
		yield Finding(
			"desk.missing",
			BROKEN,
			_("This site has no ticket system that this app knows."),
			_("Messages that arrive are stored, but become no tickets, and nobody can answer them."),
			_(
				"Install Frappe Helpdesk or ERPNext. On the server: bench --site {0} install-app helpdesk, or erpnext. Messages that arrived before go into tickets then."
			).format(frappe.local.site),
		)


def check_country() -> Iterator[Finding]:
	"""Without a country, numbers that people write without +… cannot be read."""
	if not countries.default_region():
		yield Finding(
			"country.unknown",
			AT_RISK,
			_("Neither this app nor the site knows its country."),
			_(
				"Phone numbers of contacts that are written without a country code are not recognized: their messages come from a stranger, and they cannot be texted."
			),
			_("Choose a Default Country in the Twilio SMS Settings."),
			SETTINGS,
			SETTINGS,
		)


def check_workers() -> Iterator[Finding]:
	why = _("Messages that arrive do not get into tickets, and answers do not leave.")
	try:
		served = {name for worker in get_workers() for name in worker.queue_names()}
	except RedisError:
		yield Finding(
			"workers.queue",
			BROKEN,
			_("The queue of this site's jobs (Redis) does not answer."),
			why,
			_(
				"On the server: start it (bench start, or supervisorctl), and check that redis_queue in common_site_config.json is its address."
			),
		)
		return
	if missing := [name for name in QUEUES if generate_qname(name) not in served]:
		yield Finding(
			"workers.missing",
			BROKEN,
			_("No worker is running for these queues: {0}.").format(", ".join(missing)),
			why,
			_(
				"On the server: start the bench's workers (bench start, or supervisorctl status and restart). bench doctor shows them."
			),
		)


def check_scheduler() -> Iterator[Finding]:
	"""Is the scheduler allowed to run, did it, and how often does it?"""
	why = _(
		"What a restart or an outage interrupted is not resumed, and messages whose webhook was lost are not recovered."
	)
	yield from _why_sweep_does_not_run(why)
	if (tick := scheduler_tick_s()) > TICK_S:
		yield Finding(
			"scheduler.tick",
			NOTICE,
			_("The scheduler of this bench looks for work only every {0} seconds.").format(tick),
			_(
				"What a restart or an outage interrupted waits for that long, where no other message comes in or leaves meanwhile."
			),
			_(
				"On the server: bench set-config -g -p scheduler_tick_interval {0}, then restart the bench's schedule process."
			).format(TICK_S),
		)


def _why_sweep_does_not_run(why: str) -> Iterator[Finding]:
	for reason, remedy in _why_scheduler_is_off():
		yield Finding(
			"scheduler.off",
			BROKEN,
			_("The scheduler of this site is switched off: {0}.").format(reason),
			why,
			_("Press Fix It.")
			if remedy
			else _("Ask whoever runs the server: it was switched off in the site config."),
			remedy=remedy,
		)
		return
	sweep = frappe.db.get_value(
		JOB_TYPE, {"method": SWEEP}, ["name", "stopped", "last_execution", "creation"], as_dict=True
	)
	if not sweep:
		yield Finding(
			"scheduler.job_missing",
			BROKEN,
			_("The scheduler does not know this app's jobs."),
			why,
			_("On the server: bench --site {0} migrate").format(frappe.local.site),
			remedy="sync_jobs",
		)
	elif sweep.stopped:
		yield Finding(
			"scheduler.job_stopped",
			BROKEN,
			_("Somebody stopped the scheduled job {0}.").format(sweep.name),
			why,
			_("Press Fix It."),
			JOB_TYPE,
			sweep.name,
			remedy="start_job",
		)
	elif late := jobs_in_the_future():
		yield Finding(
			"scheduler.future",
			BROKEN,
			_("The last run of the scheduler is in the future: {0}.").format(
				frappe.format(max(late.values()), "Datetime")
			),
			_(
				"The time zone or the clock of this site was changed after the site was made. Until that time comes, the scheduler does not run {0} of its jobs, including those of other apps. {1}"
			).format(len(late), why),
			_("Press Fix It: it sets the times to now."),
			remedy="reset_job_times",
		)
	elif (sweep.last_execution or sweep.creation) < clock.ago(minutes=SWEEP_LATE_MINUTES):
		since = sweep.last_execution and frappe.format(sweep.last_execution, "Datetime")
		yield Finding(
			"scheduler.late",
			BROKEN,
			_("The scheduler is switched on, but has not run this app's job since {0}.").format(since)
			if since
			else _("The scheduler is switched on, but has never run this app's job."),
			why,
			_(
				"On the server: start the bench's schedule process (bench start, or supervisorctl). Frappe also pauses sites that nobody has logged in to for some days."
			),
		)


def jobs_in_the_future() -> dict:
	"""When the scheduler ran each job last, of those that it did so in the future: it waits for that time to pass.

	:return: times by name of the Scheduled Job Type
	"""
	latest = clock.ago(minutes=-CLOCKS_DIFFER_MINUTES)
	rows = frappe.get_all(JOB_TYPE, {"stopped": 0}, ["name", "last_execution", "creation"])
	times = {row.name: row.last_execution or row.creation for row in rows}
	return {name: time for name, time in times.items() if time > latest}


def scheduler_tick_s() -> int:
	"""How often the scheduler looks for work, in seconds. It serves all sites, and reads the common config alone."""
	config = frappe.get_file_json(os.path.join(frappe.local.sites_path, "common_site_config.json"))
	return frappe.utils.cint(config.get("scheduler_tick_interval")) or compat.SCHEDULER_TICK_S


def check_endpoints() -> Iterator[Finding]:
	"""Helpdesk can refuse all guests' requests to endpoints that the site config does not name."""
	if blocked := blocked_endpoints():
		yield Finding(
			"endpoints.blocked",
			BROKEN,
			_("This site blocks Twilio's requests: block_endpoints is on in its site config."),
			_("Messages that arrive and delivery reports are rejected, and Twilio cannot fetch pictures."),
			_("Add to allowed_custom_endpoints in site_config.json: {0}").format(json.dumps(blocked)),
		)


def blocked_endpoints() -> list[str]:
	"""Which of Twilio's endpoints the site config closes."""
	if not frappe.conf.get("block_endpoints"):
		return []
	allowed = frappe.conf.get("allowed_custom_endpoints") or []
	if isinstance(allowed, str):
		try:
			parsed = json.loads(allowed)
		except ValueError:
			parsed = None
		allowed = parsed if isinstance(parsed, list) else [allowed]
	endpoints = (public_url.INBOUND, public_url.STATUS, public_url.MEDIA)
	return [
		endpoint.rpartition("/")[2]
		for endpoint in endpoints
		if not any(str(part) in endpoint for part in allowed)
	]


def check_simulator() -> Iterator[Finding]:
	"""Practice mode ends with its process; a server that was switched off meanwhile keeps looking for it."""
	if is_left_by_simulator():
		yield Finding(
			"simulator.gone",
			BROKEN,
			_("The site looks for Twilio at {0}, where nothing answers.").format(client.api_base_url()),
			_("Nothing is sent. The address is left over from practice mode."),
			_("Press Fix It to speak with Twilio itself, or start practice mode again."),
			remedy="leave_practice_mode",
		)


def is_left_by_simulator() -> bool:
	"""Whether the site config names something instead of Twilio that does not answer."""
	if not frappe.conf.get("twilio_sms_api_base_url"):
		return False
	try:
		requests.get(client.api_base_url(), timeout=SIMULATOR_TIMEOUT_S, allow_redirects=False)
	except way_out.REQUEST_ERRORS:
		return True
	return False


def _why_scheduler_is_off() -> Iterator[tuple[str, str]]:
	"""(reason, remedy): in the order in which Frappe asks (`frappe.utils.scheduler.is_scheduler_inactive`)."""
	if frappe.conf.get("maintenance_mode"):
		yield _("maintenance mode is on"), ""
	if frappe.conf.get("pause_scheduler"):
		yield _("it was paused in the site config"), ""
	if frappe.conf.get("disable_scheduler"):
		yield _("disable_scheduler is set in the site config"), ""
	if not frappe.utils.cint(frappe.db.get_single_value("System Settings", "enable_scheduler")):
		yield _("Enable Scheduled Jobs is off in the System Settings"), "enable_scheduler"
