// ERPNext's form of Customer: text one of its people.

frappe.ui.form.on("Customer", {
	refresh(frm) {
		twilio_sms_offer(frm, () => twilio_sms_person_of(frm, frm.doc.mobile_no));
	},
});
