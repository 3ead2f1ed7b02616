"""Installs, migrates and uninstalls on a site of its own, and tells what the database holds after each step.

Run in the sites folder by the bench's Python: `python -m support.scratch_site SITE FOLDER OTHER_SITE APP`, with the app of a ticket
system. Each step is a process of its own, as each command of `bench` is.
"""

import json
import os
import shutil
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

import frappe
from frappe.utils import bench_helper
from frappe.utils.password import set_encrypted_password

from support import desks, dump
from support.people import make_user

OURS = "twilio_sms_channel"
SID = "AC" + "0" * 32
TEXT = "Where is my parcel?"
# A database of Redis of its own: jobs of a site that is gone soon must not wait where the tests' worker takes them.
OTHERS_QUEUE = 5


def main(site: str, folder: Path, other_site: str, ticket_system: str) -> None:
	scratch = Scratch(site, folder)
	scratch.step("frappe alone")
	scratch.step("without tickets", "install-app", OURS)
	scratch.step("frappe alone again", "uninstall-app", OURS, "--yes", "--no-backup")
	scratch.step("without tickets again", "install-app", OURS)
	scratch.step("tickets joined", "install-app", ticket_system)
	scratch.step("migrated", "migrate", "--skip-search-index")
	scratch.step("dry run", "uninstall-app", OURS, "--yes", "--dry-run")
	scratch.step("filled", then=lambda: fill(desks.SYSTEMS[ticket_system]))
	scratch.step("beside another site", then=lambda: in_one_process(other_site, site))
	scratch.step(
		"tickets alone", "uninstall-app", OURS, "--yes", *_unless_backups_work("--no-backup"), then=left
	)
	scratch.step("after tickets", "install-app", OURS)
	scratch.step(
		"tickets went",
		"uninstall-app",
		ticket_system,
		"--yes",
		"--no-backup",
		then=seen_by_those_who_list_mail,
	)
	if kept := sorted((Path(site) / "private" / OURS).glob("*.sql.gz")):
		scratch.step("texts restored", "partial-restore", str(kept[-1].resolve()), then=restored)
	scratch.step("both went", "uninstall-app", OURS, "--yes", "--no-backup")


def _unless_backups_work(option: str) -> list[str]:
	return [] if shutil.which("mysqldump") or shutil.which("mariadb-dump") else [option]


class Scratch:
	def __init__(self, site: str, folder: Path):
		self.site, self.folder = site, folder

	def step(self, name: str, *command: str, then: Callable[[], dict] | None = None) -> None:
		"""Run a command of Frappe's, then a function on the site, then write down what the database holds."""
		begun = time.monotonic()
		said = self.folder / f"{name}.txt"
		with said.open("w") as output:
			for work in (lambda: self._command(command), lambda: self._look(name, then)):
				if status := _in_child(work, output):
					sys.exit(f"{name} failed ({status}):\n{said.read_text()}")
		print(f"{name}: {time.monotonic() - begun:.1f} s", flush=True)

	def _command(self, words: tuple[str, ...]) -> None:
		if words:
			sys.argv = ["bench", "frappe", "--site", self.site, *words]
			bench_helper.main()

	def _look(self, name: str, then: Callable[[], dict] | None) -> None:
		frappe.init(site=self.site, sites_path=".")
		frappe.connect()
		frappe.set_user("Administrator")
		facts = then() if then else {}
		frappe.db.commit()
		(self.folder / f"{name}.json").write_text(json.dumps({**dump.whole(), "facts": facts}))
		frappe.destroy()


def _in_child(work: Callable[[], None], output: TextIO) -> int:
	"""Do something in a process of its own that has all modules already; its exit status."""
	if child := os.fork():
		return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
	os.dup2(output.fileno(), 1)
	os.dup2(output.fileno(), 2)
	status = 1
	try:
		work()
		status = 0
	except SystemExit as e:
		status = e.code or 0
	except Exception:
		traceback.print_exc()
	finally:
		sys.stdout.flush()
		sys.stderr.flush()
		os._exit(status if isinstance(status, int) else 1)


def left() -> dict:
	"""What stays of the texts."""
	return {
		"texts in tickets": frappe.get_all(
			"Communication",
			{"communication_medium": "SMS"},
			["reference_doctype", "reference_name", "content", "phone_no", "sent_or_received"],
		),
		"files": frappe.get_all("File", {"attached_to_doctype": "Communication"}, pluck="file_name"),
		"secrets": _secrets(),
	}


def seen_by_those_who_list_mail() -> dict:
	"""Which messages' entries somebody finds and opens who may read Communications, and how many there are."""
	entries = frappe.get_all("Communication", {"communication_medium": "SMS"}, pluck="name")
	frappe.set_user(make_user("tsms-inbox@example.com", ["Inbox User"], user_type="System User"))
	listed = frappe.get_list("Communication", {"communication_medium": "SMS"}, pluck="name")
	opened = [name for name in entries if frappe.has_permission("Communication", "read", doc=name)]
	frappe.set_user("Administrator")
	return {"entries": len(entries), "listed": listed, "opened": opened}


def in_one_process(*sites: str) -> dict:
	"""What one process after another knows of accounts that differ in nothing but their tokens. Changes nothing."""
	from twilio_sms_channel.infra import jobs, locks, site_identity
	from twilio_sms_channel.messaging.inbound import webhook_auth

	frappe.db.commit()
	seen = {}
	for site in (*sites, *sites):
		frappe.destroy()
		frappe.init(site=site, sites_path=".")
		frappe.connect()
		frappe.set_user("Administrator")
		account = (
			frappe.get_doc("Twilio SMS Account", "Shop")
			if frappe.db.exists("Twilio SMS Account", "Shop")
			else None
		)
		account = account or _add(
			"Twilio SMS Account", account_name="Shop", account_sid=SID, auth_token="0" * 32
		)
		set_encrypted_password("Twilio SMS Account", "Shop", f"token of {site}", "auth_token")
		frappe.db.set_value("Twilio SMS Account", "Shop", "modified", "2026-01-01", update_modified=False)
		caller = webhook_auth.caller(account.account_sid, "")
		seen.setdefault(site, []).append(
			{
				"tokens": [token.value for token in webhook_auth.signing_tokens(caller)],
				"of its own": [
					locks._full("one"),
					str(jobs._mark("one")),
					site_identity.stored("home").get("home"),
					site_identity._here(frappe.conf),
				],
			}
		)
		frappe.db.rollback()
	return seen


def restored() -> dict:
	return {"texts": frappe.get_all("Twilio SMS Message", ["body", "customer_number", "communication"])}


def fill(system: desks.TicketSystem) -> dict:
	"""An account, a number, a conversation in a ticket with a received text and its picture, and what else people leave."""
	account = _add("Twilio SMS Account", account_name="Shop", account_sid=SID, auth_token="5" * 32)
	number = _add("Twilio SMS Number", phone_number="+14155550100", account=account.name)
	contact = frappe.get_doc({"doctype": "Contact", "first_name": "Cora"})
	contact.append("phone_nos", {"phone": "+14155550123"})
	contact.insert()
	ticket = _add(system.doctype, subject="Parcel", contact=contact.name)
	conversation = _add(
		"Twilio SMS Conversation",
		number=number.name,
		customer_number="+14155550123",
		contact=contact.name,
		ticket_doctype=system.doctype,
		ticket=str(ticket.name),
	)
	ticket.db_set({"twilio_sms_conversation": conversation.name, "twilio_sms_reply_channel": "SMS"})
	communication = _add(
		"Communication",
		communication_medium="SMS",
		communication_type="Communication",
		sent_or_received="Received",
		phone_no="+14155550123",
		content=TEXT,
		reference_doctype=system.doctype,
		reference_name=str(ticket.name),
	)
	file = _add(
		"File",
		file_name="parcel.txt",
		content="a picture of it",
		is_private=1,
		attached_to_doctype="Communication",
		attached_to_name=communication.name,
	)
	message = _add(
		"Twilio SMS Message",
		direction="Inbound",
		status="Threaded",
		account=account.name,
		number=number.name,
		customer_number="+14155550123",
		conversation=conversation.name,
		communication=communication.name,
		body=TEXT,
		media=[{"status": "Fetched", "file": file.name, "file_name": file.file_name}],
	)
	_add(
		"Twilio SMS Finding",
		what="Something",
		check_name="planted",
		severity="Notice",
		about_doctype=number.doctype,
		about=number.name,
	)
	_what_people_leave(number, message)
	return {"ticket": str(ticket.name), "secrets": _secrets()}


def _secrets() -> int:
	return frappe.db.count("__Auth", {"doctype": ("like", "Twilio%")})


def _what_people_leave(number, message) -> None:
	from frappe.custom.doctype.property_setter.property_setter import make_property_setter
	from frappe.desk.form.assign_to import add as assign
	from frappe.permissions import add_permission

	number.add_comment("Comment", "The old one")
	assign({"doctype": number.doctype, "name": number.name, "assign_to": ["Administrator"]})
	_add(
		"Notification Log",
		subject="Texts wait",
		for_user="Administrator",
		document_type=message.doctype,
		document_name=message.name,
	)
	_add("Custom Field", dt=number.doctype, fieldname="shelf", fieldtype="Data", label="Shelf")
	make_property_setter(number.doctype, "description", "bold", 1, "Check")
	add_permission(
		"Twilio SMS Rejected Webhook", "Support Team" if frappe.db.exists("Role", "Support Team") else "All"
	)
	frappe.db.set_single_value("Twilio SMS Settings", "default_country", "Germany")


def _add(doctype: str, **fields):
	return frappe.get_doc({"doctype": doctype, **fields}).insert(ignore_permissions=True)


if __name__ == "__main__":
	main(sys.argv[1], Path(sys.argv[2]), sys.argv[3], sys.argv[4])
