"""What Frappe's scheduler has done each minute, more often and in one process: the sweep, again and again."""

import os
import time
import traceback

import frappe

EVERY_S = float(os.environ["TWILIO_SMS_SWEEP_EVERY_S"])

while True:
	time.sleep(EVERY_S)
	try:
		frappe.init(site=os.environ["TWILIO_SMS_SITE"], sites_path=".")
		frappe.connect()
		frappe.get_attr("twilio_sms_channel.messaging.upkeep.sweep.run")()
		frappe.db.commit()
	except Exception:
		# A job of the scheduler's that fails is done again with the next tick.
		traceback.print_exc()
	finally:
		frappe.destroy()
