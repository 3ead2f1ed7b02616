"""Who may read and do what with the three texts."""

from dataclasses import dataclass

MESSAGE, CONVERSATION, MEDIA = "Twilio SMS Message", "Twilio SMS Conversation", "Twilio SMS Media"
NORTH, SOUTH, OPEN = "north", "south", "open"
SECRETS = {NORTH: "Zanzibar parcel", SOUTH: "Yokohama parcel", OPEN: "Valparaiso parcel"}
NOBODYS, ALL = set(), {NORTH, SOUTH, OPEN}
# Of whose tickets somebody may use the agents' endpoints, read our documents, read Communications, and see the ticket as
# Helpdesk's screen and portal show it; the last column is the set-up: accounts, consent, rejected webhooks, settings.
WHO = {
	#                             endpoints           documents       Communications  ticket          set-up
	"agent of the north":         ({NORTH, OPEN}, {NORTH, OPEN}, {NORTH, OPEN}, {NORTH, OPEN}, False),
	"agent manager of the north": ({NORTH, OPEN}, {NORTH, OPEN}, {NORTH, OPEN}, {NORTH, OPEN}, False),
	"agent of the south":         ({SOUTH, OPEN}, {SOUTH, OPEN}, {SOUTH, OPEN}, {SOUTH, OPEN}, False),
	"agent without a team":       ({OPEN},        {OPEN},        {OPEN},        {OPEN},        False),
	# Looks after the channel, and is no agent: Helpdesk shows them no tickets.
	"system manager":             (NOBODYS,       ALL,           NOBODYS,       NOBODYS,       True),
	# Of the northern ticket, on the portal.
	"customer":                   (NOBODYS,       NOBODYS,       NOBODYS,       {NORTH},       False),
	"other customer":             (NOBODYS,       NOBODYS,       NOBODYS,       NOBODYS,       False),
	"desk user":                  (NOBODYS,       NOBODYS,       NOBODYS,       NOBODYS,       False),
	"guest":                      (NOBODYS,       NOBODYS,       NOBODYS,       NOBODYS,       False),
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
