"""Helpdesk's search, in front of which this app puts what it finds by a phone number."""

import inspect
from importlib import import_module

import frappe
import pytest


@pytest.mark.parametrize(
	("module", "passed_on"),
	[
		("helpdesk.search", {"query", "only_articles", "qtype"}),
		("helpdesk.api.search", {"query", "filters", "limit", "title_only"}),
	],
)
def test_it_takes_what_is_passed_on(module, passed_on):
	try:
		search = import_module(module).search
	except ImportError:
		pytest.skip("not in this release")
	if search not in frappe.whitelisted:
		pytest.skip("no endpoint of this release")
	assert passed_on <= set(inspect.signature(search).parameters)
