// Desk's form of Issue, where agents answer.

frappe.ui.form.on("Issue", {
	refresh: (frm) => twilio_sms_show_ticket(frm),
	timeline_refresh: (frm) => twilio_sms_reply_in_form(frm),
});
