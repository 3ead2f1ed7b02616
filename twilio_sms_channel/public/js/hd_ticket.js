// Desk's form of HD Ticket.

frappe.ui.form.on("HD Ticket", {
	refresh: (frm) => twilio_sms_show_ticket(frm),
});
