"""What Frappe's Communication does since September 2023, for the older Frappe of the throwaway site."""

from frappe.core.doctype.comment.comment import update_comment_in_doc
from frappe.core.doctype.communication.communication import Communication
from frappe.core.utils import get_parent_doc


class CommunicationTellingItsTicket(Communication):
	def on_update(self):
		parent = get_parent_doc(self)
		if not callable(getattr(parent, "on_communication_update", None)):
			return super().on_update()
		update_comment_in_doc(self)
		parent.on_communication_update(self)
