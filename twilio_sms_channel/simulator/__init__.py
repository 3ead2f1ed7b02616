"""Practice mode: a local stand-in for Twilio, with handsets in a web page.

	with Simulator() as sim:
		account = sim.add_account()
		sim.add_number(account.sid, "+14155550100", sms_url="http://127.0.0.1:8000/…")
		sim.text(from_="+14155550132", to="+14155550100", body="Hello")

It needs no site and no Frappe. docs/simulator.md tells the rest.
"""

from twilio_sms_channel.simulator.faults import FAULTS, Faults
from twilio_sms_channel.simulator.models import (
	KINDS,
	Account,
	Alert,
	Content,
	Media,
	Message,
	MessagingService,
	Notice,
	PhoneNumber,
	RestRequest,
	WebhookAttempt,
)
from twilio_sms_channel.simulator.signing import sign
from twilio_sms_channel.simulator.simulator import Simulator

__all__ = [
	"FAULTS",
	"KINDS",
	"Account",
	"Alert",
	"Content",
	"Faults",
	"Media",
	"Message",
	"MessagingService",
	"Notice",
	"PhoneNumber",
	"RestRequest",
	"Simulator",
	"WebhookAttempt",
	"sign",
]
