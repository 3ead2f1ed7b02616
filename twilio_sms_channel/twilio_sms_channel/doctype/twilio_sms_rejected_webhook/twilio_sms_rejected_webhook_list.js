frappe.listview_settings["Twilio SMS Rejected Webhook"] = {
	add_fields: ["http_status"],
	hide_name_column: true,
	get_indicator(doc) {
		const [words, colour] = {
			400: [__("Malformed"), "orange"],
			403: [__("Not Signed"), "red"],
			404: [__("Not Set Up Here"), "orange"],
		}[doc.http_status] || [String(doc.http_status), "gray"];
		return [words, colour, `http_status,=,${doc.http_status}`];
	},
};
