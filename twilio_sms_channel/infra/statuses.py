"""Twilio's message statuses in this app's words, and which may follow which.

Source: the `message_enum_status` list of Twilio's OpenAPI description.
"""

OUR_STATUS = {
	"accepted": "Accepted",
	"queued": "Accepted",
	"scheduled": "Accepted",
	"sending": "Accepted",
	"sent": "Sent",
	"partially_delivered": "Sent",
	"delivered": "Delivered",
	"read": "Read",
	"undelivered": "Undelivered",
	"failed": "Failed",
	"canceled": "Canceled",
}

# Twilio's word for a message that it has accepted and sends later.
HELD = "scheduled"

# Callbacks come in any order and carry no time: a status may only be replaced by one further along.
# What has arrived counts also after a network gave it back, as some report first; and Read follows Delivered.
RANK = {
	"Queued": 0,
	"Sending": 1,
	"Unconfirmed": 2,
	"Accepted": 3,
	"Sent": 4,
	"Delivered": 5,
	"Undelivered": 5,
	"Failed": 5,
	"Blocked": 5,
	"Canceled": 5,
	"Read": 6,
}

FINAL = ("Delivered", "Undelivered", "Failed", "Blocked", "Canceled", "Read")
# It is on the phone.
ARRIVED = ("Delivered", "Read")
# What was to reach the customer and never will.
NOT_DELIVERED = ("Undelivered", "Failed", "Blocked")
GIVEN_BACK = ["Undelivered", "Failed"]


def is_held(message) -> bool:
	"""Whether Twilio has accepted a message and holds it back.

	:param message: `status` and `twilio_status` of a Twilio SMS Message
	"""
	return message.status == "Accepted" and message.twilio_status == HELD


def may_follow(status: str) -> list[str]:
	"""The statuses that `status` may replace."""
	earlier = [s for s, rank in RANK.items() if rank < RANK[status] and s not in FINAL]
	if status == "Delivered":
		return earlier + GIVEN_BACK
	if status == "Read":
		return [*earlier, *GIVEN_BACK, "Delivered"]
	return earlier
