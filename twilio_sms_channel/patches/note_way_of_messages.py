import frappe

# Twilio's SIDs tell MMS from SMS; what came by RCS was noted on receipt, and nothing was sent by it.
_WAYS = """
	update `tabTwilio SMS Message`
	set way = case when webhook_notes like '%rcs:+%' then 'RCS' when twilio_sid like 'MM%' then 'MMS' else 'SMS' end
	where twilio_sid is not null and ifnull(way, '') = '' and customer_number not like '%:%'
"""


def execute():
	"""Show how the messages of an earlier version travelled."""
	# A constant: one statement for all of them.
	frappe.db.sql(_WAYS)  # nosemgrep
