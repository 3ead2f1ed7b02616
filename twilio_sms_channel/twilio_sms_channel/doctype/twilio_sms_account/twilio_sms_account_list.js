frappe.listview_settings["Twilio SMS Account"] = {
	add_fields: ["enabled", "status"],
	// The guided way; it offers the plain form as well.
	primary_action: () => frappe.set_route("twilio-sms-setup"),
	get_indicator(doc) {
		if (!doc.enabled) return [__("Switched Off"), "gray", "enabled,=,0"];
		const colour = { Active: "green", "Not Checked": "orange" }[doc.status] || "red";
		return [__(doc.status), colour, `status,=,${doc.status}`];
	},
};
