frappe.listview_settings["Twilio SMS Exchange"] = {
	add_fields: ["outcome"],
	hide_name_column: true,
	get_indicator({ outcome }) {
		const colour = { Rejected: "red", "Not Processed": "orange" }[outcome] || "yellow";
		return [__(outcome), colour, `outcome,=,${outcome}`];
	},
};
