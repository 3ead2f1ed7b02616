import shlex
import subprocess
from collections.abc import Callable

import pytest

RESTART_TIMEOUT_S = 90


@pytest.fixture
def restart(request) -> Callable[[str, str], None]:
	"""Restart a service of the bench: its name, and the signal that ends it."""
	command = request.config.getoption("--restart-services-with")
	if not command:
		pytest.skip("--restart-services-with does not say how services are restarted here")

	def restart_service(service: str, signal: str) -> None:
		words = [word.format(service=service, signal=signal) for word in shlex.split(command)]
		subprocess.run(words, check=True, timeout=RESTART_TIMEOUT_S)

	return restart_service


def pytest_collection_modifyitems(items) -> None:
	"""What restarts the bench's services comes last: other tests may run on the same bench."""
	items.sort(key=lambda item: "restart" in getattr(item, "fixturenames", ()))
