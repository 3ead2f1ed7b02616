"""Does this site get out: the proxy between it and Twilio, if its environment names one."""

from collections.abc import Iterator

import frappe
from frappe import _

from twilio_sms_channel.doctor.context import ACCOUNT
from twilio_sms_channel.doctor.findings import BROKEN, Finding
from twilio_sms_channel.infra import public_url, way_out
from twilio_sms_channel.twilio_gateway import client, regions


def title() -> str:
	"""What is looked at: which way requests to Twilio take."""
	if proxy := way_out.proxy_for(client.api_base_url()):
		return _("Way to Twilio: through the proxy {0}").format(proxy)
	return _("Way to Twilio: without a proxy")


def check_proxy() -> Iterator[Finding]:
	for proxy in _proxies():
		if why := proxy.trouble():
			yield Finding(
				"proxy.unreachable",
				BROKEN,
				_("The proxy {0} cannot be reached: {1}.").format(proxy, why),
				_(
					"This site reaches Twilio through it: nothing is sent, and files of customers are not fetched."
				),
				_(
					"Start the proxy, or correct HTTPS_PROXY and NO_PROXY in the environment of the bench's processes, and restart them."
				),
			)
			return
	here, of_worker = str(way_out.proxy_for(client.api_base_url()) or ""), way_out.noted_of_worker()
	# Whoever types the command has an environment of their own.
	if getattr(frappe.local, "request", None) and of_worker is not None and of_worker != here:
		none = _("no proxy")
		yield Finding(
			"proxy.differs",
			BROKEN,
			_(
				"Web processes and workers take different ways to Twilio: {0} here, {1} in the worker process."
			).format(here or none, of_worker or none),
			_("Where there is only one way out, messages wait, or buttons that ask Twilio fail."),
			_(
				"Set HTTPS_PROXY and NO_PROXY alike in the environment of web processes, workers and scheduler, and restart them."
			),
		)


def _proxies() -> list[way_out.Proxy]:
	"""Those that calls, files and the self-test go through."""
	used = frappe.get_all(ACCOUNT, {"enabled": 1}, pluck="region", distinct=True)
	addresses = [client.api_base_url(region or regions.US1) for region in used or [regions.US1]]
	found = [way_out.proxy_for(address) for address in [*addresses, public_url.base()]]
	return list(dict.fromkeys(proxy for proxy in found if proxy))
