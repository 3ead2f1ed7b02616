frappe.listview_settings["Twilio SMS Number"] = {
	add_fields: ["enabled", "webhook_url"],
	get_indicator(doc) {
		if (!doc.enabled) return [__("Switched Off"), "gray", "enabled,=,0"];
		if (!doc.webhook_url) return [__("No Webhook"), "orange", "webhook_url,is,not set"];
		return [__("Ready"), "green", "enabled,=,1"];
	},
};
