"""Every request that the app makes, against Twilio's own description of its REST API."""

import json
import re
from pathlib import Path

import frappe
import jsonschema
import pytest
from support.stack import Customer, eventually, status_of, ticket_of

FOLDER = Path(__file__).parents[3] / "shared" / "twilio-openapi"
SPEC = FOLDER / "twilio_api_v2010.json"
OTHER_HOSTS = ("messaging_v1", "accounts_v1", "monitor_v1")
PREFIX = "/2010-04-01"


@pytest.fixture(scope="module")
def spec():
	if not SPEC.exists():
		pytest.skip(f"Twilio's OpenAPI description is not at {SPEC.parent.name}/{SPEC.name}")
	spec = json.loads(SPEC.read_text())
	for host in OTHER_HOSTS:
		file = FOLDER / f"twilio_{host}.json"
		if file.exists():
			other = json.loads(file.read_text())
			spec["paths"] |= other["paths"]
			spec["components"]["schemas"] |= other["components"]["schemas"]
	return spec


def described(spec, request) -> bool:
	"""Whether the description of the request's host is there: of api.twilio.com always, of others where somebody put it."""
	top = request.path.split("/")[2]
	return request.path.startswith(PREFIX) or any(path.startswith(f"/v1/{top}") for path in spec["paths"])


@pytest.fixture(scope="module")
def requests_made(stack, agent, admin, picture):
	"""The app does everything it can do at Twilio; what it asked for."""
	simulator = stack.simulator
	seen = len(simulator.requests)
	for method, args in (
		("verify", {"account": stack.account}),
		("import_numbers", {"account": stack.account}),
		("configure_webhooks", {"number": stack.number, "replace": 1}),
	):
		answer = admin.call(f"twilio_sms_channel.api.setup.{method}", **args)
		assert answer.status_code == 200, answer.text
	customer = Customer(stack)
	message = customer.text("Picture", media=[("a.png", picture)])
	eventually(lambda: frappe.db.exists("Twilio SMS Media", {"parent": message.name, "status": "Fetched"}))
	ticket = ticket_of(message)
	upload = frappe.get_doc(
		{
			"doctype": "File",
			"file_name": "answer.png",
			"content": picture,
			"is_private": 1,
			"attached_to_doctype": ticket.doctype,
			"attached_to_name": ticket.name,
		}
	).insert()
	frappe.db.commit()
	sent = agent.call(
		"twilio_sms_channel.api.ticket.reply",
		ticket=ticket.name,
		message="Here 👋",
		attachments=[upload.name],
	)
	eventually(lambda: status_of(sent.json()["message"]["message"]) == "Delivered")
	return simulator.requests[seen:]


def operation(spec, request):
	"""The description's path and operation for a request."""
	for path, item in spec["paths"].items():
		form = re.escape(path).replace(r"\{", "{").replace(r"\}", "}")
		form = re.sub(r"{\w+}", "[^/]+", form)
		if re.fullmatch(form, request.path) and request.method.lower() in item:
			return path, item[request.method.lower()]
	return None, None


def test_the_app_asks_for_what_the_description_knows(spec, requests_made):
	asked = set()
	for request in requests_made:
		if "/Media/" in request.path:
			# The file itself (without .json) is documented in prose only.
			continue
		if not described(spec, request):
			continue
		path, found = operation(spec, request)
		assert found, f"{request.method} {request.path} is not in Twilio's description"
		asked.add((request.method, path.removeprefix(PREFIX)))
	assert asked >= {
		("GET", "/Accounts/{Sid}.json"),
		("GET", "/Accounts/{AccountSid}/IncomingPhoneNumbers.json"),
		("POST", "/Accounts/{AccountSid}/IncomingPhoneNumbers/{Sid}.json"),
		("POST", "/Accounts/{AccountSid}/Messages.json"),
	}


def test_every_parameter_is_of_the_described_form(spec, requests_made):
	checked = 0
	for request in requests_made:
		_path, found = operation(spec, request)
		if not found:
			continue
		for parameter in found.get("parameters", []):
			if parameter.get("in") == "query" and parameter["name"] in request.query:
				check(spec, parameter["schema"], request.query[parameter["name"]], parameter["name"])
		known = {p["name"] for p in found.get("parameters", []) if p.get("in") == "query"}
		assert set(request.query) <= known
		content = found.get("requestBody", {}).get("content", {}).get("application/x-www-form-urlencoded")
		if not content:
			assert not request.form
			continue
		properties = content["schema"]["properties"]
		assert set(request.form) <= set(properties), f"unknown parameters in {request.form}"
		assert set(content["schema"].get("required", [])) <= set(request.form)
		for name, values in request.form.items():
			check(spec, properties[name], values, name)
			checked += 1
	assert checked > 8


def check(spec, schema, values, name):
	"""A form field's values against its schema; form fields are text, so numbers and booleans are read first."""
	if schema.get("type") == "array":
		value = values
	else:
		assert len(values) == 1, f"{name} is given {len(values)} times"
		value = values[0]
		if schema.get("type") == "integer":
			value = int(value)
		elif schema.get("type") == "boolean":
			value = {"true": True, "false": False}[value.lower()]
	jsonschema.validate(value, {**schema, "components": spec["components"]})
