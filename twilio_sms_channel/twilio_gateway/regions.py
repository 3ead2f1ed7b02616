"""Twilio's regions: each has hosts, numbers and tokens of its own (https://www.twilio.com/docs/global-infrastructure).

An account has one SID in all of them.
"""

US1 = "US1"
# What stands between a host's name and "twilio.com". The SDK would take it from environment variables as well.
PLACES = {US1: "", "IE1": "dublin.ie1.", "AU1": "sydney.au1."}
# What belongs to the account as a whole, and not to one of its regions.
HOSTS_OF_US1 = ("accounts", "monitor", "webhooks")
# Another name of the usual host, which Twilio keeps.
_API_OF_US1 = "https://api.us1.twilio.com"


def url(host: str, region: str = US1) -> str:
	"""Where one of Twilio's hosts is: "api", "messaging" …"""
	return f"https://{host}.{PLACES[region]}twilio.com"


def is_api(base_url: str) -> bool:
	"""Whether this is Twilio's API, of whichever region: scheme and host."""
	return base_url == _API_OF_US1 or base_url in (url("api", region) for region in PLACES)
