"""The repository's address and the one for support are set in pyproject.toml; whatever repeats them says the same."""

import re
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2] / "dev"))
import addresses
from trouble import Trouble

ROOT = Path(__file__).parents[2]
IS = addresses.read()
# A repository of this app's name, wherever it is. A method's or a module's name goes on after it.
REPOSITORY = re.compile(r"""https?://[^\s"'<>()`]*?/twilio_sms_channel(?!\w|\.\w)""")
MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
ABOUT_THE_PROJECT = (
	*sorted(path.name for path in ROOT.glob("*.md")),
	*sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / ".github").rglob("*.*")),
	"docs/index.md",
	"docs/privacy.md",
	"docs/terms.md",
)
HOOKS = ("twilio_sms_channel", "dev/helpdesk_standin/helpdesk", "dev/erpnext_standin/erpnext")


def read(path: str) -> str:
	return (ROOT / path).read_text(encoding="utf-8")


def test_pyproject_is_read_as_it_is():
	tomllib = pytest.importorskip("tomllib", reason="Python 3.11 and later read TOML")
	project = tomllib.loads(read("pyproject.toml"))["project"]
	assert addresses.Addresses(project["urls"]["Repository"], project["authors"][0]["email"]) == IS
	assert {"Homepage", "Documentation", "Issues", "Changelog"} < set(project["urls"])
	assert all(url.startswith("https://") for url in project["urls"].values())


def test_each_address_of_the_repository_is_the_one_in_pyproject():
	this = Path(__file__)
	texts = {path: path.read_text(encoding="utf-8") for path in addresses.files(ROOT) if path != this}
	named = {(path, url) for path, text in texts.items() for url in REPOSITORY.findall(text)}
	assert sorted((str(path), url) for path, url in named if url != IS.repository) == []
	assert {path.relative_to(ROOT).as_posix() for path, _ in named} >= {
		*(".github/ISSUE_TEMPLATE/bug.yml", ".github/ISSUE_TEMPLATE/config.yml", "CHANGELOG.md"),
		*("CONTRIBUTING.md", "README.md", "SECURITY.md", "docs/installing.md", "docs/terms.md"),
	}


@pytest.mark.parametrize("page", ABOUT_THE_PROJECT)
def test_each_mail_address_of_the_project_is_the_one_in_pyproject(page):
	assert set(MAIL.findall(read(page))) <= {IS.support}


@pytest.mark.parametrize(
	"page", ["CODE_OF_CONDUCT.md", "CONTRIBUTING.md", "README.md", "SECURITY.md", "docs/privacy.md"]
)
def test_pages_that_say_whom_to_ask_name_the_support_address(page):
	assert f"[{IS.support}](mailto:{IS.support})" in read(page)


@pytest.mark.parametrize("app", HOOKS)
def test_hooks_name_the_support_address(app):
	assert re.findall(r'^app_email = "(.*)"$', read(f"{app}/hooks.py"), re.M) == [IS.support]


def test_catalogs_name_the_support_address():
	catalogs = sorted((ROOT / "twilio_sms_channel" / "locale").glob("*.po*"))
	named = [
		re.findall(r'^"Report-Msgid-Bugs-To: (.*)\\n"$', path.read_text("utf-8"), re.M) for path in catalogs
	]
	assert named == [[IS.support]] * len(catalogs)
	assert catalogs


@pytest.fixture
def checkout(tmp_path):
	"""A small one, in which all files name the same addresses."""
	files = {
		"pyproject.toml": 'authors = [{ name = "We", email = "old@a.example" }]\nRepository = "https://a.example/o/r"\n'
		'Issues = "https://a.example/o/r/issues"\n',
		"README.md": "bench get-app twilio_sms_channel https://a.example/o/r\n[old@a.example](mailto:old@a.example)",
		"twilio_sms_channel/hooks.py": 'app_email = "old@a.example"\n',
		"docs/page.md": "https://a.example/o/r/issues, https://a.example/o/r. threshold@a.example https://a.example/o/r-2",
		"locale/main.pot": "<old@a.example>",
		".throwaway/page.md": "old@a.example",
		"picture.svg": "old@a.example",
	}
	for name, text in files.items():
		(tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
		(tmp_path / name).write_text(text, encoding="utf-8")
	return tmp_path


def test_a_change_in_pyproject_is_written_everywhere_else(checkout):
	pyproject = checkout / "pyproject.toml"
	new = pyproject.read_text().replace("old@a.example", "new@b.example")
	pyproject.write_text(new.replace('"https://a.example/o/r"', '"https://b.example/p/s"'))
	changed = [path.relative_to(checkout).as_posix() for path in addresses.renew(checkout)]
	assert sorted(changed[:-2]) == ["docs/page.md", "locale/main.pot", "pyproject.toml"]
	assert changed[-2:] == ["README.md", "twilio_sms_channel/hooks.py"], "they say what was written before"
	assert addresses.written(checkout) == addresses.read(checkout)
	assert 'Issues = "https://b.example/p/s/issues"' in pyproject.read_text()
	page = "https://b.example/p/s/issues, https://b.example/p/s. threshold@a.example https://a.example/o/r-2"
	assert (checkout / "docs/page.md").read_text() == page
	assert (checkout / "locale/main.pot").read_text() == "<new@b.example>"
	assert (
		(checkout / "picture.svg").read_text()
		== (checkout / ".throwaway/page.md").read_text()
		== "old@a.example"
	)
	assert addresses.renew(checkout) == []


def test_a_file_without_its_address_is_named(checkout):
	(checkout / "README.md").write_text("nothing")
	with pytest.raises(Trouble, match=r"README\.md"):
		addresses.renew(checkout)
