import frappe
from frappe.model.document import Document


class HDFormScript(Document):
	pass


def get_form_script(
	dt: str, apply_to: str = "Form", is_customer_portal: bool = False, apply_on_new_page: bool = False
) -> list[str] | None:
	"""The enabled scripts for one place in the screen, None without any (v1.25.1)."""
	return (
		frappe.get_all(
			"HD Form Script",
			filters={
				"dt": dt,
				"apply_to": apply_to,
				"enabled": 1,
				"apply_to_customer_portal": int(is_customer_portal),
				"apply_on_new_page": int(apply_on_new_page),
			},
			pluck="script",
		)
		or None
	)
