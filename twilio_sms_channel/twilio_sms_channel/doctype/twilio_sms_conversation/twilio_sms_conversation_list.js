frappe.listview_settings["Twilio SMS Conversation"] = {
	add_fields: ["opted_out", "ticket"],
	hide_name_column: true,
	get_indicator(doc) {
		if (doc.opted_out) return [__("Opted Out"), "red", "opted_out,=,1"];
		return doc.ticket
			? [__("In a Ticket"), "green", "ticket,is,set"]
			: [__("No Ticket"), "gray", "ticket,is,not set"];
	},
};
