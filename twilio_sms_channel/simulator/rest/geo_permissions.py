"""accounts.twilio.com: geo permissions, the countries that an account may text.

https://www.twilio.com/docs/usage/api and Twilio's OpenAPI description of `accounts_v1`; to have messages to a country
refused is error 21408.
"""

import phonenumbers
from werkzeug.routing import Rule
from werkzeug.wrappers import Request, Response

from twilio_sms_channel.simulator.errors import RestError
from twilio_sms_channel.simulator.models import Account
from twilio_sms_channel.simulator.rest.answers import V1, json_answer
from twilio_sms_channel.simulator.rest.context import Context


def fetch_geo_permissions(context: Context, request: Request, account: Account) -> Response:
	"""All countries, or the one of `CountryCode` (ISO 3166-1 alpha-2)."""
	wanted = request.args.get("CountryCode", "").upper()
	countries = sorted(phonenumbers.SUPPORTED_REGIONS)
	if wanted and wanted not in countries:
		raise RestError(20404, request.path)
	return json_answer(
		{
			"permissions": [
				{
					"country_code": country,
					"type": "country",
					"enabled": account.may_text(country),
					"prefix": f"+{phonenumbers.country_code_for_region(country)}",
					"message": "",
				}
				for country in ([wanted] if wanted else countries)
			]
		}
	)


RULES = [Rule(f"{V1}/Messaging/GeoPermissions", endpoint=fetch_geo_permissions, methods=["GET"])]
