"""Which Contact a phone number belongs to.

Contacts hold numbers in every spelling. A hidden E.164 copy of each (`Contact Phone.twilio_sms_e164`, indexed) is kept
by a hook on Contact, so that finding one is an exact look-up and never picks somebody whose number only looks alike.

A number that people enter in their own profile proves nothing: whoever enters a stranger's would read the stranger's messages
on the portal. Such a number (`Contact Phone.twilio_sms_self_entered`) finds nobody until an agent says who it is.
"""

from email.utils import getaddresses

import frappe
from frappe.utils import validate_email_address, validate_phone_number

from twilio_sms_channel.infra import jobs
from twilio_sms_channel.people import countries, phone

BACKFILL_BATCH = 1000
# Default of the site that says as of which country the copies were made, and by which rules.
READ_AS = "twilio_sms_numbers_read_as"
# To be raised when `phone.e164` reads numbers in another way.
SPELLINGS = 3
MAX_EXTENSION_DIGITS = 8
SELF_ENTERED = "twilio_sms_self_entered"


def find(number: str) -> str | None:
	"""The one Contact with this number; None when there is none, or several of different people.

	:param number: E.164
	"""
	names = _with(number, limit=2)
	return names[0] if len(names) == 1 else None


def sharing(number: str, limit: int = 10) -> list[str]:
	"""The Contacts that share a number, [] when at most one has it.

	:param number: E.164, or a sender that is no phone number
	"""
	names = _with(number, limit)
	return names if len(names) > 1 else []


def entered_by_themselves(number: str, limit: int = 10) -> list[str]:
	"""The Contacts that say of themselves that a number is theirs.

	:param number: E.164, or a sender that is no phone number
	"""
	return _with(number, limit, self_entered=1)


def _with(number: str, limit: int, self_entered: int = 0) -> list[str]:
	return frappe.get_all(
		"Contact Phone",
		filters={"twilio_sms_e164": number, "parenttype": "Contact", SELF_ENTERED: self_entered},
		pluck="parent",
		distinct=True,
		order_by="parent",
		limit=limit,
	)


def find_or_create(number: str) -> str | None:
	"""The Contact of a customer's number, made when nobody has it.

	None for senders that are no phone numbers, and for a number that several contacts share: which of them wrote is
	for a person to decide.
	"""
	if not phone.is_answerable(number):
		return None
	if names := _with(number, limit=2):
		return names[0] if len(names) == 1 else None
	# Named by its number until an agent renames it. The name is unique: of two messages at the same moment, to two of
	# our numbers, one makes the contact and the other one starts again and finds it.
	contact = frappe.new_doc("Contact")
	contact.first_name = phone.display(number)
	contact.append("phone_nos", {"phone": number, "is_primary_mobile_no": 1})
	# ERPNext would look for calls of the number, and commit.
	contact.flags.ignore_auto_link_call_log = True
	# What a site asks people to fill in, a machine does not know.
	return contact.insert(ignore_permissions=True, ignore_mandatory=True).name


def exists(contact: str | None) -> bool:
	return bool(contact and frappe.db.exists("Contact", contact))


def numbers_of(contact: str | None) -> list[str]:
	"""The contact's phone numbers in E.164, mobile numbers first; [] for none."""
	if not contact:
		return []
	rows = frappe.get_all(
		"Contact Phone",
		filters={"parent": contact, "parenttype": "Contact", "twilio_sms_e164": ("is", "set")},
		pluck="twilio_sms_e164",
		order_by="is_primary_mobile_no desc, idx",
	)
	return list(dict.fromkeys(rows))


def add_number(contact: str, number: str) -> None:
	"""Give a contact a number that nobody has yet. One that people entered of themselves proves no more than before.

	:param number: E.164
	"""
	if number in numbers_of(contact) or _with(number, limit=1):
		return
	doc = frappe.get_doc("Contact", contact)
	doc.append("phone_nos", {"phone": phone.display(number)})
	doc.flags.ignore_mandatory = doc.flags.ignore_links = True
	doc.save(ignore_permissions=True)


def confirm_number(contact: str, number: str) -> bool:
	"""An agent says that a number is this contact's. Whether the contact had entered it before.

	:param number: E.164
	"""
	entered = {"parent": contact, "parenttype": "Contact", "twilio_sms_e164": number, SELF_ENTERED: 1}
	if not frappe.db.exists("Contact Phone", entered):
		return False
	frappe.db.set_value("Contact Phone", entered, SELF_ENTERED, 0)
	frappe.clear_document_cache("Contact", contact)
	return True


def email_of(contact: str | None) -> str:
	"""The contact's valid e-mail address, "" without one."""
	return mailable(contact and frappe.db.get_value("Contact", contact, "email_id"))


def mailable(address: str | None) -> str:
	"""An address that a customer can be mailed at, "" when it is none: invalid, or the helpdesk's own."""
	valid = one_address(address or "")
	return valid if valid and not is_ours(valid) else ""


def one_address(text: str) -> str:
	"""The e-mail address in "ann@example.com" or "Ann <ann@example.com>"; "" for none, and for several.

	Frappe takes a list for an address as well, and an address of ours in it would be mailed like the others.
	"""
	found = [address for _name, address in getaddresses([text.strip()])]
	if len(found) != 1 or not text.strip().isprintable():
		return ""
	(address,) = found
	# Python joins words that stand apart: what was not written so is none.
	return address if address in text and validate_email_address(address) == address else ""


def is_ours(address: str) -> bool:
	"""Whether it is the address of one of the site's e-mail accounts: what is sent there comes in again."""
	return bool(frappe.db.exists("Email Account", {"email_id": address.strip()}))


def emails_of(contact: str) -> list[str]:
	"""The contact's e-mail addresses, in small letters."""
	rows = frappe.get_all("Contact Email", {"parent": contact, "parenttype": "Contact"}, pluck="email_id")
	return [address.lower() for address in rows if address]


def find_by_email(address: str) -> str | None:
	"""The one Contact with this e-mail address; None when there is none, or several."""
	if not address:
		return None
	names = frappe.get_all(
		"Contact Email",
		{"email_id": address, "parenttype": "Contact"},
		pluck="parent",
		distinct=True,
		order_by="parent",
		limit=2,
	)
	return names[0] if len(names) == 1 else None


def add_email(contact: str, address: str) -> None:
	"""Give a contact an e-mail address; the first one is the one that it is mailed at."""
	known = emails_of(contact)
	if address.lower() in known:
		return
	doc = frappe.get_doc("Contact", contact)
	doc.add_email(address, is_primary=not known)
	doc.flags.ignore_mandatory = doc.flags.ignore_links = True
	doc.save(ignore_permissions=True)


def linked(contact: str | None, doctype: str) -> str | None:
	"""The document of a DocType that a contact is linked to, the first one that is still there."""
	if not contact:
		return None
	links = {"parenttype": "Contact", "parent": contact, "link_doctype": doctype}
	names = frappe.get_all("Dynamic Link", links, pluck="link_name", order_by="idx")
	return next((name for name in names if frappe.db.exists(doctype, name)), None)


def full_name(contact: str | None) -> str:
	"""How the contact is called, "" for none."""
	if not contact:
		return ""
	names = frappe.db.get_value("Contact", contact, ["first_name", "last_name"]) or ()
	return " ".join(n for n in names if n)


def clean(contact, method: str | None = None) -> None:
	"""Hook on Contact.before_validate: take off what was pasted with a number, which Frappe would refuse."""
	for row in contact.get("phone_nos") or []:
		if row.phone and not validate_phone_number(row.phone):
			row.phone = phone.typed(row.phone)


def keep_e164(contact, method: str | None = None) -> None:
	"""Hook on Contact.validate: keep the E.164 copy of each number, and whether people entered it of themselves."""
	rows = contact.get("phone_nos") or []
	if not rows:
		return
	region, before = countries.default_region(), contact.get_doc_before_save()
	known = {row.name: row for row in (before.phone_nos if before else ())}
	by_themselves = int(_is_about_themselves(contact, before))
	for row in rows:
		row.twilio_sms_e164 = phone.e164(row.phone, region)
		old = known.get(row.name)
		is_same = old and phone.e164(old.phone, region) == row.twilio_sms_e164
		row.set(SELF_ENTERED, old.get(SELF_ENTERED) if is_same else by_themselves)


def _is_about_themselves(contact, before) -> bool:
	"""Whether the session user is no member of staff, or the contact is their own."""
	user = frappe.session.user
	if user == "Administrator":
		return False
	if frappe.get_cached_value("User", user, "user_type") != "System User":
		return True
	return any(
		user == each.user or user in [row.email_id for row in each.email_ids]
		for each in (contact, before)
		if each
	)


def mark_self_entered() -> None:
	"""Mark the numbers that people entered of themselves before this app kept that."""
	# One statement, however many contacts there are: it runs once, at an installation or an upgrade.
	frappe.db.sql(  # nosemgrep
		"""update `tabContact Phone` phone
		join `tabContact` contact on contact.name = phone.parent and phone.parenttype = 'Contact'
		left join `tabUser` user on user.name = phone.owner
		set phone.twilio_sms_self_entered = 1
		where ifnull(user.user_type, '') = 'Website User' or phone.owner in ('Guest', contact.user)"""
	)


def read_again_if_needed(doc=None, method: str | None = None) -> bool:
	"""Have all copies made anew when numbers without a country code belong to another country than they did.

	Hook on the documents that say which country the site is in; called after each migration and once a day as well.
	True when it is done.
	"""
	if (frappe.db.get_default(READ_AS) or "") == _read_as():
		return False
	if not frappe.db.has_column("Contact Phone", "twilio_sms_e164"):
		# While the app is installed, Frappe saves its settings before the copies have a place.
		return False
	jobs.enqueue_after_commit("twilio_sms_channel.people.contacts.backfill_e164", queue="long")
	return True


def backfill_e164() -> None:
	"""Make the E.164 copy of every contact's numbers anew, as they read in the site's country (run by a worker)."""
	while True:
		read_as = _read_as()
		_copy_all(countries.default_region())
		frappe.db.set_default(READ_AS, read_as)
		# Begins a new transaction, which sees a country that was corrected meanwhile.
		frappe.db.commit()  # nosemgrep
		# The country may have been corrected meanwhile.
		if _read_as() == read_as:
			return


def unread(limit: int = 5) -> tuple[int, list[str]]:
	"""How many numbers of contacts cannot be read, and some of these contacts. Extensions count for none."""
	filters = {
		"parenttype": "Contact",
		"twilio_sms_e164": ("is", "not set"),
		# Extensions and short codes are no phone numbers, and are not meant to be.
		"phone": ("like", "_" * (MAX_EXTENSION_DIGITS + 1) + "%"),
	}
	names = frappe.get_all(
		"Contact Phone", filters, pluck="parent", distinct=True, order_by="parent", limit=limit
	)
	return frappe.db.count("Contact Phone", filters), names


def _copy_all(region: str | None) -> None:
	last = ""
	while True:
		rows = frappe.get_all(
			"Contact Phone",
			filters={"name": (">", last)},
			fields=["name", "phone", "twilio_sms_e164"],
			order_by="name",
			limit=BACKFILL_BATCH,
		)
		for row in rows:
			number = phone.e164(row.phone, region)
			if number != (row.twilio_sms_e164 or None):
				frappe.db.set_value(
					"Contact Phone", row.name, "twilio_sms_e164", number, update_modified=False
				)
		# Batch by batch: people who save a contact meanwhile do not wait for all of them.
		frappe.db.commit()  # nosemgrep
		if len(rows) < BACKFILL_BATCH:
			return
		last = rows[-1].name


def _read_as() -> str:
	"""What the copies depend on besides the numbers themselves."""
	return f"{countries.default_region() or 'no country'} {SPELLINGS}"
