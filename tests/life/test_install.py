"""What the app adds to a site goes with it: the whole database is compared before and after.

One scratch site, with a database of its own on the bench's server, goes through it all; see `support.scratch_site`.
"""

import json
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import click
import frappe
import pytest
from redis import Redis
from support import desks
from support.scratch_site import OTHERS_QUEUE, TEXT

from twilio_sms_channel import install, uninstall

pytestmark = pytest.mark.ticket_systems
FRAPPE = ("-m", "frappe.utils.bench_helper", "frappe")
TESTS = str(Path(__file__).parents[1])
OURS = ("twilio_sms", "Twilio SMS", "twilio-sms")
# What the app adds for a ticket system names some of these.
JOINED = {"helpdesk": ("HD Team", "HD Form Script"), "erpnext": ("Issue Type", "Support Team")}


def pytest_generate_tests(metafunc):
	if "moments" in metafunc.fixturenames:
		apps = [system.app for system in desks.here()]
		metafunc.parametrize("moments", apps, indirect=True, scope="module")


def scratch(stack) -> str:
	"""The name of the scratch site."""
	return f"tsms-scratch-{stack.site}"


@pytest.fixture(scope="module")
def moments(request, stack, tmp_path_factory):
	"""What the scratch site's database held after each step, by the step's name; `said` is what the command printed. It
	gets one ticket system, `system`."""
	if not frappe.conf.get("root_password"):
		pytest.skip("the bench's common_site_config.json has no root_password, so no site can be made on it")
	folder, site = tmp_path_factory.mktemp("moments"), scratch(stack)
	queue = urlsplit(frappe.conf.redis_queue)._replace(path=f"/{OTHERS_QUEUE}").geturl()
	env = {"FRAPPE_REDIS_QUEUE": queue}
	away = ("drop-site", site, "--force", "--no-backup", "--archived-sites-path", str(folder / "dropped"))
	_run(
		stack, *FRAPPE, "new-site", site, "--force", "--no-mariadb-socket", "--admin-password", "admin", **env
	)
	try:
		print(_run(stack, "-m", "support.scratch_site", site, str(folder), stack.site, request.param, **env))
		seen = {
			file.stem: {**json.loads(file.read_text()), "said": file.with_suffix(".txt").read_text()}
			for file in folder.glob("*.json")
		}
		yield {**seen, "system": desks.SYSTEMS[request.param]}
	finally:
		_run(stack, *FRAPPE, *away, **env)
		Redis.from_url(queue).flushdb()


def _run(stack, *words: str, **env: str) -> str:
	done = stack.run(*words, timeout_s=900, PYTHONPATH=TESTS, **env)
	assert done.returncode == 0, done.stdout + done.stderr
	return done.stdout


def differences(before: dict, after: dict) -> tuple[list[str], list[str]]:
	"""Lines that went, and lines that came."""
	was, now = (Counter(moment["schema"] + moment["rows"] + moment["config"]) for moment in (before, after))
	return sorted((was - now).elements()), sorted((now - was).elements())


def ours(lines: list[str]) -> list[str]:
	return [line for line in lines if any(word in line for word in OURS)]


def of_ours(moment: dict) -> dict:
	"""A moment without what is others', and without the list of installed apps."""
	return {
		part: [line for line in ours(moment[part]) if "installed_apps" not in line]
		for part in ("schema", "rows", "config")
	}


@pytest.mark.parametrize(
	("before", "after"),
	[
		("frappe alone", "frappe alone again"),
		("without tickets", "without tickets again"),
		("tickets joined", "migrated"),
		("migrated", "dry run"),
		("filled", "beside another site"),
	],
)
def test_the_whole_database_is_the_same(moments, before, after):
	assert differences(moments[before], moments[after]) == ([], [])


def test_install_adds_what_is_ours_and_nothing_else(moments):
	for before, after in (("frappe alone", "without tickets"), ("tickets alone", "after tickets")):
		went, came = differences(moments[before], moments[after])
		others = [line for line in came if line not in ours(came)]
		# In installed_apps, and roles that Frappe makes because our DocTypes name them.
		assert all("installed_apps" in line or line.startswith("tabRole ") for line in others), others
		assert all("installed_apps" in line or moments["system"].doctype in line for line in went), went


def test_uninstall_takes_all_that_is_ours_and_nothing_else(moments):
	filled, left = moments["filled"], moments["tickets alone"]
	went, came = differences(filled, left)
	assert ours(filled["rows"]) and ours(filled["schema"]) and ours(filled["config"])
	assert [
		line for line in ours(left["rows"] + left["schema"] + left["config"]) if "Patch Log" not in line
	] == []
	# With a role that Frappe had made because our DocTypes name it, where nobody has it.
	assert not [line for line in went if line not in ours(went) and not line.startswith("tabRole ")]
	# The ticket and its list of apps lost what was ours.
	named = (moments["system"].doctype, "installed_apps", "Contact")
	assert all(any(word in line for word in named) for line in came), came


def test_texts_stay_in_their_tickets_and_secrets_go(moments):
	facts = moments["tickets alone"]["facts"]
	(text,) = facts["texts in tickets"]
	assert text["content"] == TEXT and text["reference_doctype"] == moments["system"].doctype
	assert text["reference_name"] == moments["filled"]["facts"]["ticket"]
	assert facts["files"] == ["parcel.txt"]
	assert moments["filled"]["facts"]["secrets"] > 0
	assert facts["secrets"] == 0


def test_uninstall_says_how_many_texts_go_and_what_is_kept(moments):
	said = moments["tickets alone"]["said"]
	assert "Text messages on this site: 1." in said
	assert "stay in their tickets" in said
	assert ("A copy of them is kept" in said) is not ("No copy of them is kept" in said)


@pytest.mark.parametrize(
	("option", "says"), [("dry_run", ""), ("no_backup", "No copy of them is kept (--no-backup).")]
)
def test_who_wants_no_copy_gets_none(stack, capsys, option, says):
	text = {"direction": "Inbound", "status": "Threaded", "account": stack.account, "number": stack.number}
	frappe.get_doc(
		{"doctype": "Twilio SMS Message", "customer_number": "+12125550123", "body": TEXT, **text}
	).insert(ignore_permissions=True)
	with click.Context(click.Command("uninstall-app")) as context:
		context.params = {option: True}
		uninstall.before_uninstall()
	first, *others = capsys.readouterr().out.splitlines()
	assert first.startswith("Text messages on this site: ")
	assert "".join(others) == says


def test_the_copy_can_be_restored_after_installing_again(moments):
	if "texts restored" not in moments:
		pytest.skip("no mysqldump or mariadb-dump on this machine, by which Frappe makes backups")
	(text,) = moments["texts restored"]["facts"]["texts"]
	assert text["body"] == TEXT


def test_the_order_of_installation_makes_no_difference(moments):
	assert differences(of_ours(moments["migrated"]), of_ours(moments["after tickets"])) == ([], [])


def test_when_the_ticket_system_goes_what_links_to_it_goes_too(moments):
	joined = ours(moments["migrated"]["rows"])
	for name in JOINED[moments["system"].app]:
		assert any(name in line for line in joined), name
	assert differences(of_ours(moments["without tickets again"]), of_ours(moments["tickets went"])) == (
		[],
		[],
	)


def test_when_the_ticket_system_went_its_tickets_messages_are_for_system_managers(moments):
	facts = moments["tickets went"]["facts"]
	assert facts["entries"] and (facts["listed"], facts["opened"]) == ([], [])


def test_whichever_goes_first_nothing_of_this_app_is_left(moments):
	"""No field, right or role's place, whether the ticket system is still there or went before."""
	for last in ("tickets alone", "both went"):
		left = moments[last]["schema"] + moments[last]["rows"] + moments[last]["config"]
		assert [line for line in ours(left) if "Patch Log" not in line] == [], last


def test_sites_of_one_process_have_nothing_in_common(moments, stack):
	seen = moments["beside another site"]["facts"]
	assert seen.keys() == {stack.site, scratch(stack)}
	for site, looks in seen.items():
		assert [look["tokens"] for look in looks] == [[f"token of {site}"]] * 2
		assert looks[0]["of its own"] == looks[1]["of its own"]
	one, other = (looks[0]["of its own"] for looks in seen.values())
	assert not set(one) & set(other)
	assert one[2] == one[3] and other[2] == other[3]


def test_other_apps_may_come_and_go(stack):
	def fields() -> list[str]:
		return frappe.get_all("Custom Field", {"fieldname": ("like", "%")}, pluck="name", order_by="name")

	before = fields()
	for hook in (install.after_app_install, uninstall.after_app_uninstall):
		hook("erpnext")
	assert fields() == before


@pytest.mark.parametrize("db_type", ["postgres", "sqlite"])
def test_another_database_than_mariadb_is_refused(stack, db_type):
	with pytest.raises(
		frappe.ValidationError, match=f"needs MariaDB, and this site is on {db_type}. Nothing"
	):
		install.refuse_other_database(db_type)
	install.before_install()
