// The text conversation inside Desk's form of HD Ticket.

frappe.ui.form.on("HD Ticket", {
	async refresh(frm) {
		if (frm.is_new() || !frm.doc.twilio_sms_conversation) return;
		const ticket = String(frm.doc.name);
		await frappe.require("twilio_sms.bundle.js");
		if (String(frm.doc.name) !== ticket) return;
		twilio_sms.set_host(twilio_sms.desk_host(frm.doctype));
		// A refresh empties the dashboard: the same panel is put back, with all that is being done in it.
		if (frm.twilio_sms_panel?.ticket !== ticket) {
			frm.twilio_sms_panel = document.createElement("twilio-sms-panel");
			frm.twilio_sms_panel.ticket = ticket;
			frm.twilio_sms_panel.email_hint = __("Write with the e-mail button of this form, or switch back to text.");
			frm.twilio_sms_panel.addEventListener("channel-changed", () => frm.reload_doc());
		}
		frm.twilio_sms_panel.closest(".form-dashboard-section")?.remove();
		frm.dashboard.add_section(frm.twilio_sms_panel, __("Text Conversation"));
		frm.dashboard.show();
	},
});
