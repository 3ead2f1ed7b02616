frappe.ui.form.on("Twilio SMS Settings", {
	refresh(frm) {
		const copy = frm.doc.__onload?.copy;
		if (!copy) return;
		frm.set_intro(frappe.utils.escape_html(copy), "red");
		frm.add_custom_button(__("Take Over"), () => frm.events.take_over(frm));
	},

	take_over(frm) {
		const choices = [
			{ value: "cancel", label: __("Cancel them") },
			{ value: "look_up", label: __("Look them up at Twilio, and send those that are not there") },
		];
		frappe.prompt(
			{
				fieldname: "waiting",
				fieldtype: "Select",
				label: __("Messages that waited in the backup"),
				options: choices,
				default: "cancel",
				reqd: 1,
				description: __(
					"The original site may have sent them. Look them up only when it is switched off for good, or it may still send them as well.",
				),
			},
			async ({ waiting }) => {
				const { message } = await frappe.call("twilio_sms_channel.api.setup.confirm_home", { waiting });
				frappe.show_alert({
					message:
						message.waiting === "cancel"
							? __("This site sends messages now. Canceled: {0}", [message.texts])
							: __("This site sends messages now. Being looked up: {0}", [message.texts]),
					indicator: "green",
				});
				frm.reload_doc();
			},
			__("This Site Takes Over"),
			__("Take Over"),
		);
	},
});
