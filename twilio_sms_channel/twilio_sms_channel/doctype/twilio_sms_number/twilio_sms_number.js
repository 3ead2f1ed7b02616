frappe.ui.form.on("Twilio SMS Number", {
	refresh(frm) {
		if (frm.is_new()) return;
		frm.add_custom_button(__("Set Webhook"), () => frm.events.set_webhook(frm, false));
		frm.add_custom_button(__("Conversations"), () =>
			frappe.set_route("List", "Twilio SMS Conversation", { number: frm.doc.name }),
		);
	},

	set_webhook(frm, replace) {
		return frm
			.call({
				method: "twilio_sms_channel.api.setup.configure_webhooks",
				args: { number: frm.doc.name, replace: replace ? 1 : 0 },
				freeze: true,
				freeze_message: __("Telling Twilio where this site is…"),
			})
			.then(({ message }) => {
				if (message.replaced) {
					frappe.show_alert({ message: __("Twilio now posts texts to this site."), indicator: "green" });
					return frm.reload_doc();
				}
				frappe.confirm(
					__("Twilio posts this number's texts to another system: {0}<br>Post them here instead?", [
						`<br><code>${frappe.utils.escape_html(message.other)}</code>`,
					]),
					() => frm.events.set_webhook(frm, true),
				);
			});
	},
});
