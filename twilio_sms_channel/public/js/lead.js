// ERPNext's form of Lead: text this person.

frappe.ui.form.on("Lead", {
	refresh(frm) {
		twilio_sms_offer(frm, () => twilio_sms_person_of(frm, frm.doc.mobile_no, frm.doc.whatsapp_no, frm.doc.phone));
	},
});
