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

# Callbacks come in any order and carry no time: a status may only be replaced by one further along.
# Read is the one status that still follows a final one (Delivered).
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
# What was to reach the customer and never will.
NOT_DELIVERED = ("Undelivered", "Failed", "Blocked")


def may_follow(status: str) -> list[str]:
	"""The statuses that `status` may replace."""
	if status == "Read":
		return [s for s in RANK if s not in FINAL] + ["Delivered"]
	return [s for s, rank in RANK.items() if rank < RANK[status]]
