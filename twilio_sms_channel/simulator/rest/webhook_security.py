"""webhooks.twilio.com: Settings, Rules, shared keys and auth profiles of webhooks.

https://www.twilio.com/docs/usage/webhooks/webhook-configuration and Twilio's OpenAPI description of `webhooks_v1`: JSON in
both directions, names in camelCase, pages by token. Secrets are given out once, when a key is created.
"""

from collections.abc import Callable, Iterable

from werkzeug.routing import Rule as Route
from werkzeug.wrappers import Request, Response

from twilio_sms_channel.simulator.errors import RestError
from twilio_sms_channel.simulator.models import Account
from twilio_sms_channel.simulator.rest.answers import V1, json_answer
from twilio_sms_channel.simulator.rest.context import Context
from twilio_sms_channel.simulator.signing import HASHES
from twilio_sms_channel.simulator.webhook_security import (
	DEFAULT,
	EXACT,
	PREFIX,
	AuthProfile,
	Rule,
	Setting,
	SharedKey,
	WebhookSecurity,
)

BASE = f"{V1}/Webhooks"
DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE = 50, 100
HELD = {"SharedKeys": "keys", "AuthProfiles": "profiles", "Settings": "settings", "Rules": "rules"}
"""resource → attribute of `WebhookSecurity`"""


def list_resources(context: Context, request: Request, account: Account, resource: str) -> Response:
	with context.world.lock:
		found = list(_held(account, resource, request).values())
	size = min(max(request.args.get("pageSize", DEFAULT_PAGE_SIZE, type=int), 1), MAX_PAGE_SIZE)
	start = request.args.get("pageToken", 0, type=int)
	key = resource[0].lower() + resource[1:]
	more = start + size < len(found)
	meta = {"key": key, "pageSize": size, "nextToken": str(start + size) if more else None}
	return json_answer({"meta": meta, key: [as_json(each) for each in found[start : start + size]]})


def fetch_resource(context: Context, request: Request, account: Account, resource: str, id: str) -> Response:
	return json_answer(as_json(_one(_held(account, resource, request), id, request)))


def delete_resource(context: Context, request: Request, account: Account, resource: str, id: str) -> Response:
	held = _held(account, resource, request)
	_one(held, id, request)
	del held[id]
	context.world.touch()
	return Response(status=202 if resource == "Rules" else 204)


def create_resource(context: Context, request: Request, account: Account, resource: str) -> Response:
	asked = request.get_json(silent=True)
	_held(account, resource, request)
	if not isinstance(asked, dict):
		raise RestError(20001, "body")
	security = account.webhook_security
	with context.world.lock:
		made = _MAKERS[resource](security, asked)
	context.world.touch()
	answer = as_json(made)
	if isinstance(made, SharedKey):
		answer["secret"] = made.secret
	return json_answer(
		{"rule": answer} if resource == "Rules" else answer, 202 if resource == "Rules" else 201
	)


def _held(account: Account, resource: str, request: Request) -> dict:
	if resource not in HELD:
		raise RestError(20404, request.path)
	return getattr(account.webhook_security, HELD[resource])


def _one(held: dict, id: str, request: Request):
	if id not in held:
		raise RestError(20404, request.path)
	return held[id]


def _make_key(security: WebhookSecurity, asked: dict) -> SharedKey:
	return security.add_key(asked.get("friendlyName") or "")


def _make_profile(security: WebhookSecurity, asked: dict) -> AuthProfile:
	names = {"friendlyName": "friendly_name", "username": "username", "password": "password"}
	fields = {ours: str(asked[theirs]) for theirs, ours in names.items() if asked.get(theirs)}
	return security.add_profile(str(asked.get("type") or ""), **fields)


def _make_setting(security: WebhookSecurity, asked: dict) -> Setting:
	signature, auth = asked.get("signature") or {}, asked.get("auth") or {}
	fields = {"friendly_name": asked.get("friendlyName") or "", "connection": asked.get("connection")}
	if signature:
		if signature.get("sharedKeyId") not in security.keys or signature.get("algorithm") not in HASHES:
			raise RestError(20001, "signature")
		fields |= {"key": security.keys[signature["sharedKeyId"]], "algorithm": signature["algorithm"]}
	if profile := auth.get("authProfileId"):
		if profile not in security.profiles:
			raise RestError(20001, "auth")
		fields["profile"] = security.profiles[profile]
	return security.add_setting(**fields)


def _make_rule(security: WebhookSecurity, asked: dict) -> Rule:
	kind, wanted = asked.get("matchType"), asked.get("settings") or []
	pattern = {EXACT: asked.get("value"), PREFIX: asked.get("prefix"), DEFAULT: ""}.get(kind)
	ids = [each.get("settingId") for each in wanted]
	if pattern is None or not ids or not set(ids) <= set(security.settings):
		raise RestError(20001, "matchType" if pattern is None else "settings")
	name = asked.get("friendlyName") or ""
	try:
		return security.add_rule(kind, pattern, *(security.settings[id] for id in ids), friendly_name=name)
	except ValueError as e:
		raise RestError(20001, str(e)) from None


_MAKERS: dict[str, Callable] = {
	"SharedKeys": _make_key,
	"AuthProfiles": _make_profile,
	"Settings": _make_setting,
	"Rules": _make_rule,
}


def as_json(resource: SharedKey | AuthProfile | Setting | Rule) -> dict:
	"""As the lists show it: without secrets."""
	common = {"id": resource.id, "friendlyName": resource.friendly_name}
	if isinstance(resource, AuthProfile):
		return {**common, "type": resource.type, "username": resource.username or None}
	if isinstance(resource, Setting):
		return {**common, **_setting_json(resource)}
	if isinstance(resource, Rule):
		return {
			**common,
			"matchType": resource.match_type,
			**({"value": resource.pattern} if resource.match_type == EXACT else {}),
			**({"prefix": resource.pattern} if resource.match_type == PREFIX else {}),
			"settings": [
				{"settingId": setting.id, "percentage": share} for setting, share in resource.settings
			],
		}
	return common


def _setting_json(setting: Setting) -> dict:
	auth: dict = {"source": "INLINE", "value": {"scheme": "NONE"}}
	if setting.profile:
		auth = {"source": "AUTH_PROFILE", "authProfileId": setting.profile.id}
	signature = None
	if setting.key:
		signature = {"type": "SHARED_KEY", "sharedKeyId": setting.key.id, "algorithm": setting.algorithm}
	return {"type": "CUSTOMER", "auth": auth, "signature": signature, "connection": setting.connection}


def _routes() -> Iterable[Route]:
	yield Route(f"{BASE}/<resource>", endpoint=list_resources, methods=["GET"])
	yield Route(f"{BASE}/<resource>", endpoint=create_resource, methods=["POST"])
	yield Route(f"{BASE}/<resource>/<id>", endpoint=fetch_resource, methods=["GET"])
	yield Route(f"{BASE}/<resource>/<id>", endpoint=delete_resource, methods=["DELETE"])


RULES = list(_routes())
