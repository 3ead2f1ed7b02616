from frappe.model.document import Document


class TwilioSMSErasedText(Document):
	"""That a message was here and was deleted; see `infra/erasures.py`."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		digest: DF.Data
	# end: auto-generated types
