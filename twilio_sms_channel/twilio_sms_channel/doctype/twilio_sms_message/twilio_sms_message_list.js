frappe.listview_settings["Twilio SMS Message"] = {
	add_fields: ["status", "direction", "way"],
	hide_name_column: true,
	formatters: {
		// Its first words, after an arrow that tells its direction, and how it travelled.
		body(value, _field, { direction, way }) {
			const inbound = direction === "Inbound";
			const arrow = `<span title="${__(direction)}" aria-label="${__(direction)}">${inbound ? "←" : "→"}</span>`;
			const words = frappe.utils.escape_html(twilio_sms.plain(value).trim());
			const by = way ? `<span class="text-muted">${__(way)}</span>` : "";
			return `<span class="ellipsis" title="${words}">${arrow} ${by} ${words || `<i>${__("No text")}</i>`}</span>`;
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
