"""Twilio Lookup in practice mode, asked with Twilio's own client."""

import pytest

FIELDS = "line_type_intelligence"


@pytest.fixture
def line(client):
	def line(number: str):
		return client.lookups.v2.phone_numbers(number).fetch(fields=FIELDS).line_type_intelligence

	return line


@pytest.fixture(autouse=True)
def at_the_simulator(sim, client):
	client.lookups.base_url = sim.base_url


@pytest.mark.parametrize(
	("number", "kind"),
	[
		("+14155550132", "mobile"),
		("+14155530006", "landline"),
		("+442079460123", "landline"),
		("+447700900123", "mobile"),
		("+18885550123", "tollFree"),
	],
)
def test_the_kind_of_line(line, number, kind):
	assert (line(number)["type"], line(number)["error_code"]) == (kind, None)


def test_canadas_numbers_are_not_told(line):
	told = line("+16135550123")
	assert (told["type"], told["error_code"]) == (None, 60601)


def test_what_is_no_number_is_told_without_an_error(client):
	told = client.lookups.v2.phone_numbers("+141555501321").fetch(fields=FIELDS)
	assert told.valid is False and told.validation_errors == ["TOO_LONG"]
	assert told.line_type_intelligence is None


def test_without_asking_for_it_there_is_no_line(client):
	told = client.lookups.v2.phone_numbers("+14155550132").fetch()
	assert told.valid and told.line_type_intelligence is None
	assert (told.country_code, told.national_format) == ("US", "(415) 555-0132")
