"""Whether contacts can be found by their numbers."""

from collections.abc import Iterator

from frappe import _

from twilio_sms_channel.doctor.findings import NOTICE, Finding
from twilio_sms_channel.people import contacts, countries


def check_contacts() -> Iterator[Finding]:
	"""Numbers that do not say which number they are."""
	count, some = contacts.unread()
	if not count:
		return
	country = countries.default_country()
	yield Finding(
		"contacts.unread",
		NOTICE,
		_("Phone numbers of contacts that cannot be read: {0}, for example of {1}.").format(
			count, ", ".join(some)
		),
		_("A message from such a number is not recognized: its contact is made a second time."),
		" ".join(
			(
				_("In the contact, write the number with its country code, for example +1 415 555 0132."),
				_("Numbers without a country code are read as numbers of {0}.").format(_(country))
				if country
				else _(
					"Or set Default Country in Twilio SMS Settings: numbers without a country code are read as numbers of that country."
				),
			)
		),
	)
