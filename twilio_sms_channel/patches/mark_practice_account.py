import frappe

from twilio_sms_channel.practice import ACCOUNT, NUMBER, NUMBERS


def execute():
	"""Practice mode's account was known by its name. One of that name with none of its numbers is somebody's own."""
	for account in frappe.get_all(
		NUMBER, {"name": ("in", list(NUMBERS)), "account": "Practice"}, pluck="account"
	):
		frappe.db.set_value(ACCOUNT, account, "is_practice", 1, update_modified=False)
