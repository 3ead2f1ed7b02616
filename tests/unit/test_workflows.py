"""Workflows, templates of issues and the commands that pages name: what they call by name is there."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
GITHUB = ROOT / ".github"
WORKFLOWS = {path.name: yaml.safe_load(path.read_text("utf-8")) for path in (GITHUB / "workflows").iterdir()}
JOBS = {(file, name): job for file, workflow in WORKFLOWS.items() for name, job in workflow["jobs"].items()}
FORMS = sorted(path for path in (GITHUB / "ISSUE_TEMPLATE").iterdir() if path.name != "config.yml")
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *GITHUB.rglob("*.md")])
# YAML 1.1 takes the word "on" for true.
ON = True
# Only these may publish something.
WRITES = {
	("docs.yml", "publish"): {"contents"},
	("release.yml", "documentation"): {"contents"},
	("release.yml", "publish"): {"contents"},
}
MAKE = re.compile(r"(?:^|[;&|(`])\s*make +((?:-\S+ +)*)([a-z][\w-]*)", re.M)
COMMAND = re.compile(r"\bpython3 dev +([\w-]+)")
# A path that begins with a folder or a file of the repository's, unless something goes before it.
PLACES = sorted(path.name for path in ROOT.iterdir() if path.name not in (".git", ".throwaway"))
PATH = re.compile(
	rf"(?<![\w./$-])(?:{'|'.join(map(re.escape, PLACES))}|dev|tests|docs|\.ci)(?:/[\w.*/-]+)?(?![\w.-])"
)
FROM_CHECKOUT = "$GITHUB_WORKSPACE/"


def targets() -> set[str]:
	text = (ROOT / "Makefile").read_text(encoding="utf-8")
	return {name for line in re.findall(r"^([a-z][\w -]*):", text, re.M) for name in line.split()}


def commands() -> set[str]:
	text = (ROOT / "dev" / "__main__.py").read_text(encoding="utf-8")
	# Some are made from a table, by their names alone.
	return set(re.findall(r'"([a-z][a-z-]+)"', text))


def missing(text: str) -> list[str]:
	"""What a shell script names that is not there: targets of make, commands of dev/, files of the repository."""
	made = [target for _, target in MAKE.findall(text) if target not in targets()]
	told = [command for command in COMMAND.findall(text) if command not in commands()]
	paths = PATH.findall(text.replace(FROM_CHECKOUT, ""))
	return made + told + [path for path in paths if not any(ROOT.glob(path))]


@pytest.mark.parametrize(
	("script", "wrong"),
	[
		("make test ARGS=--desk=erpnext\nmake --silent lint", []),
		("make tset", ["tset"]),
		("cd docs && make dosc; apt-get install make python3", ["dosc"]),
		("python3 dev release-notes v1 > notes.md", []),
		("python3 dev release_notes v1", ["release_notes"]),
		('bash .ci/run && python "$GITHUB_WORKSPACE/dev/finish_site.py"', []),
		("bash .ci/walk && python dev/finish.py", [".ci/walk", "dev/finish.py"]),
		("pip install --requirement dev/tools.txt --editable apps/twilio_sms_channel[test]", []),
		("pip install --requirement dev/tool.txt", ["dev/tool.txt"]),
		("pytest tests/unit --bench /home/tests/none", []),
		("pytest tests/units", ["tests/units"]),
	],
)
def test_what_is_missing_is_found(script, wrong):
	assert missing(script) == wrong


@pytest.mark.parametrize("file", WORKFLOWS)
def test_a_workflow_may_only_read_and_does_not_run_twice(file):
	workflow = WORKFLOWS[file]
	assert {ON, "name", "jobs", "concurrency", "permissions"} <= set(workflow)
	assert workflow["permissions"] == {"contents": "read"}
	assert "github.ref" in workflow["concurrency"]["group"]
	assert "pull_request_target" not in workflow[ON], (
		"it would run a stranger's code with this repository's rights"
	)
	groups = [other["concurrency"]["group"] for other in WORKFLOWS.values()]
	assert len(set(groups)) == len(groups)


@pytest.mark.parametrize(("file", "name"), JOBS)
def test_a_job_ends_and_may_write_what_it_publishes(file, name):
	job = JOBS[file, name]
	written = {what for what, how in job.get("permissions", {}).items() if how != "read"}
	assert written == WRITES.get((file, name), set())
	needed = job.get("needs", [])
	needed = [needed] if isinstance(needed, str) else needed
	assert set(needed) <= set(WORKFLOWS[file]["jobs"])
	if "uses" in job:
		called = ROOT / job["uses"]
		assert called.parent == GITHUB / "workflows"
		assert "workflow_call" in WORKFLOWS[called.name][ON]
	else:
		assert 0 < job["timeout-minutes"] <= 60
		assert job["steps"]


@pytest.mark.parametrize(("file", "name"), JOBS)
def test_actions_have_a_major_version(file, name):
	used = [step["uses"] for step in JOBS[file, name].get("steps", []) if "uses" in step]
	assert [action for action in used if not re.fullmatch(r"[\w-]+/[\w./-]+@v\d+", action)] == []


@pytest.mark.parametrize(("file", "name"), JOBS)
def test_what_a_job_names_is_there(file, name):
	job = JOBS[file, name]
	for step in job.get("steps", []):
		assert ("run" in step) != ("uses" in step)
		assert missing(step.get("run", "")) == []
		if cached := step.get("with", {}).get("cache-dependency-path"):
			assert (ROOT / cached).is_file(), cached
	axes = job.get("strategy", {}).get("matrix", {})
	known = {*axes, *(key for row in axes.get("include", []) for key in row)}
	assert set(re.findall(r"\bmatrix\.([\w-]+)", str(job))) <= known
	steps = {step["id"] for step in job.get("steps", []) if "id" in step}
	assert set(re.findall(r"\bsteps\.([\w-]+)", str(job))) <= steps


@pytest.mark.parametrize(("file", "name"), JOBS)
def test_no_script_contains_what_a_stranger_wrote(file, name):
	"""An expression in a script is put into it before the shell reads it: values go through the environment."""
	for step in JOBS[file, name].get("steps", []):
		assert set(re.findall(r"\$\{\{\s*([\w.]+)", step.get("run", ""))) <= {
			"matrix.frappe",
			"matrix.helpdesk",
		}


def test_unit_tests_run_on_each_python_that_the_app_takes():
	lowest = re.search(
		r'^requires-python = ">=3\.(\d+)"$', (ROOT / "pyproject.toml").read_text("utf-8"), re.M
	)[1]
	tested = JOBS["ci.yml", "unit"]["strategy"]["matrix"]["python"]
	assert tested == [f"3.{minor}" for minor in range(int(lowest), 15)]


def test_readme_shows_the_state_of_what_is_run_on_main():
	shown = re.findall(
		r"^\[!\[.+?\]\((\S+?)/badge\.svg\?branch=main\)\]\((\S+)\)$",
		(ROOT / "README.md").read_text("utf-8"),
		re.M,
	)
	assert all(picture == target for picture, target in shown)
	on_main = {
		file
		for file, workflow in WORKFLOWS.items()
		if "main" in workflow[ON].get("push", {}).get("branches", [])
	}
	assert {target.rpartition("/actions/workflows/")[2] for _, target in shown} == on_main


@pytest.mark.parametrize("form", FORMS, ids=lambda path: path.name)
def test_a_form_for_issues_can_be_filled_in(form):
	says = yaml.safe_load(form.read_text("utf-8"))
	assert {"name", "description", "body"} <= set(says)
	fields = [field for field in says["body"] if field["type"] != "markdown"]
	assert len({field["id"] for field in fields}) == len(fields)
	for field in fields:
		assert field["type"] in {"textarea", "input", "dropdown", "checkboxes"}
		assert field["attributes"]["label"]
		options = field["attributes"].get("options", [])
		assert bool(options) == (field["type"] == "dropdown")
		assert len(set(options)) == len(options)
	assert any(field.get("validations", {}).get("required") for field in fields)


def test_whoever_opens_an_issue_is_shown_where_to_look_first():
	says = yaml.safe_load((GITHUB / "ISSUE_TEMPLATE" / "config.yml").read_text("utf-8"))
	assert says["blank_issues_enabled"] is False
	assert all({"name", "url", "about"} == set(link) for link in says["contact_links"])
	assert any(link["url"].endswith("/security/advisories/new") for link in says["contact_links"])


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_pages_name_targets_that_there_are(page):
	code = re.findall(r"`[^`\n]+`|^```.*?^```", page.read_text("utf-8"), re.M | re.S)
	assert [target for text in code for _, target in MAKE.findall(text) if target not in targets()] == []


def test_links_to_files_of_the_repository_lead_to_one():
	"""Those with the repository's address; `tests/test_documentation.py` follows the others."""
	text = "".join(
		path.read_text("utf-8") for path in [*PAGES, *GITHUB.rglob("*.yml"), ROOT / "pyproject.toml"]
	)
	linked = set(re.findall(r"/twilio_sms_channel/(?:blob|tree)/main/([\w./-]*\w)", text))
	assert "CHANGELOG.md" in linked
	assert [path for path in sorted(linked) if not (ROOT / path).exists()] == []
