// Desk's form of Contact: text this person.

frappe.ui.form.on("Contact", {
	refresh(frm) {
		if (frm.is_new() || !frappe.model.can_create("HD Ticket")) return;
		frm.add_custom_button(__("Send SMS"), async () => {
			const phones = [...(frm.doc.phone_nos || [])].filter(({ phone }) => phone);
			phones.sort((one, other) => other.is_primary_mobile_no - one.is_primary_mobile_no);
			await frappe.require("twilio_sms.bundle.js");
			twilio_sms.start_in_desk("HD Ticket", {
				contact: frm.doc.name,
				numbers: phones.map(({ phone }) => ({ number: phone, display: phone })),
			});
		});
	},
});
