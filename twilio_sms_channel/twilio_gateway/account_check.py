"""What Twilio says of an account and its credentials, and which field to mend."""

from dataclasses import dataclass

from frappe import _
from frappe.utils import now_datetime

from twilio_sms_channel.infra import site_config
from twilio_sms_channel.twilio_gateway.errors import (
	AUTHENTICATION_FAILED,
	MISSING_PERMISSION,
	Refused,
	TwilioProblem,
	explain,
)
from twilio_sms_channel.twilio_gateway.models import AccountState

ACTIVE, WRONG, SUSPENDED, UNREACHABLE = "Active", "Wrong Credentials", "Suspended", "Unreachable"
UNKNOWN_RESOURCE, TEST_CREDENTIALS = "20404", "20008"
NOT_ACTIVE = ("20005", "20403")
# What Twilio says to a user name that it does not know; to a wrong password it says "Authenticate".
UNKNOWN_USER = "invalid username"


@dataclass(frozen=True)
class Verdict:
	"""What Twilio says of an account."""

	status: str
	"""as the Status of a Twilio SMS Account"""
	detail: str
	"""what is wrong and what to do, or what to know; "" when all is well"""
	field: str = ""
	"""which field to mend"""
	account_type: str = ""
	"""Full or Trial, "" when not known"""
	friendly_name: str = ""

	def facts(self) -> dict:
		"""What is kept of it on the Twilio SMS Account."""
		kind = {"account_type": self.account_type} if self.account_type else {}
		return {"status": self.status, "status_detail": self.detail, "last_checked": now_datetime(), **kind}


def ask(account) -> Verdict:
	"""Ask Twilio about an account, saved or not; first with its auth token, then with its API key."""
	gateway = account.gateway()
	asked = gateway.login.base_url
	try:
		state = gateway.read_account()
	except TwilioProblem as e:
		return _no(e, _token_refused(e, gateway.region), asked)
	try:
		gateway.try_api_key()
	except TwilioProblem as e:
		return _no(e, _api_key_refused(e, gateway.region), asked)
	return _of(state)


def _of(state: AccountState) -> Verdict:
	about = {"account_type": state.type, "friendly_name": state.friendly_name}
	if state.status != "active":
		detail = _("Twilio has this account as {0}. Look into the Twilio console for the reason.").format(
			_(state.status)
		)
		return Verdict("Closed" if state.status == "closed" else SUSPENDED, detail, **about)
	if state.type == "Trial":
		detail = _(
			"A trial account: it texts only numbers that were verified in the Twilio console, puts a note of Twilio's before each message, and has few messages to send. Upgrade it before customers rely on it."
		)
		return Verdict(ACTIVE, detail, **about)
	return Verdict(ACTIVE, "", **about)


def _no(problem: TwilioProblem, refused: Verdict, asked: str) -> Verdict:
	if not isinstance(problem, Refused):
		detail = _("{0} The credentials could not be checked. (Asked: {1})")
		return Verdict(UNREACHABLE, detail.format(problem.message, asked))
	if problem.code in NOT_ACTIVE:
		return Verdict(SUSPENDED, explain(problem.code, problem.message))
	if problem.code == TEST_CREDENTIALS:
		detail = _(
			"Account SID: these are Twilio's test credentials, with which no message ever arrives. Use the live ones from the first page of the Twilio console."
		)
		return Verdict(WRONG, detail, "account_sid")
	if problem.code == MISSING_PERMISSION:
		return Verdict(WRONG, explain(problem.code, problem.message), "api_key_sid")
	if problem.code in (AUTHENTICATION_FAILED, UNKNOWN_RESOURCE):
		return refused
	return Verdict(UNREACHABLE, explain(problem.code, problem.message))


def _token_refused(problem: TwilioProblem, region: str) -> Verdict:
	is_unknown = problem.code == UNKNOWN_RESOURCE or UNKNOWN_USER in problem.message.lower()
	if site_config.practises():
		return _practice_refused(is_unknown)
	if is_unknown:
		detail = _(
			"Account SID: Twilio knows no account with this SID. Copy it again from the first page of the Twilio console."
		)
		return Verdict(WRONG, detail, "account_sid")
	detail = _(
		"Auth Token: Twilio rejected it for this Account SID. Copy both again from the first page of the Twilio console. If they are right, the account may be suspended; the console says so."
	)
	return Verdict(WRONG, f"{detail} {_about_region(region)}", "auth_token")


def _about_region(region: str) -> str:
	return _(
		"It was asked in the region {0}, and each region has tokens and API keys of its own: check Region."
	).format(region)


def _practice_refused(is_unknown: bool) -> Verdict:
	"""Twilio's console would not help."""
	if is_unknown:
		detail = _(
			"Account SID: practice mode is running, and this is not its account. Copy SID and token from the page with its phones."
		)
		return Verdict(WRONG, detail, "account_sid")
	detail = _(
		"Auth Token: it is not that of practice mode's account. Copy it from the page with its phones."
	)
	return Verdict(WRONG, detail, "auth_token")


def _api_key_refused(problem: TwilioProblem, region: str) -> Verdict:
	if UNKNOWN_USER in problem.message.lower():
		detail = _(
			"API Key SID: Twilio knows no such API key in this account. Make one in the Twilio console, or leave both fields of the API key empty. The auth token is right."
		)
		return Verdict(WRONG, f"{detail} {_about_region(region)}", "api_key_sid")
	detail = _(
		"API Key Secret: Twilio rejected this API key. Enter the secret that Twilio showed when the key was made, or make a new key. The auth token is right."
	)
	return Verdict(WRONG, detail, "api_key_secret")
