frappe.ui.form.on("Twilio SMS Message", {
	refresh(frm) {
		const { status, direction, communication, error_code } = frm.doc;
		const failed = ["Failed", "Undelivered", "Blocked"].includes(status);
		const lost_media = (frm.doc.media || []).some((row) => row.status === "Failed");
		if (failed || lost_media) {
			frm.add_custom_button(direction === "Outbound" ? __("Send Again") : __("Try Again"), () =>
				frappe
					.call("twilio_sms_channel.api.ticket.retry", { message: frm.doc.name })
					.then(() => frm.reload_doc()),
			);
		}
		if (error_code) {
			frm.add_web_link(
				`https://www.twilio.com/docs/api/errors/${encodeURIComponent(error_code)}`,
				__("Twilio on error {0}", [error_code]),
			);
		}
		if (communication) {
			frm.add_custom_button(__("Open Ticket"), async () => {
				const { message } = await frappe.db.get_value("Communication", communication, [
					"reference_doctype",
					"reference_name",
				]);
				frappe.set_route("Form", message.reference_doctype, message.reference_name);
			});
		}
	},
});
