from frappe.model.document import Document

from helpdesk.utils import get_doc_room, publish_event


class HDTicketComment(Document):
	def after_insert(self):
		self._publish()

	def after_delete(self):
		self._publish()

	def _publish(self):
		publish_event(
			"helpdesk:ticket-comment",
			room=get_doc_room("HD Ticket", self.reference_ticket),
			data={"ticket_id": self.reference_ticket},
		)
