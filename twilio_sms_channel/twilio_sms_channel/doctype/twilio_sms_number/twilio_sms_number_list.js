frappe.listview_settings["Twilio SMS Number"] = {
	add_fields: ["enabled", "webhook_url", "released_on", "disconnected_on", "number_type"],
	onload(list) {
		if (!frappe.model.can_create("Twilio SMS Account")) return;
		list.page.add_inner_button(__("Import From Twilio"), async () => {
			const accounts = await frappe.db.get_list("Twilio SMS Account", { filters: { enabled: 1 }, limit: 2 });
			if (accounts.length === 1) frappe.set_route("twilio-sms-setup", accounts[0].name);
			else frappe.set_route(accounts.length ? ["List", "Twilio SMS Account"] : ["twilio-sms-setup"]);
		});
	},
	get_indicator(doc) {
		if (doc.released_on) return [__("Released"), "red", "released_on,is,set"];
		if (doc.disconnected_on) return [__("Disconnected"), "gray", "disconnected_on,is,set"];
		if (!doc.enabled) return [__("Switched Off"), "gray", "enabled,=,0"];
		const receives = doc.number_type !== "Alphanumeric Sender";
		if (!doc.webhook_url && receives) return [__("No Webhook"), "orange", "webhook_url,is,not set"];
		const ours = "twilio_sms_channel.api.webhooks.inbound";
		if (receives && !doc.webhook_url.includes(ours))
			return [__("Messages Go Elsewhere"), "orange", `webhook_url,not like,%${ours}%`];
		return [__("Ready"), "green", "enabled,=,1"];
	},
};
