// Desk's form of HD Ticket: text the customer of an e-mail ticket.

frappe.ui.form.on("HD Ticket", {
	refresh(frm) {
		if (frm.is_new() || frm.doc.twilio_sms_conversation || !frm.perm[0]?.write) return;
		frm.add_custom_button(__("Text This Customer"), async () => {
			await frappe.require("twilio_sms.bundle.js");
			twilio_sms.start_in_desk(frm.doctype, { ticket: String(frm.doc.name) });
		});
	},
});
