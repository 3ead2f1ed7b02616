"""Custom fields that this app adds to others' DocTypes."""

import frappe


def remove(fields: dict[str, list[dict]]) -> None:
	"""Delete custom fields and their columns, whether their DocTypes are still there or not.

	:param fields: DocType → fields, as `create_custom_fields` takes them
	"""
	for doctype, rows in fields.items():
		for row in rows:
			frappe.db.delete("Custom Field", {"dt": doctype, "fieldname": row["fieldname"]})
			if frappe.db.table_exists(doctype) and frappe.db.has_column(doctype, row["fieldname"]):
				# There is no other way to drop a column. The names are constants of this app.
				frappe.db.sql_ddl(f"alter table `tab{doctype}` drop column `{row['fieldname']}`")  # nosemgrep
		frappe.clear_cache(doctype=doctype)
