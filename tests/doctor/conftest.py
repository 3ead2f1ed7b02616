import frappe
import pytest
from frappe.utils.background_jobs import get_workers
from support.clinic import FINDING, NUMBER, Clinic
from support.stack import eventually


@pytest.fixture(scope="package")
def healthy(stack):
	frappe.db.rollback()
	# A worker that has just been started takes some seconds to say so.
	eventually(get_workers)
	clinic = Clinic(stack)
	yield clinic
	clinic.heal()
	frappe.db.set_single_value("System Settings", "enable_scheduler", 0)
	frappe.db.delete(FINDING)
	for number in (clinic.number, clinic.toll_free):
		frappe.delete_doc(NUMBER, number, force=True)
	frappe.delete_doc("Twilio SMS Account", clinic.account, force=True)
	frappe.db.commit()


@pytest.fixture
def clinic(healthy, sim):
	"""A healthy account; made so again afterwards."""
	yield healthy
	sim.faults.off()
	healthy.heal()
