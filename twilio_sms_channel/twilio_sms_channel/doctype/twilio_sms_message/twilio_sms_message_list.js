frappe.listview_settings["Twilio SMS Message"] = {
	add_fields: ["status", "direction"],
	hide_name_column: true,
	formatters: {
		// Its first words, after an arrow that says which way it went.
		body(value, _field, { direction }) {
			const inbound = direction === "Inbound";
			const way = `<span title="${__(direction)}" aria-label="${__(direction)}">${inbound ? "←" : "→"}</span>`;
			const words = frappe.utils.escape_html(twilio_sms.plain(value).trim());
			return `<span class="ellipsis" title="${words}">${way} ${words || `<i>${__("No text")}</i>`}</span>`;
		},
	},
	// Words need more room than a number.
	refresh({ columns, $result }) {
		const place = columns.findIndex(({ df }) => df?.fieldname === "body");
		for (const row of $result.find(".level-left")) {
			const words = [...row.children].filter((column) => column.matches(".list-row-col"))[place];
			if (words) words.style.flex = 3;
		}
	},
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
