"""Media of messages (https://www.twilio.com/docs/messaging/api/media-resource)."""

from werkzeug.routing import Rule
from werkzeug.wrappers import Request, Response

from twilio_sms_channel.simulator.errors import RestError
from twilio_sms_channel.simulator.models import Account, Media
from twilio_sms_channel.simulator.rest.answers import API, json_answer, page, rfc2822
from twilio_sms_channel.simulator.rest.context import Context
from twilio_sms_channel.simulator.rest.messages import message_of
from twilio_sms_channel.simulator.world import World


def list_media(context: Context, request: Request, account: Account, sid: str) -> Response:
	message = message_of(context.world, request, account, sid)
	with context.world.lock:
		return page(
			request, "media_list", [m for m in message.media if m.sid in context.world.media], media_json
		)


def fetch_media(context: Context, request: Request, account: Account, sid: str, media_sid: str) -> Response:
	return json_answer(media_json(_media(context.world, request, account, sid, media_sid)))


def fetch_content(context: Context, request: Request, account: Account, sid: str, media_sid: str) -> Response:
	media = _media(context.world, request, account, sid, media_sid)
	if context.faults.strikes("media_missing"):
		raise RestError(20404, request.path)
	return Response(status=307, headers={"Location": context.media_location(media)})


def delete_media(context: Context, request: Request, account: Account, sid: str, media_sid: str) -> Response:
	media = _media(context.world, request, account, sid, media_sid)
	with context.world.lock:
		del context.world.media[media.sid]
		context.world.messages[sid].num_media -= 1
	context.world.touch()
	return Response(status=204)


def media_json(media: Media) -> dict:
	return {
		"account_sid": media.account_sid,
		"content_type": media.content_type,
		"date_created": rfc2822(media.created),
		"date_updated": rfc2822(media.created),
		"parent_sid": media.message_sid,
		"sid": media.sid,
		"uri": f"{API}/{media.account_sid}/Messages/{media.message_sid}/Media/{media.sid}.json",
	}


def _media(world: World, request: Request, account: Account, sid: str, media_sid: str) -> Media:
	media = world.media.get(media_sid)
	if not media or media.message_sid != message_of(world, request, account, sid).sid:
		raise RestError(20404, request.path)
	return media


_LIST = f"{API}/<sid:account_sid>/Messages/<sid:sid>/Media.json"
_ONE = f"{API}/<sid:account_sid>/Messages/<sid:sid>/Media/<sid:media_sid>.json"
_CONTENT = f"{API}/<sid:account_sid>/Messages/<sid:sid>/Media/<sid:media_sid>"
RULES = [
	Rule(_LIST, endpoint=list_media, methods=["GET"]),
	Rule(_ONE, endpoint=fetch_media, methods=["GET"]),
	Rule(_ONE, endpoint=delete_media, methods=["DELETE"]),
	Rule(_CONTENT, endpoint=fetch_content, methods=["GET"]),
	Rule(_CONTENT, endpoint=delete_media, methods=["DELETE"]),
]
