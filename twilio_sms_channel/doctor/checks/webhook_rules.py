"""Webhook security settings of the account at Twilio: may this site take what they have Twilio send?"""

from collections.abc import Iterator

from frappe import _

from twilio_sms_channel.doctor.checks import credentials
from twilio_sms_channel.doctor.context import ACCOUNT, AccountContext
from twilio_sms_channel.doctor.findings import AT_RISK, BROKEN, NOTICE, Finding, NotDone
from twilio_sms_channel.infra import public_url
from twilio_sms_channel.twilio_gateway import errors, signature, webhook_rules
from twilio_sms_channel.twilio_gateway.webhook_rules import WebhookRule, WebhookSetting

KEYS = {"shared_key_id": "shared_key", "second_shared_key_id": "second_shared_key"}


def check_webhook_rules(account_context: AccountContext) -> Iterator[Finding]:
	"""What the rules that reach this site's webhooks have Twilio do, the worst of it, once each."""
	try:
		rules = webhook_rules.read(account_context.gateway)
	except errors.Refused:
		raise
	except errors.TwilioProblem as e:
		# On a host of its own, which a firewall can shut while the others are open.
		raise NotDone(credentials.explained(e)) from None
	urls = (public_url.inbound(), public_url.base() + public_url.STATUS)
	reached = dict.fromkeys(rule for url in urls if (rule := webhook_rules.reaching(rules, url)))
	found = {}
	for rule in reached:
		if finding := _worst(account_context, rule):
			found.setdefault(finding.check, finding)
	yield from found.values()


def _worst(account_context: AccountContext, rule: WebhookRule) -> Finding | None:
	for judge in (_unknown_algorithm, _missing_key, _without_retries, _logs_in):
		for setting in rule.settings:
			if finding := judge(account_context, rule, setting):
				return finding
	# Whoever named this very URL meant this site.
	return None if rule.kind == webhook_rules.EXACT else _applies(account_context, rule)


def _applies(account_context: AccountContext, rule: WebhookRule) -> Finding:
	return _of(
		account_context,
		rule,
		"webhook_rules.applies",
		NOTICE,
		_("{0} reaches this site's webhooks."),
		_(
			"Somebody may have set it for another system of the same Twilio account. It does no harm as it is: this site can check the signatures that it asks for."
		),
		_(
			"Nothing needs to be done. To keep this site apart, add rules of its own for it: Twilio prefers exact rules, then the longest prefix."
		),
	)


def _unknown_algorithm(
	account_context: AccountContext, rule: WebhookRule, setting: WebhookSetting
) -> Finding | None:
	if not setting.key or setting.algorithm in signature.HASHES:
		return None
	return _of(
		account_context,
		rule,
		"webhook_rules.algorithm",
		BROKEN,
		_("{0} has Twilio sign webhooks to this site by {1}, which this app does not know.").replace(
			"{1}", setting.algorithm or "?"
		),
		_why_rejected(),
		_("Update the app. Until then, have whoever set the rule use a Setting with HMAC_SHA256. {0}").format(
			_spread()
		),
	)


def _missing_key(
	account_context: AccountContext, rule: WebhookRule, setting: WebhookSetting
) -> Finding | None:
	doc = account_context.doc
	here = [doc.get(id_field) for id_field, field in KEYS.items() if doc.get(id_field) and doc.get(field)]
	if not setting.key or setting.key in here:
		return None
	how = _(
		"Enter this key with its ID under Shared Keys on the account. If nobody has its secret any more, create a new key at Twilio and have the Setting {0} replaced by one that uses it. If another team set the rule for systems of its own, ask them for a rule that leaves out this site. {1}"
	).format(setting.name, _spread())
	if here:
		return _of(
			account_context,
			rule,
			"webhook_rules.unknown_key",
			BROKEN,
			_(
				"{0} has Twilio sign webhooks to this site with the shared key {1}, which is not one of the account's keys here."
			).replace("{1}", setting.key),
			_why_rejected(),
			how,
		)
	return _of(
		account_context,
		rule,
		"webhook_rules.no_key",
		BROKEN,
		_(
			"{0} has Twilio sign webhooks to this site with the shared key {1} and no longer with the auth token. The account has no shared key here."
		).replace("{1}", setting.key),
		_why_rejected(),
		how,
	)


def _without_retries(
	account_context: AccountContext, rule: WebhookRule, setting: WebhookSetting
) -> Finding | None:
	if setting.retries != 0:
		return None
	return _of(
		account_context,
		rule,
		"webhook_rules.retries",
		AT_RISK,
		_("{0} has Twilio try webhooks to this site once only."),
		_(
			"It overrides the retries that the webhook's URL asks for. While this site restarts, Twilio goes to the fallback URL at once, and a message that misses both arrives up to an hour late."
		),
		_(
			"Have the Setting {0} replaced by one with a retryCount of 3 for CONNECTION_TIMEOUT, READ_TIMEOUT and HTTP_5XX, or without connection. {1}"
		).format(setting.name, _spread()),
	)


def _logs_in(account_context: AccountContext, rule: WebhookRule, setting: WebhookSetting) -> Finding | None:
	if not setting.login:
		return None
	return _of(
		account_context,
		rule,
		"webhook_rules.login",
		NOTICE,
		_("{0} has Twilio add a login to webhooks to this site ({1}).").replace("{1}", setting.login),
		_(
			"This site does not need it, and does not take it for a login of its own: what counts is Twilio's signature."
		),
		_(
			"Nothing needs to be done. If no proxy in front of this site asks for this login, the rule can do without it."
		),
	)


def _of(
	account_context: AccountContext,
	rule: WebhookRule,
	check: str,
	severity: str,
	what: str,
	why: str,
	how: str,
) -> Finding:
	"""
	:param what: {0} stands for the rule
	"""
	return Finding(
		check, severity, what.replace("{0}", _named(rule)), why, how, ACCOUNT, account_context.name
	)


def _named(rule: WebhookRule) -> str:
	words = {
		webhook_rules.EXACT: _("The webhook rule {0} (exactly {1})"),
		webhook_rules.PREFIX: _("The webhook rule {0} (all URLs that begin with {1})"),
		webhook_rules.DEFAULT: _("The webhook rule {0} (the default of the Twilio account)"),
	}
	return words[rule.kind].replace("{1}", rule.pattern).replace("{0}", rule.name)


def _why_rejected() -> str:
	return _(
		"This site rejects webhooks whose signature it cannot check. Messages arrive up to an hour late, from Twilio's list, and delivery reports are missing."
	)


def _spread() -> str:
	return _("A change at Twilio takes up to a minute to hold everywhere.")
