frappe.ui.form.on("Twilio SMS Unread Webhook", {
	refresh(frm) {
		frm.disable_save();
		frm.page.set_primary_action(__("Read Again"), async () => {
			const { name, attempts } = frm.doc;
			await frappe.call("twilio_sms_channel.api.setup.read_again", { webhook: name });
			frappe.show_alert(__("It is being read again."));
			// A worker does it: usually within a second or two.
			for (let waited = 0; waited < 15; waited++) {
				await new Promise((done) => setTimeout(done, 1000));
				const { message } = await frappe.db.get_value(frm.doctype, { name }, "attempts");
				if (!message || message.attempts === undefined) {
					frappe.show_alert({ message: __("It was read."), indicator: "green" });
					return frappe.set_route("List", frm.doctype);
				}
				if (message.attempts !== attempts) {
					frappe.show_alert({ message: __("It still cannot be read."), indicator: "orange" });
					return frm.reload_doc();
				}
			}
		});
	},
});
