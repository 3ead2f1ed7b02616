import frappe

INDEX = "conversation_direction_status_creation_index"


def execute():
	"""Messages of a conversation leave by their round; the index by their time of creation serves nothing any more."""
	if frappe.db.has_index("tabTwilio SMS Message", INDEX):
		frappe.db.sql_ddl(f"alter table `tabTwilio SMS Message` drop index `{INDEX}`")
