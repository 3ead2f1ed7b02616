const COLOURS = { Broken: "red", "At Risk": "orange", Notice: "blue" };

frappe.listview_settings["Twilio SMS Finding"] = {
	add_fields: ["severity", "remedy", "check_name", "what"],
	hide_name_column: true,

	get_indicator({ severity }) {
		return [__(severity), COLOURS[severity], `severity,=,${severity}`];
	},

	button: {
		show: ({ remedy }) => Boolean(remedy),
		get_label: () => __("Fix It"),
		get_description: () => __("The app can fix this."),
		async action(finding) {
			await frappe.require("twilio_sms_doctor.bundle.js");
			if (await twilio_sms_doctor.mend(finding)) show_anew(cur_list);
		},
	},

	onload(list) {
		this.offer_check(list);
		const usual = list.get_no_result_message;
		list.get_no_result_message = () => (list.filter_area.get().length ? usual.call(list) : nothing_wrong());
	},

	// Frappe takes the button away where nothing can be created.
	refresh(list) {
		this.offer_check(list);
	},

	offer_check(list) {
		list.page.set_primary_action(__("Check Now"), async () => {
			await frappe.require("twilio_sms_doctor.bundle.js");
			twilio_sms_doctor.open({}, () => show_anew(list));
		});
	},
};

function show_anew(list) {
	// Otherwise Frappe leaves out what is asked again within three seconds.
	list.last_args = null;
	list.refresh();
}

function nothing_wrong() {
	// Frappe's grey is hard to read in the dark.
	return `<div class="msg-box no-border" style="color: var(--text-color)">
		<p style="color: inherit"><span class="indicator green"></span>${__("Nothing is wrong, as far as was seen at the last check.")}</p>
		<p style="color: inherit">${__("Everything is checked once a night. Press Check Now to look at once.")}</p>
	</div>`;
}
