"""Restricted API keys: what each may do (https://www.twilio.com/docs/iam/api-keys/restricted-api-keys).

Twilio's full list of permissions is longer; this one has those of the resources that are simulated. A resource without a
permission, such as the account itself, is closed to restricted keys.
"""

import re

from twilio_sms_channel.simulator.errors import RestError
from twilio_sms_channel.simulator.models import ApiKey

RESTRICTED = "Restricted"
_SID = r"[A-Za-z]{2}[0-9A-Za-z]+"
_ACCOUNT = rf"/2010-04-01/Accounts/{_SID}"
ACTIONS = {"read": "GET", "list": "GET", "create": "POST", "update": "POST", "delete": "DELETE"}
# permission without its action: path of one, path of the list, actions
RESOURCES = {
	"messaging/messages": (
		rf"{_ACCOUNT}/Messages/{_SID}\.json",
		rf"{_ACCOUNT}/Messages\.json",
		("read", "list", "create", "update", "delete"),
	),
	"messaging/messages.media": (
		rf"{_ACCOUNT}/Messages/{_SID}/Media/{_SID}(?:\.json)?",
		rf"{_ACCOUNT}/Messages/{_SID}/Media\.json",
		("read", "list", "delete"),
	),
	"phone-numbers/active-numbers": (
		rf"{_ACCOUNT}/IncomingPhoneNumbers/{_SID}\.json",
		rf"{_ACCOUNT}/IncomingPhoneNumbers\.json",
		("read", "list", "create", "update", "delete"),
	),
	"messaging/services": (
		rf"/v1/Services/{_SID}",
		"/v1/Services",
		("read", "list", "create", "update", "delete"),
	),
	**{
		f"messaging/services.{name}": (
			rf"/v1/Services/{_SID}/{path}/{_SID}",
			rf"/v1/Services/{_SID}/{path}",
			("read", "list", "create", "delete"),
		)
		for name, path in (
			("phonenumbers", "PhoneNumbers"),
			("shortcodes", "ShortCodes"),
			("alphasenders", "AlphaSenders"),
			("channelsenders", "ChannelSenders"),
			("usa2p-campaign", "Compliance/Usa2p"),
		)
	},
	"monitor/alerts": (rf"/v1/Alerts/{_SID}", "/v1/Alerts", ("read", "list")),
	"lookup/phone-numbers": (r"/v2/PhoneNumbers/[^/]+", "", ("read",)),
}


def permission(method: str, path: str) -> str:
	"""What a request needs, as Twilio names it; "" where no permission opens it."""
	for resource, (one, all_of_them, actions) in RESOURCES.items():
		for action in actions:
			where = all_of_them if action in ("list", "create") else one
			if method == ACTIONS[action] and re.fullmatch(where, path):
				return f"/twilio/{resource}/{action}"
	return ""


def check(key: ApiKey, method: str, path: str) -> None:
	"""
	:raises RestError: 70051 naming what the key lacks, 20003 where no permission would do
	"""
	if key.type != RESTRICTED:
		return
	needed = permission(method, path)
	if not needed:
		raise RestError(20003)
	if not {needed, needed.rpartition("/")[0] + "/*"} & key.policy:
		raise RestError(70051, needed.lstrip("/"))
