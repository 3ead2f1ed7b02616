const COLORS = { Open: "red", Replied: "blue", Resolved: "green", Closed: "gray" };

frappe.listview_settings["HD Ticket"] = {
	get_indicator(ticket) {
		return [__(ticket.status), COLORS[ticket.status] || "orange", `status,=,${ticket.status}`];
	},
};
