from frappe.model.document import Document


class TwilioSMSMedia(Document):
	"""One picture or file of a message."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		attempts: DF.Int
		changed: DF.SmallText | None
		content_type: DF.Data | None
		error: DF.SmallText | None
		file: DF.Link | None
		file_name: DF.Data | None
		parent: DF.Data
		parentfield: DF.Data
		parenttype: DF.Data
		size: DF.Int
		status: DF.Literal["Waiting", "Fetched", "Attached", "Linked", "Failed", "Not Accepted"]
		twilio_copy: DF.Literal["", "To Delete", "Deleted"]
		url: DF.SmallText | None
	# end: auto-generated types
