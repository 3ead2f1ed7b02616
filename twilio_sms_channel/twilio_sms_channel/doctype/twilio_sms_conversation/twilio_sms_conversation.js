frappe.ui.form.on("Twilio SMS Conversation", {
	refresh(frm) {
		const { why_opted_out, unreachable, line } = frm.doc.__onload || {};
		if (why_opted_out) frm.dashboard.set_headline_alert(frappe.utils.escape_html(why_opted_out), "red");
		else if (unreachable) {
			const said = [unreachable, line].filter(Boolean).map(frappe.utils.escape_html);
			frm.dashboard.set_headline_alert(said.join("<br>"), "orange");
		}
		if (frm.doc.ticket) {
			frm.add_custom_button(__("Open Ticket"), () =>
				frappe.set_route("Form", frm.doc.ticket_doctype, frm.doc.ticket),
			);
		}
	},
});
