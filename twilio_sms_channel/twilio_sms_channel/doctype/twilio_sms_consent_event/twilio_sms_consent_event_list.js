frappe.listview_settings["Twilio SMS Consent Event"] = {
	add_fields: ["event"],
	hide_name_column: true,
	get_indicator(doc) {
		const colour = { "Opted Out": "red", "Opted In": "green" }[doc.event] || "blue";
		return [__(doc.event), colour, `event,=,${doc.event}`];
	},
};
