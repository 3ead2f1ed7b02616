// Desk's form of Contact: text this person.

frappe.ui.form.on("Contact", {
	refresh(frm) {
		twilio_sms_offer(frm, () => {
			const phones = [...(frm.doc.phone_nos || [])].filter(({ phone }) => phone);
			phones.sort((one, other) => other.is_primary_mobile_no - one.is_primary_mobile_no);
			return { contact: frm.doc.name, numbers: twilio_sms_numbers(...phones.map(({ phone }) => phone)) };
		});
	},
});
