frappe.listview_settings["Twilio SMS Message"] = {
	add_fields: ["status", "direction"],
	hide_name_column: true,
	get_indicator(doc) {
		const colour =
			{
				Received: "orange",
				Threaded: "blue",
				Queued: "orange",
				Sending: "orange",
				Unconfirmed: "yellow",
				Accepted: "light-blue",
				Sent: "light-blue",
				Delivered: "green",
				Read: "green",
				Canceled: "gray",
			}[doc.status] || "red";
		return [__(doc.status), colour, `status,=,${doc.status}`];
	},
};
