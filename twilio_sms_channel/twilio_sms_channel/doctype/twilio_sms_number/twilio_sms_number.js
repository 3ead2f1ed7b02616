frappe.ui.form.on("Twilio SMS Number", {
	refresh(frm) {
		if (frm.is_new()) return;
		frm.add_custom_button(__("Set Webhook"), () => frm.events.set_webhook(frm, false));
		frm.add_custom_button(__("Conversations"), () =>
			frappe.set_route("List", "Twilio SMS Conversation", { number: frm.doc.name }),
		);
		if (frm.doc.number_type !== "Alphanumeric Sender") {
			frm.add_custom_button(__("Compare With Twilio"), () => frm.events.compare(frm));
		}
	},

	onload(frm) {
		frappe.realtime.off("twilio_sms_compared");
		frappe.realtime.on("twilio_sms_compared", ({ number, result, error }) => {
			frappe.show_alert(
				{ message: frappe.utils.escape_html(`${number}: ${result}`), indicator: error ? "red" : "green" },
				10,
			);
			if (frm.doc.name === number) frm.reload_doc();
		});
	},

	compare(frm) {
		frappe.prompt(
			{
				fieldname: "since",
				fieldtype: "Date",
				label: __("From"),
				reqd: 1,
				default: frappe.datetime.add_days(frappe.datetime.nowdate(), -1),
				description: __("Texts in Twilio's list since then that are not here are taken in, each into its ticket."),
			},
			({ since }) =>
				frappe
					.call("twilio_sms_channel.api.setup.backfill", { number: frm.doc.name, since })
					.then(() =>
						frappe.show_alert({
							message: __("Comparing in the background. You are told when it is done."),
							indicator: "blue",
						}),
					),
			__("Compare With Twilio's List"),
			__("Compare"),
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
