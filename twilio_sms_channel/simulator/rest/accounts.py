"""The account itself and its balance (https://www.twilio.com/docs/iam/api/account)."""

from werkzeug.routing import Rule
from werkzeug.wrappers import Request, Response

from twilio_sms_channel.simulator.models import Account
from twilio_sms_channel.simulator.rest.answers import API, json_answer, rfc2822
from twilio_sms_channel.simulator.rest.context import Context


def fetch_account(context: Context, request: Request, account: Account) -> Response:
	return json_answer(account_json(account))


def fetch_balance(context: Context, request: Request, account: Account) -> Response:
	return json_answer({"account_sid": account.sid, "balance": f"{account.balance:.2f}", "currency": "USD"})


def account_json(account: Account) -> dict:
	uri = f"{API}/{account.sid}"
	return {
		"auth_token": account.auth_token,
		"date_created": rfc2822(account.created),
		"date_updated": rfc2822(account.created),
		"friendly_name": account.friendly_name,
		"owner_account_sid": account.sid,
		"sid": account.sid,
		"status": account.status,
		"subresource_uris": {
			"incoming_phone_numbers": f"{uri}/IncomingPhoneNumbers.json",
			"messages": f"{uri}/Messages.json",
		},
		"type": account.type,
		"uri": f"{uri}.json",
	}


RULES = [
	Rule(f"{API}/<sid:account_sid>.json", endpoint=fetch_account, methods=["GET"]),
	Rule(f"{API}/<sid:account_sid>/Balance.json", endpoint=fetch_balance, methods=["GET"]),
]
