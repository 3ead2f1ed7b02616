frappe.ui.form.on("Twilio SMS Account", {
	refresh(frm) {
		if (frm.is_new()) return;
		frm.add_custom_button(__("Check Credentials"), () => frm.events.check(frm));
		frm.add_custom_button(__("Import Numbers"), () => frm.events.import_numbers(frm));
	},

	check(frm) {
		return frm
			.call({
				method: "twilio_sms_channel.api.setup.verify",
				args: { account: frm.doc.name },
				freeze: true,
				freeze_message: __("Asking Twilio…"),
			})
			.then(({ message }) => {
				const good = message.status === "Active";
				frappe.show_alert({
					message: good ? __("Twilio accepts these credentials.") : frappe.utils.escape_html(message.detail),
					indicator: good ? "green" : "red",
				});
				return frm.reload_doc();
			});
	},

	import_numbers(frm) {
		return frm
			.call({
				method: "twilio_sms_channel.api.setup.import_numbers",
				args: { account: frm.doc.name },
				freeze: true,
				freeze_message: __("Reading your numbers from Twilio…"),
			})
			.then(({ message }) => {
				frappe.show_alert({
					message: __("{0} numbers added, {1} brought up to date.", [
						message.added.length,
						message.updated.length,
					]),
					indicator: "green",
				});
				return frm.reload_doc();
			});
	},
});
