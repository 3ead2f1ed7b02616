"""Pages of a list that are not as they should be, on demand."""

import json

from werkzeug.wrappers import Response

from twilio_sms_channel.simulator.faults import Faults


def damaged(faults: Faults, answer: Response, key: str) -> Response:
	"""A page of a list, or what a fault makes of it.

	:param key: of its items
	"""
	if faults.strikes("list_broken"):
		whole = answer.get_data(as_text=True)
		return Response(whole[: len(whole) // 2], content_type=answer.content_type)
	listed = json.loads(answer.get_data()) if faults["list_cut"].on else {}
	# One that cannot be cut is not: the fault waits for the next.
	if len(listed.get(key, ())) > 1 and faults.strikes("list_cut"):
		listed[key], listed["next_page_uri"] = listed[key][: len(listed[key]) // 2], None
		answer.set_data(json.dumps(listed))
	return answer
