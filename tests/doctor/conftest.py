import pytest
from support.clinic import Clinic


@pytest.fixture(scope="package")
def healthy(stack):
	clinic = Clinic(stack)
	yield clinic
	clinic.close()


@pytest.fixture
def clinic(healthy, sim):
	"""A healthy account; made so again afterwards."""
	yield healthy
	sim.faults.off()
	healthy.heal()
