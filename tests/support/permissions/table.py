"""Who may read and do what with the three texts, on each ticket system."""

from dataclasses import dataclass

MESSAGE, CONVERSATION, MEDIA = "Twilio SMS Message", "Twilio SMS Conversation", "Twilio SMS Media"
NORTH, SOUTH, OPEN = "north", "south", "open"
# Of this one the ticket was deleted.
GONE = "gone"
SECRETS = {NORTH: "Zanzibar parcel", SOUTH: "Yokohama parcel", OPEN: "Valparaiso parcel"}
NOBODYS, ALL = set(), {NORTH, SOUTH, OPEN}
NOTHING = (NOBODYS, NOBODYS, NOBODYS, NOBODYS, False)
SYSTEM_MANAGER, ELSEWHERE = "system manager", "agent of the other ticket system"
# Of whose tickets somebody may use the agents' endpoints, read our documents, read Communications, and see the ticket as
# the ticket system's screen and portal show it; the last column is the set-up: accounts, consent, rejected webhooks,
# settings.
EVERYWHERE = {
	# Looks after the channel, and is no agent: the ticket system shows them no tickets.
	SYSTEM_MANAGER: (NOBODYS, ALL, NOBODYS, NOBODYS, True),
	"other customer": NOTHING,
	"desk user": NOTHING,
	"guest": NOTHING,
}
HELPDESK = {
	#                             endpoints           documents       Communications  ticket          set-up
	"agent of the north":         ({NORTH, OPEN}, {NORTH, OPEN}, {NORTH, OPEN}, {NORTH, OPEN}, False),
	"agent manager of the north": ({NORTH, OPEN}, {NORTH, OPEN}, {NORTH, OPEN}, {NORTH, OPEN}, False),
	"agent of the south":         ({SOUTH, OPEN}, {SOUTH, OPEN}, {SOUTH, OPEN}, {SOUTH, OPEN}, False),
	"agent without a team":       ({OPEN},        {OPEN},        {OPEN},        {OPEN},        False),
	# Of the northern ticket, on the portal.
	"customer":                   (NOBODYS,       NOBODYS,       NOBODYS,       {NORTH},       False),
	**EVERYWHERE,
}  # fmt: skip
# In ERPNext the north and the south are customers, and Communications are listed by whoever has the role Inbox User.
ERPNEXT = {
	#                             endpoints           documents       Communications  ticket          set-up
	"support team":               (ALL,           ALL,           NOBODYS,       ALL,           False),
	"support team with an inbox": (ALL,           ALL,           ALL,           ALL,           False),
	# By User Permissions.
	"support team of the north":  ({NORTH, OPEN}, {NORTH, OPEN}, {NORTH, OPEN}, {NORTH, OPEN}, False),
	"support team of the south":  ({SOUTH, OPEN}, {SOUTH, OPEN}, {SOUTH, OPEN}, {SOUTH, OPEN}, False),
	# Roles that the site gave Issue: to change, and to read.
	"clerk":                      (ALL,           ALL,           NOBODYS,       ALL,           False),
	"reader":                     (NOBODYS,       NOBODYS,       ALL,           ALL,           False),
	# The northern Issue is shared with them, and they may list Communications.
	"colleague with a share":     (NOBODYS,       NOBODYS,       {NORTH},       {NORTH},       False),
	# Texts are not on ERPNext's portal.
	"customer":                   NOTHING,
	**EVERYWHERE,
}  # fmt: skip
ENDPOINTS, DOCUMENTS, COMMUNICATIONS, TICKET, SET_UP = range(5)


@dataclass
class Text:
	"""A text with a picture, and what it is stored as."""

	team: str
	secret: str
	ticket: str
	message: str
	conversation: str
	communication: str
	contact: str
	customer_number: str
	number: str
	media: str
	file: str
	file_url: str
