"""What was written in the month before the demo: `plant_month.py` puts it into the site."""

from __future__ import annotations

from dataclasses import dataclass

from cast import BOB, DIEGO, LENA, LUCIA, MEI, ORDERS, PRIYA, TOM, WORKSHOP, Colleague, Customer

# Where nothing is said of what became of a reply, it was delivered.
DELIVERED, READ, OUT_OF_REACH, FILTERED, UNDECIDED = "delivered", "read", "30003", "30007", "undecided"
RCS, NOT_BY_RCS = "RCS", "not by RCS"


@dataclass(frozen=True)
class Line:
	minutes: float
	"""after the line before"""
	body: str
	is_ours: bool = False
	picture: str = ""
	fate: str = DELIVERED
	way: str = ""
	"""RCS; of ours NOT_BY_RCS where it was tried in vain; "" for SMS or MMS"""
	button: str = ""
	"""the payload of the button that the customer tapped; the words are those on it"""


@dataclass(frozen=True)
class Talk:
	customer: Customer
	team: str
	begins: tuple[int, str] | int
	"""days before today and a time of day; for today so many minutes ago"""
	lines: tuple[Line, ...]
	agent: Colleague = TOM
	is_resolved: bool = True


def them(minutes: float, body: str, picture: str = "", way: str = "", button: str = "") -> Line:
	return Line(minutes, body, picture=picture, way=way, button=button)


def us(minutes: float, body: str, picture: str = "", fate: str = DELIVERED, way: str = "") -> Line:
	return Line(minutes, body, True, picture, fate, way)


TALKS = (
	Talk(
		BOB,
		ORDERS,
		(30, "09:12"),
		(
			them(0, "Hi, do you deliver cargo bikes to Brooklyn? We would need two."),
			us(11, "Hi Bob, yes, we do. Delivery to Brooklyn is free from two bikes on."),
			us(2, "This is the one most couriers take.", "bike"),
			them(25, "Looks right. I'll order today, thanks!"),
			us(6, "Great, we will text you when they leave our warehouse.", fate=READ),
		),
	),
	Talk(
		MEI,
		WORKSHOP,
		(28, "10:40"),
		(
			them(0, "My rear brake squeals since the rain last week. Do I need an appointment?"),
			us(18, "No appointment needed for brakes, Mei. Bring it in any day before noon."),
			them(9, "Perfect, tomorrow then."),
			us(4, "See you tomorrow!"),
		),
		LUCIA,
	),
	Talk(
		PRIYA,
		ORDERS,
		(27, "13:05"),
		(
			them(0, "Hello from London! Is order 4588 on its way?"),
			us(42, "Hello Priya, it left on Monday. Customs takes two to three days."),
			them(4, "Thank you, very kind."),
			us(7, "Any time, Priya.", fate=READ),
		),
	),
	Talk(
		LENA,
		ORDERS,
		(25, "08:55"),
		(
			them(0, "The basket in my parcel is broken.", "parcel", RCS),
			us(35, "I am sorry, Lena. Shall we send a new basket, or pay it back?", fate=READ, way=RCS),
			# The shop's own programs sent a card with buttons.
			them(12, "New basket", way=RCS, button="replace_basket"),
			us(3, "With pleasure. It goes out today, and you can keep the old one.", fate=READ, way=RCS),
			us(300, "The new basket is on its way. Have a good ride!", way=NOT_BY_RCS),
		),
	),
	Talk(
		DIEGO,
		WORKSHOP,
		(23, "15:20"),
		(
			them(0, "How long does a full service take at the moment?"),
			us(64, "About three days, Diego. It costs $120 including new brake pads."),
			them(90, "OK, I'll come by on Saturday."),
			us(8, "Saturday is fine. We close at 6 pm."),
		),
		LUCIA,
	),
	Talk(
		BOB,
		ORDERS,
		(21, "11:30"),
		(
			them(0, "Order 4602: one of the two locks is missing."),
			us(15, "Sorry about that, Bob. Which address shall we send it to?"),
			them(7, "Same as the bikes, please."),
			us(5, "Done. It arrives on Thursday.", fate=READ),
		),
	),
	Talk(
		MEI,
		WORKSHOP,
		(18, "09:02"),
		(
			them(0, "Is my bike ready? It's the green one."),
			us(22, "It is! New pads front and rear, and the chain is cleaned.", "bike"),
			them(3, "It shines. I'll come at 5."),
			us(5, "We will have it at the door."),
		),
		LUCIA,
	),
	Talk(
		LENA,
		ORDERS,
		(16, "14:10"),
		(
			them(0, "Can I change the colour of order 4633 to blue?"),
			us(130, "It has already been packed, Lena, but we can swap it in the shop for free."),
			them(20, "Good, I'll do that."),
			us(9, "Fine, see you then."),
		),
	),
	Talk(
		PRIYA,
		ORDERS,
		(14, "10:15"),
		(
			them(0, "The tyres are wonderful, but the invoice has the wrong company name."),
			us(55, "Thank you for telling us, Priya. Which name should it have?"),
			them(16, "Shah & Daughters Ltd."),
			us(21, "Corrected. You will find the new one in your account."),
		),
	),
	Talk(
		DIEGO,
		WORKSHOP,
		(12, "12:00"),
		(
			them(0, "Do you rent out bikes for a weekend?"),
			us(38, "We do, Diego: $45 a day, helmets included."),
			them(6, "Two please, for the 14th and 15th."),
			us(10, "Reserved. This is what you get.", "bike"),
			them(2, "👍"),
			us(12, "Have a good weekend!", fate=READ),
		),
		LUCIA,
	),
	Talk(
		BOB,
		ORDERS,
		(9, "16:45"),
		(
			them(0, "We need five more of them. Can you make an offer?"),
			us(25, "With pleasure, valid until the end of the month: bit.ly/five-bikes", fate=FILTERED),
			us(9, "Bob, the link did not get through: five bikes are $11,900, including the locks."),
			them(52, "I'll ask my boss. Thanks!"),
			us(6, "Take your time."),
		),
	),
	Talk(
		MEI,
		ORDERS,
		(8, "10:22"),
		(
			them(0, "You text me too often. I only wanted to know about my brakes."),
			us(31, "I am sorry, Mei. We only answer what you write to us."),
			them(2, "STOP"),
		),
	),
	Talk(
		LENA,
		WORKSHOP,
		(6, "09:35"),
		(
			them(0, "My front light flickers. Is that a warranty case?"),
			us(48, "Most likely, Lena. Could you send us a picture of the cable?"),
			them(33, "Here it is.", "cable"),
			us(14, "That plug is loose. Push it in until it clicks."),
			them(5, "It works! Thank you."),
			us(3, "Great. Ride safely!"),
		),
		LUCIA,
	),
	Talk(
		PRIYA,
		ORDERS,
		(4, "11:08"),
		(
			them(0, "Do you have the big pannier in black?"),
			us(19, "Yes, two of them. Shall I put one aside?"),
			them(8, "Yes please, and one for my daughter."),
			us(4, "Both are yours. Order 4701."),
		),
	),
	Talk(
		DIEGO,
		ORDERS,
		(3, "15:50"),
		(
			them(0, "I was promised a refund for order 4655."),
			us(85, "I have looked it up, Diego: it was paid back on Monday and takes three days."),
			them(14, "OK, I'll wait until Friday. And no more texts about offers, please."),
		),
		is_resolved=False,
	),
	Talk(
		LENA,
		ORDERS,
		(1, "16:20"),
		(
			them(0, "When is my parcel ready? Be quick, my battery is at 1 percent."),
			us(22, "It is here, Lena. You can collect it until 6 pm.", fate=OUT_OF_REACH),
		),
		is_resolved=False,
	),
	Talk(
		BOB,
		WORKSHOP,
		190,
		(
			them(0, "One of the cargo bikes pulls to the left. Can somebody look at it this week?"),
			us(26, "Yes. Tomorrow at 9, or Friday at 2 pm?", fate=READ),
			them(41, "Tomorrow at 9 is good."),
		),
		LUCIA,
		is_resolved=False,
	),
	Talk(
		DIEGO,
		WORKSHOP,
		75,
		(
			them(0, "The rental bikes were great. Do you sell the grey one?"),
			us(12, "We can, for $480. Shall I hold it for you?", fate=UNDECIDED),
		),
		LUCIA,
		is_resolved=False,
	),
	Talk(
		PRIYA,
		ORDERS,
		38,
		(them(0, "Order 4701 has arrived, but the box is open and one pannier is missing.", "parcel"),),
		is_resolved=False,
	),
	Talk(
		LENA,
		WORKSHOP,
		14,
		(them(0, "Hi Lucia, my light is flickering again. Can I come by today?"),),
		LUCIA,
		is_resolved=False,
	),
)
