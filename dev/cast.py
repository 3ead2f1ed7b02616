"""Who is in the demo: the shop's people, its teams, and the customers. Read by `make demo` and by the bench's Python."""

from __future__ import annotations

from dataclasses import dataclass

SHOP = "Fernhill Bikes"
# One password for all of them: the site answers on this machine alone.
PASSWORD = "ride with us"

# Practice mode's numbers, by the team that answers them.
ORDERS, WORKSHOP = "Orders", "Workshop"
NUMBERS = {ORDERS: "+14155550100", WORKSHOP: "+14155550101"}


@dataclass(frozen=True)
class Person:
	first_name: str
	last_name: str

	@property
	def name(self) -> str:
		return f"{self.first_name} {self.last_name}"


@dataclass(frozen=True)
class Colleague(Person):
	email: str
	team: str = ""


@dataclass(frozen=True)
class Customer(Person):
	number: str
	company: str = ""


ADMIN = Colleague("Maya", "Chen", "maya@fernhill.example")
TOM = Colleague("Tom", "Baker", "tom@fernhill.example", ORDERS)
LUCIA = Colleague("Lucia", "Romero", "lucia@fernhill.example", WORKSHOP)
AGENTS = (TOM, LUCIA)
# Where the e-mails of the shop come from.
SENDER = "hello@fernhill.example"

# The story is about her.
ANN = Customer("Ann", "Miller", "+14155550132", "Miller Bakery")
ANNS_ADDRESS = "ann.miller@example.com"

BOB = Customer("Bob", "Okafor", "+12125550187", "Okafor Couriers")
DIEGO = Customer("Diego", "Alvarez", "+13105550164")
LENA = Customer("Lena", "Fischer", "+14155550147", "Harbor Café")
MEI = Customer("Mei", "Tanaka", "+12065550119")
PRIYA = Customer("Priya", "Shah", "+447700900123", "Shah & Daughters")
# Has a login, and sees the tickets of her company.
PRIYAS_ADDRESS = "priya@shah.example"
CUSTOMERS = (BOB, DIEGO, LENA, MEI, PRIYA)

SAVED_REPLIES = {
	"Order is on its way": "<p>Good news: your order has left our warehouse and arrives within two days.</p>",
	"Opening hours": "<p>We are open Monday to Saturday, 9 am to 6 pm.</p>",
	"Ready to collect": "<p>Your bike is ready. You can collect it until 6 pm today, or any day from 9 am.</p>",
	"Please send a picture": "<p>Could you send us a picture of it? A photo in this conversation is enough.</p>",
}
