import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def documentation_site(request) -> Path:
	"""The folder that `make docs` writes."""
	bench = getattr(request.config, "bench", None)
	if bench and bench != ROOT / ".throwaway":
		pytest.skip("make docs belongs to the throwaway bench, and wants a Python of its own")
	made = subprocess.run(["python3", "dev", "docs"], cwd=ROOT, capture_output=True, text=True)
	assert not made.returncode, made.stdout + made.stderr
	return ROOT / "site"
