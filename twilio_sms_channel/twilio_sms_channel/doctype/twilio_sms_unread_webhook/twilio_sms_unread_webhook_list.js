frappe.listview_settings["Twilio SMS Unread Webhook"] = {
	add_fields: ["kind", "attempts"],
	hide_name_column: true,
	get_indicator({ kind }) {
		return [__(kind), kind === "Message" ? "red" : "orange", `kind,=,${kind}`];
	},
	button: {
		show: () => true,
		get_label: () => __("Read Again"),
		get_description: () => __("Reads it again in the background."),
		async action({ name }) {
			await frappe.call("twilio_sms_channel.api.setup.read_again", { webhook: name });
			frappe.show_alert(__("It is being read again."));
			setTimeout(() => {
				cur_list.last_args = null;
				cur_list.refresh();
			}, 3000);
		},
	},
};
