// As in ERPNext 15.45.0: the open ones first, and statuses set without opening an issue.
frappe.listview_settings["Issue"] = {
	add_fields: ["priority"],
	filters: [["status", "=", "Open"]],
	onload(listview) {
		const method = "erpnext.support.doctype.issue.issue.set_multiple_status";
		for (const [label, status] of [
			[__("Set as Open"), "Open"],
			[__("Set as Closed"), "Closed"],
		]) {
			listview.page.add_action_item(label, () => listview.call_for_selected_items(method, { status }));
		}
	},
};
