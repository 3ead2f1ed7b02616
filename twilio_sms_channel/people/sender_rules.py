"""Which of our numbers suits a country: what its networks let through, and where names are registered.

Rules of countries change. Each says since when it holds and who says so; docs/compliance.md tells the same to people.
Nothing here asks Frappe or Twilio.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

LONG_CODE, TOLL_FREE, SHORT_CODE = "Long Code", "Toll-Free", "Short Code"
NAME, SERVICE = "Alphanumeric Sender", "Messaging Service"


class Reason(str, Enum):
	"""What there is to say of a number and a customer's country, in one word."""

	SAME_COUNTRY = "same_country"
	CHOSEN_BY_TWILIO = "chosen_by_twilio"
	COUNTRY_UNKNOWN = "country_unknown"
	OTHER_COUNTRY = "other_country"
	FOREIGN_NUMBER_DOUBTFUL = "foreign_number_doubtful"
	NO_ANSWER = "no_answer"
	NAME_UNREGISTERED = "name_unregistered"
	FOREIGN_NUMBER_BLOCKED = "foreign_number_blocked"
	NAMES_BLOCKED = "names_blocked"
	US_UNREGISTERED = "us_unregistered"
	TOLL_FREE_UNVERIFIED = "toll_free_unverified"


# The best first. What is blocked comes last in any case, see `is_blocked`.
ORDER = tuple(Reason)
BLOCKED = frozenset(
	(
		Reason.FOREIGN_NUMBER_BLOCKED,
		Reason.NAMES_BLOCKED,
		Reason.US_UNREGISTERED,
		Reason.TOLL_FREE_UNVERIFIED,
	)
)


@dataclass(frozen=True)
class Rule:
	"""What holds in a country, since when, and where it is written."""

	regions: frozenset[str]
	"""ISO 3166 alpha-2"""
	since: str
	"""ISO 8601, or "always" where there is no date"""
	source: str


@dataclass(frozen=True)
class Register(Rule):
	"""A register of sender names."""

	country: str
	"""as Frappe calls it, for people"""
	prefix: str
	"""what phone numbers there begin with"""
	field: str
	"""the checkbox on Twilio SMS Number that says that the name is in it"""
	shown_as: str
	"""what phones show in place of a name that is not in it, "" where they show the name or nothing"""


# Share a number plan, networks and their rules.
UNITED_STATES = frozenset(("US", "PR", "VI", "GU", "AS", "MP"))
# Long codes and toll-free numbers of other countries are not delivered.
FOREIGN_NUMBERS_BLOCKED = Rule(
	frozenset(("GB",)), "2023-09-12", "https://www.twilio.com/docs/api/errors/30041"
)
# Networks do not support them; some arrive.
FOREIGN_NUMBERS_DOUBTFUL = Rule(UNITED_STATES, "2023-09-01", "https://www.twilio.com/en-us/guidelines/us/sms")
# Alphanumeric senders are not delivered.
NAMES_BLOCKED = Rule(UNITED_STATES | {"CA"}, "always", "https://www.twilio.com/en-us/guidelines/us/sms")
# 10DLC: a long code has to belong to a registered campaign.
US_REGISTRATION = Rule(UNITED_STATES, "2023-09-01", "https://www.twilio.com/docs/api/errors/30034")
TOLL_FREE_VERIFICATION = Rule(
	UNITED_STATES | {"CA"}, "2024-01-31", "https://www.twilio.com/docs/api/errors/30032"
)
REGISTERS = (
	Register(
		frozenset(("AU",)),
		"2026-07-01",
		"https://support.twilio.com/hc/en-us/articles/46266521342747",
		country="Australia",
		prefix="+61",
		field="registered_in_australia",
		shown_as="Unverified",
	),
	# Blocking was to follow on 3 October 2025 and is deferred.
	Register(
		frozenset(("IE",)),
		"2025-07-03",
		"https://www.twilio.com/en-us/guidelines/ie/sms",
		country="Ireland",
		prefix="+353",
		field="registered_in_ireland",
		shown_as="Likely Scam",
	),
	Register(
		frozenset(("SG",)),
		"2023-01-31",
		"https://www.twilio.com/en-us/guidelines/sg/sms",
		country="Singapore",
		prefix="+65",
		field="registered_in_singapore",
		shown_as="Likely-SCAM",
	),
	# Voluntary: networks block names that others have protected there.
	Register(
		frozenset(("GB",)),
		"2023-10-31",
		"https://support.twilio.com/hc/en-us/articles/23737742623387",
		country="United Kingdom",
		prefix="+44",
		field="registered_in_united_kingdom",
		shown_as="",
	),
)
# Files as MMS, https://www.twilio.com/en-us/guidelines/sms: elsewhere Twilio refuses them, or sends a link.
MMS_REGIONS = ("US", "CA", "AU")


@dataclass(frozen=True)
class Sender:
	"""One of our numbers, as far as rules are concerned."""

	kind: str
	"""`number_type` of the Twilio SMS Number"""
	region: str | None
	"""ISO 3166 alpha-2 code of its country; None: not known, or it has none"""
	registered_in: frozenset[str] = frozenset()
	"""countries in whose register the name is"""
	is_unregistered: bool = False
	"""known not to be registered for the United States (10DLC), or not verified (toll-free)"""


def reason(sender: Sender, region: str | None) -> Reason:
	"""What decides how well a number suits a customer's country.

	:param region: the customer's country, ISO 3166 alpha-2; None when it cannot be told
	"""
	if sender.kind == NAME:
		return _of_name(sender, region)
	if sender.kind == SERVICE:
		# It takes the number of its pool that suits the country.
		return Reason.CHOSEN_BY_TWILIO
	if sender.kind == TOLL_FREE and sender.is_unregistered and region in TOLL_FREE_VERIFICATION.regions:
		return Reason.TOLL_FREE_UNVERIFIED
	if sender.kind == LONG_CODE and sender.is_unregistered and region in US_REGISTRATION.regions:
		return Reason.US_UNREGISTERED
	if not region or not sender.region:
		return Reason.COUNTRY_UNKNOWN
	if _are_alike(region, sender.region):
		return Reason.SAME_COUNTRY
	# One number plan: a toll-free number is of both countries, and a long code of the other one is no foreign one.
	if {region, sender.region} <= TOLL_FREE_VERIFICATION.regions:
		return Reason.SAME_COUNTRY if sender.kind == TOLL_FREE else Reason.OTHER_COUNTRY
	if region in FOREIGN_NUMBERS_BLOCKED.regions:
		return Reason.FOREIGN_NUMBER_BLOCKED
	if region in FOREIGN_NUMBERS_DOUBTFUL.regions:
		return Reason.FOREIGN_NUMBER_DOUBTFUL
	return Reason.OTHER_COUNTRY


def _are_alike(region: str, other: str) -> bool:
	return region == other or {region, other} <= UNITED_STATES


def _of_name(sender: Sender, region: str | None) -> Reason:
	if region in NAMES_BLOCKED.regions:
		return Reason.NAMES_BLOCKED
	register = register_of(region)
	if register and register.shown_as and not register.regions & sender.registered_in:
		return Reason.NAME_UNREGISTERED
	return Reason.NO_ANSWER


def is_blocked(why: Reason) -> bool:
	"""Whether networks of the customer's country do not deliver such messages."""
	return why in BLOCKED


def rank(why: Reason) -> int:
	"""The lower, the better the number suits the customer's country."""
	return ORDER.index(why)


def register_of(region: str | None) -> Register | None:
	"""The register of sender names that a country has."""
	return next((register for register in REGISTERS if region in register.regions), None)


def missing_registers(regions: Iterable[str], registered_in: frozenset[str]) -> list[Register]:
	"""The registers that a name should be in when it texts these countries, and is not."""
	texted = set(regions)
	return [
		register
		for register in REGISTERS
		if register.regions & texted and not register.regions & registered_in
	]


def can_carry_files(kind: str, has_mms: bool, region: str | None) -> bool:
	"""Whether files can go along as MMS."""
	return kind != NAME and has_mms and region in MMS_REGIONS
