from frappe.custom.doctype.custom_field.custom_field import create_custom_fields

from twilio_sms_channel.install import CONTACT_FIELDS
from twilio_sms_channel.people import contacts


def execute():
	"""Numbers that people entered in their own profiles prove nothing, see `contacts`."""
	create_custom_fields(CONTACT_FIELDS)
	contacts.mark_self_entered()
