// Desk's form of Contact: text this person.

frappe.ui.form.on("Contact", {
	refresh(frm) {
		// Into which ticket a message goes, the number of ours that it leaves from decides.
		const doctypes = frappe.boot.twilio_sms?.ticket_doctypes || [];
		const ticket_doctype = doctypes.find((doctype) => frappe.model.can_create(doctype));
		if (frm.is_new() || !ticket_doctype) return;
		frm.add_custom_button(__("Send SMS"), async () => {
			const phones = [...(frm.doc.phone_nos || [])].filter(({ phone }) => phone);
			phones.sort((one, other) => other.is_primary_mobile_no - one.is_primary_mobile_no);
			await frappe.require("twilio_sms.bundle.js");
			twilio_sms.start_in_desk(ticket_doctype, {
				contact: frm.doc.name,
				numbers: phones.map(({ phone }) => ({ number: phone, display: phone })),
			});
		});
	},
});
