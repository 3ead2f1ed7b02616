"""After all other tests: Twilio's secrets are in no answer, log, error, export, table, file, job or live message.

A canary, a secret that is put everywhere without protection, proves of each search that it finds.
"""

import gzip
import io
import json
import zipfile
import zlib

import frappe
import pytest
import redis
from frappe.deferred_insert import save_to_db
from frappe.utils import add_to_date
from frappe.utils.background_jobs import get_redis_connection_without_auth
from support import leaks
from support.leaks import CANARY, secret
from support.stack import eventually
from support.twilio_accounts import at_twilio, here, refused

from twilio_sms_channel.infra import redaction
from twilio_sms_channel.twilio_gateway.client import Login

pytestmark = pytest.mark.last
ACCOUNT = "Twilio SMS Account"
ONLY_THE_CANARY = {"canary"}
SECRETS = ("auth_token", "next_auth_token", "api_key_secret", "shared_key", "second_shared_key")


@pytest.fixture(scope="module")
def canary(stack, admin):
	"""Where the canary is: the name of a ToDo and of a log."""
	todo = frappe.get_doc({"doctype": "ToDo", "description": CANARY}).insert()
	frappe.db.commit()
	admin.session.get(f"{stack.web}/api/resource/ToDo/{todo.name}").raise_for_status()
	frappe.publish_realtime("canary", {"secret": CANARY})
	frappe.cache().set_value("canary", CANARY)
	log = stack.logs / "canary.log"
	log.write_text(CANARY)
	yield log
	log.unlink()
	frappe.cache().delete_value("canary")
	frappe.delete_doc("ToDo", todo.name)
	frappe.db.commit()


@pytest.fixture(scope="module")
def account(stack, admin):
	"""An account with all secrets, which was renamed, changed in its form, and not saved once. Its name."""
	fields = {field: secret() for field in SECRETS}
	ids = {field: "webhooks_sharedkey_" + "ab" * 13 for field in ("shared_key_id", "second_shared_key_id")}
	doc = here(None, **fields, **ids, api_key_sid="SK" + "ab" * 16)
	for changes, status in (
		({"auth_token": secret(), "next_auth_token": secret()}, 200),
		({"shared_key": secret(), "second_shared_key": secret()}, 200),
		({"auth_token": secret(), "account_sid": "wrong"}, 417),
		({"api_key_secret": secret(), "description": "Changed", "api_key_sid": "SK" + "cd" * 16}, 200),
	):
		doc = frappe.get_doc(ACCOUNT, doc.name)
		typed = {**json.loads(doc.as_json()), **changes}
		answer = admin.call("frappe.desk.form.save.savedocs", doc=json.dumps(typed), action="Save")
		assert answer.status_code == status, answer.text
		frappe.db.rollback()
	name = f"{doc.name} renamed"
	renamed = admin.call("frappe.client.rename_doc", doctype=ACCOUNT, old_name=doc.name, new_name=name)
	assert renamed.status_code == 200, renamed.text
	frappe.db.rollback()
	return name


FIELDS = [f"`tab{ACCOUNT}`.`{field}`" for field in ("name", *SECRETS)]
EXPORT = {"doctype": ACCOUNT, "fields": json.dumps(FIELDS), "title": ACCOUNT}
COLUMNS = {ACCOUNT: ["name", "account_name", *SECRETS]}
ENDPOINTS = {
	"form": ("frappe.desk.form.load.getdoc", {"doctype": ACCOUNT, "name": "{name}"}),
	"document": ("frappe.client.get", {"doctype": ACCOUNT, "name": "{name}"}),
	"value": (
		"frappe.client.get_value",
		{"doctype": ACCOUNT, "filters": "{name}", "fieldname": json.dumps(["name", *SECRETS])},
	),
	"list": (
		"frappe.client.get_list",
		{"doctype": ACCOUNT, "fields": json.dumps(["name", *SECRETS]), "limit_page_length": 0},
	),
	"report": ("frappe.desk.reportview.get", {"doctype": ACCOUNT, "fields": json.dumps(FIELDS)}),
	"CSV": ("frappe.desk.reportview.export_query", {**EXPORT, "file_format_type": "CSV"}),
	"Excel": ("frappe.desk.reportview.export_query", {**EXPORT, "file_format_type": "Excel"}),
	"data export": (
		"frappe.core.doctype.data_export.exporter.export_data",
		{"doctype": ACCOUNT, "select_columns": json.dumps(COLUMNS), "with_data": 1, "file_type": "CSV"},
	),
	"import template": (
		"frappe.core.doctype.data_import.data_import.download_template",
		{
			"doctype": ACCOUNT,
			"export_fields": json.dumps({ACCOUNT: ["name", *SECRETS]}),
			"export_records": "all",
			"file_type": "CSV",
		},
	),
	"print": (
		"frappe.www.printview.get_html_and_style",
		{"doc": ACCOUNT, "name": "{name}", "no_letterhead": 1},
	),
	"check": ("twilio_sms_channel.api.setup.verify", {"account": "{name}"}),
}


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_no_secret_is_given_out_to_a_system_manager(endpoint, admin, account, canary):
	method, args = ENDPOINTS[endpoint]
	args = {key: value.format(name=account) if value == "{name}" else value for key, value in args.items()}
	answer = admin.call(method, http="GET" if method.startswith("frappe") else "POST", **args)
	assert answer.status_code == 200, answer.text
	assert endpoint == "check" or account.encode() in b"".join(leaks.layers(answer.content))
	assert leaks.in_bytes(answer.content) == set()


@pytest.mark.parametrize("field", SECRETS)
def test_frappes_own_endpoint_for_passwords_is_shut_for_agents(agent, account, field):
	answer = agent.call("frappe.client.get_password", doctype=ACCOUNT, name=account, fieldname=field)
	assert answer.status_code == 403


def test_the_secret_of_an_api_key_with_odd_characters_is_refused(admin):
	typed = {"account_sid": "AC" + "ab" * 16, "auth_token": secret(), "api_key_sid": "SK" + "ab" * 16}
	said = refused(admin, "connect", **typed, api_key_secret=secret() + "→")
	assert "API Key Secret" in said


@pytest.mark.parametrize("endpoint", ["connect", "check_credentials", "savedocs"])
def test_no_secret_is_logged_when_a_request_fails_unexpectedly(stack, admin, sim, endpoint):
	there = at_twilio(sim)
	typed = {"account_sid": there.sid, "auth_token": there.auth_token}
	# No database takes these for a number or a name.
	if endpoint == "savedocs":
		new = {"doctype": ACCOUNT, "__islocal": 1, "name": "new-twilio-sms-account-1"}
		doc = json.dumps({**new, "account_name": there.sid, **typed, "idx": 10**18})
		answer = admin.call("frappe.desk.form.save.savedocs", doc=doc, action="Save")
		assert answer.status_code == 500
	else:
		unexpected = {"account_name": "\ud800", "account": "\ud800"}
		said = refused(admin, endpoint, **typed, **unexpected)
		if "Invalid request body" in said:
			pytest.skip("v16 takes no such text at all")
		assert "failed unexpectedly" in said
	before = frappe.db.count("Error Log")
	# As the scheduler does it.
	save_to_db()
	logged = frappe.get_all("Error Log", {"creation": (">", add_to_date(None, minutes=-2))}, pluck="error")
	assert frappe.db.count("Error Log") > before
	assert leaks.in_bytes("".join(logged).encode("utf-8", "replace")) == set()
	frappe.db.commit()


@pytest.mark.parametrize(
	("logged", "left"),
	[
		("kwargs = {'auth_token': '0f', 'n': 1}", "kwargs = {'auth_token': '********', 'n': 1}"),
		('doc = \'{"api_key_secret": "0f"}\'', 'doc = \'{"api_key_secret": "********"}\''),
		("{'shared_key': '0f', 'shared_key_id': '1'}", "{'shared_key': '********', 'shared_key_id': '1'}"),
		(r'"{\"next_auth_token\":\"0f\"}"', r'"{\"next_auth_token\":\"********"}"'),
		(f"auth = ('AC{'1' * 32}', '0f')", f"auth = ('AC{'1' * 32}', '********')"),
		("'Authorization': 'Basic QUM6MGY='", "'Authorization': 'Basic ********'"),
		("Basic", "Basic"),
		("HTTPBasicAuth(password='0f', username='AC')", "HTTPBasicAuth(password='********', username='AC')"),
	],
)
def test_only_secrets_are_taken_out_of_what_is_logged(site, logged, left):
	assert redaction.redact(logged) == left


def test_no_secret_is_logged_when_a_job_ends_in_the_midst_of_a_call(stack):
	"""A job's time-out can end it there, for example; here it is a secret that HTTP cannot carry."""
	password = secret()
	login = Login(stack.account_sid, stack.account_sid, f"{password}→", stack.simulator.base_url, 2)
	try:
		login.client().api.accounts(stack.account_sid).fetch()
	except UnicodeEncodeError:
		text = frappe.get_traceback(with_context=True)
		name = frappe.log_error(title="For the test").name
	assert password in text
	assert password not in frappe.db.get_value("Error Log", name, "error")


def test_no_answer_of_any_test_held_a_secret(stack, canary):
	if stack.url:
		pytest.skip("only the tests' own web server looks at its answers")
	answers = stack.answers_log.read_text().splitlines()
	assert len(answers) > 10
	leaked = [line for line in answers if not line.endswith(" ")]
	assert len(leaked) == 1 and "/api/resource/ToDo/" in leaked[0] and "['canary']" in leaked[0], leaked


def test_no_live_message_held_a_secret(stack, canary):
	log = stack.logs / "realtime.log"
	eventually(lambda: CANARY.encode() in log.read_bytes())
	assert leaks.in_bytes(log.read_bytes()) == ONLY_THE_CANARY


def test_no_secret_is_in_a_log(stack, canary):
	found = leaks.in_files(stack.bench / "logs", stack.bench / "sites" / stack.site / "logs")
	found.pop("realtime.log", None)
	assert found == {canary.name: ONLY_THE_CANARY}


def test_no_secret_is_in_the_database(canary, account):
	"""Also not in what was changed (Version), deleted (Deleted Document), or went wrong (Error Log)."""
	frappe.delete_doc(ACCOUNT, account)
	frappe.db.commit()
	found = {}
	for table, _kind in frappe.db.sql("show full tables where table_type = 'BASE TABLE'"):
		rows = frappe.db.sql(f"select * from `{table}`")
		if names := leaks.in_bytes("\n".join(map(str, rows)).encode("utf-8", "replace")):
			found[table] = names
	assert set().union(*found.values()) == ONLY_THE_CANARY
	assert "tabToDo" in found


def test_no_secret_is_in_a_file_of_the_site(stack, canary):
	folder = stack.bench / "sites" / stack.site
	planted = folder / "private" / "files" / "canary.txt"
	planted.write_text(CANARY)
	try:
		assert leaks.in_files(folder / "private", folder / "public") == {planted.name: ONLY_THE_CANARY}
	finally:
		planted.unlink()


def test_no_secret_is_in_redis(canary):
	"""Documents that Frappe caches, jobs that wait and jobs that failed."""
	queue = redis.Redis(connection_pool=get_redis_connection_without_auth().connection_pool)
	found = leaks.in_redis(redis.Redis.from_url(frappe.conf.redis_cache)) | leaks.in_redis(queue)
	assert set().union(*found.values()) == ONLY_THE_CANARY


def zipped(data: bytes) -> bytes:
	packed = io.BytesIO()
	with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
		archive.writestr("data.xml", data)
	return packed.getvalue()


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zlib.compress, zipped])
def test_a_secret_is_found_in_what_is_compressed(site, pack):
	assert leaks.in_bytes(pack(f"…{CANARY}…".encode())) == ONLY_THE_CANARY
