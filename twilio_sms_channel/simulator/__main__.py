"""`python -m twilio_sms_channel.simulator`: practice mode without a bench."""

import argparse
import threading

from twilio_sms_channel.simulator import Simulator


def main() -> None:
	parser = argparse.ArgumentParser(prog="python -m twilio_sms_channel.simulator", description=__doc__)
	parser.add_argument("--port", type=int, default=8421)
	parser.add_argument("--account-sid", default="", help="made up when left out")
	parser.add_argument("--auth-token", default="", help="made up when left out")
	parser.add_argument("--number", action="append", help="one of our numbers; may be repeated")
	parser.add_argument("--short-code", action="append", help="one of our short codes; may be repeated")
	parser.add_argument("--rcs-sender", help="an RCS sender, e.g. rcs:example_agent; needs --service")
	parser.add_argument("--service", help="name of a Messaging Service that has all of these in its pool")
	parser.add_argument("--sms-url", default="", help="where inbound messages are announced")
	parser.add_argument("--speed", type=float, default=1.0, help="of outbound messages; 1 is about a second")
	parser.add_argument("--latency-s", type=float, default=0.0, help="how long every API answer takes")
	options = parser.parse_args()
	if options.rcs_sender and not options.service:
		parser.error("--rcs-sender needs --service")
	sim = Simulator(port=options.port, speed=options.speed, latency_s=options.latency_s)
	account = sim.add_account(options.account_sid, options.auth_token, is_shown=True)
	senders = {"sms_url": options.sms_url, "sms_fallback_url": options.sms_url}
	if options.service:
		senders["service_sid"] = sim.add_service(account.sid, friendly_name=options.service).sid
	for number in options.number or ["+14155550100"]:
		sim.add_number(account.sid, number, **senders)
	for code in options.short_code or []:
		sim.add_short_code(account.sid, code, **senders)
	if options.rcs_sender:
		sim.add_rcs_sender(account.sid, options.rcs_sender, **senders)
	with sim:
		print(
			f"Handsets: {sim.base_url}/   Account SID: {account.sid}   Auth token: {account.auth_token}",
			flush=True,
		)
		try:
			threading.Event().wait()
		except KeyboardInterrupt:
			pass


if __name__ == "__main__":
	main()
