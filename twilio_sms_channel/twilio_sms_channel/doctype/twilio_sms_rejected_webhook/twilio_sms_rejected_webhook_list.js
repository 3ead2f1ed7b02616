frappe.listview_settings["Twilio SMS Rejected Webhook"] = {
	hide_name_column: true,
	get_indicator(doc) {
		return [String(doc.http_status), doc.http_status === 403 ? "red" : "orange", `http_status,=,${doc.http_status}`];
	},
};
