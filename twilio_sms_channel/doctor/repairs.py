"""What the app can fix by itself, when a site manager presses *Fix It*."""

from collections.abc import Callable

import frappe
from frappe import _
from frappe.core.doctype.scheduled_job_type.scheduled_job_type import sync_jobs
from frappe.utils import now_datetime
from frappe.utils.scheduler import enable_scheduler

from twilio_sms_channel.doctor.checks import site
from twilio_sms_channel.doctor.context import ACCOUNT, NUMBER
from twilio_sms_channel.infra import clock, jobs, site_config, site_identity
from twilio_sms_channel.messaging.delivery import account_pause
from twilio_sms_channel.messaging.inbound import intake, unread_webhooks
from twilio_sms_channel.messaging.sending import wake, worker
from twilio_sms_channel.messaging.setup import webhook_config
from twilio_sms_channel.messaging.upkeep import takeover
from twilio_sms_channel.twilio_gateway import account_check

MESSAGE = "Twilio SMS Message"
SIMULATOR = "twilio_sms_api_base_url"
COMPARING_TIMEOUT_S = 2 * 3600
AT_ONCE = 500


def take_over(_about: str) -> None:
	takeover.confirm(takeover.CANCEL)


def set_webhook(number: str) -> None:
	site_identity.refuse_on_copy()
	outcome = webhook_config.configure(frappe.get_doc(NUMBER, number), replace=True)
	if outcome.problem:
		frappe.throw(outcome.problem, title=_("Rejected by Twilio"))


def put_out_of_service(number: str) -> None:
	doc = frappe.get_doc(NUMBER, number)
	doc.enabled = 0
	doc.released_on = doc.released_on or now_datetime()
	doc.save()


def switch_sms_off(number: str) -> None:
	_save(NUMBER, number, sms_enabled=0)


def switch_mms_off(number: str) -> None:
	_save(NUMBER, number, mms_enabled=0)


def resume(account: str) -> None:
	"""Only where Twilio lets the account in: otherwise the next message would pause it again."""
	verdict = frappe.get_doc(ACCOUNT, account).check()
	if verdict.status != account_check.ACTIVE:
		frappe.throw(verdict.detail, title=_("Rejected by Twilio"))
	account_pause.keep(account, verdict)
	wake.wake()


def take_up(account: str) -> None:
	for message in _messages(account, "Received"):
		jobs.enqueue_after_commit("twilio_sms_channel.messaging.inbound.intake.process", message)
	worker.wake_if_needed()


def take_in_again(account: str) -> None:
	for message in _messages(account, "Failed", direction="Inbound"):
		intake.retry(message)


def look_up(account: str) -> None:
	Message = frappe.qb.DocType(MESSAGE)
	(
		frappe.qb.update(Message)
		.set(Message.next_attempt, clock.now())
		.where((Message.account == account) & (Message.status == "Unconfirmed"))
	).run()
	wake.wake()


def compare(account: str) -> None:
	"""Take in from Twilio's list what is missing; in the background, for it may take long."""
	for number in frappe.get_all(NUMBER, {"account": account, "enabled": 1}, pluck="name"):
		frappe.enqueue(
			"twilio_sms_channel.messaging.upkeep.backfill.run",
			queue="long",
			timeout=COMPARING_TIMEOUT_S,
			number=number,
			enqueue_after_commit=True,
		)


def read_again(account: str) -> None:
	unread_webhooks.read_again_later(account=account)


def switch_scheduler_on(_about: str) -> None:
	enable_scheduler()


def start_job(job_type: str) -> None:
	_save("Scheduled Job Type", job_type, stopped=0)


def reset_job_times(_about: str) -> None:
	for name in site.jobs_in_the_future():
		frappe.db.set_value("Scheduled Job Type", name, "last_execution", now_datetime())


def add_jobs(_about: str) -> None:
	sync_jobs()


def leave_practice_mode(_about: str) -> None:
	site_config.write(**{SIMULATOR: None})


# By the name that a finding carries; each is called with what the finding is about.
REPAIRS: dict[str, Callable[[str], None]] = {
	"take_over": take_over,
	"set_webhook": set_webhook,
	"put_out_of_service": put_out_of_service,
	"switch_sms_off": switch_sms_off,
	"switch_mms_off": switch_mms_off,
	"resume": resume,
	"take_up": take_up,
	"take_in_again": take_in_again,
	"look_up": look_up,
	"compare": compare,
	"read_again": read_again,
	"enable_scheduler": switch_scheduler_on,
	"start_job": start_job,
	"reset_job_times": reset_job_times,
	"sync_jobs": add_jobs,
	"leave_practice_mode": leave_practice_mode,
}

# These go on in the background: whether they helped is seen some seconds later.
IN_BACKGROUND = ("take_up", "take_in_again", "look_up", "compare", "read_again")


def _save(doctype: str, name: str, **values) -> None:
	doc = frappe.get_doc(doctype, name)
	doc.update(values)
	doc.save()


def _messages(account: str, status: str, **filters) -> list[str]:
	filters |= {"account": account, "status": status}
	return frappe.get_all(MESSAGE, filters, pluck="name", order_by="creation", limit=AT_ONCE)
