"""Where to go on a site that is served, and as whom: the start page, and the end of what is printed."""

from __future__ import annotations

from cast import ADMIN, AGENTS, PASSWORD, PRIYA, PRIYAS_ADDRESS, SHOP
from demo_desks import DEMO_DESKS
from layout import ADMIN_PASSWORD, desk_of
from start_page import Card, Guide, Login, Place

WORKSPACE, GUIDED_PAGE = "/app/twilio-sms", "/app/twilio-sms-setup"
REAL = "Frappe, Desk, the database, the workers, and this app, which does not know that it is in a demo."
TWILIO = "Twilio. A simulator on this machine plays it, with the customers' phones; nothing is sent and nothing costs."


def to_demo(site: str, web: str, simulator: str, ticket: str) -> Guide:
	"""
	:param ticket: that of the story, "" where it was not told to its end
	"""
	desk = DEMO_DESKS[desk_of(site)]
	admin = Login(ADMIN.name, "administrator", ADMIN.email, PASSWORD)
	agents = tuple(Login(agent.name, f"agent, {agent.team}", agent.email, PASSWORD) for agent in AGENTS)
	tickets = f"{desk.word}s".capitalize()
	customer = Login(PRIYA.name, "customer", PRIYAS_ADDRESS, PASSWORD)
	of_story = (Place("Ann's " + desk.word, web + desk.page_of(ticket), agents[0]),) if ticket else ()
	return Guide(
		title=f"{SHOP}: a demo of Twilio SMS Channel",
		lead="A bicycle shop with two teams, five customers and a month of text messages. Text it from a customer's phone, "
		"answer as an agent in another tab, and watch the answer arrive on the phone.",
		cards=(
			Card(
				"Text as a customer",
				f"The phones of the customers, and what happens at Twilio meanwhile. {PRIYA.name} has a login to the portal as well.",
				(Place("Handsets", simulator), Place("Portal", web + desk.portal, customer)),
			),
			Card(
				"Answer as an agent",
				f"{AGENTS[0].name} answers for {AGENTS[0].team}. One click logs in.",
				(*of_story, Place(tickets, web + desk.page, agents[0])),
			),
			Card(
				"Look around as the administrator",
				f"{ADMIN.name} sees traffic, costs and what was not delivered, and connects accounts and numbers.",
				(
					Place("Workspace", web + WORKSPACE, admin),
					Place("Guided page", web + GUIDED_PAGE, admin),
					Place("Mailbox", f"{web}/mailbox"),
				),
			),
		),
		logins=(admin, *agents, customer),
		real=REAL,
		stand_ins=(TWILIO, desk.stand_in),
	)


def to_empty_site(site: str, web: str, simulator: str) -> Guide:
	desk = DEMO_DESKS[desk_of(site)]
	admin = Login("Administrator", "sets up the site", "Administrator", ADMIN_PASSWORD)
	return Guide(
		title="An empty site: connect Twilio",
		lead="Connect practice mode's account as you would connect Twilio's: copy its SID and auth token from the page with the "
		"phones into the guided page, import the numbers, then text one of them from a phone.",
		cards=(
			Card(
				"1. Copy the SID and token",
				"On the right of the page with the phones, under Our account.",
				(Place("Handsets", simulator),),
			),
			Card(
				"2. Connect Twilio",
				"The guided page asks for both, then for the numbers to import.",
				(Place("Guided page", web + GUIDED_PAGE, admin),),
			),
			Card(
				"3. Text the number",
				"Type on a phone; the message becomes a ticket.",
				(Place(f"{desk.word}s".capitalize(), web + desk.page, admin),),
			),
		),
		logins=(admin,),
		real=REAL,
		stand_ins=(TWILIO, desk.stand_in),
	)
