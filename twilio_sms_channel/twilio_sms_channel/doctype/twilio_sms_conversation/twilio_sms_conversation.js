frappe.ui.form.on("Twilio SMS Conversation", {
	refresh(frm) {
		if (frm.doc.opted_out) {
			frm.dashboard.set_headline_alert(
				__("The customer opted out by texting STOP. They have to text START before they can be texted again."),
				"red",
			);
		}
		if (frm.doc.ticket) {
			frm.add_custom_button(__("Open Ticket"), () =>
				frappe.set_route("Form", frm.doc.ticket_doctype, frm.doc.ticket),
			);
		}
	},
});
