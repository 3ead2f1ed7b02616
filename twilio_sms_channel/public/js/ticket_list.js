// Desk's lists of tickets: text somebody first, and find tickets by a phone number in any spelling.
//
// Each list of tickets loads this anew.

(() => {
	for (const doctype of frappe.boot.twilio_sms?.ticket_doctypes || []) add_to(doctype);

	function add_to(doctype) {
		const settings = (frappe.listview_settings[doctype] ||= {});
		if (settings.twilio_sms) return;
		settings.twilio_sms = true;
		// The ticket system may bring a list file of its own.
		const before = settings.onload;
		settings.onload = (list) => {
			before?.call(settings, list);
			list.page.add_inner_button(__("New SMS Conversation"), async () => {
				await frappe.require("twilio_sms.bundle.js");
				twilio_sms.start_in_desk(list.doctype);
			});
			list.page.add_inner_button(__("Find by Phone Number"), () => ask_for_number(list));
		};
	}

	function ask_for_number(list) {
		frappe.prompt(
			{
				fieldname: "query",
				fieldtype: "Data",
				label: __("Phone Number"),
				description: __("In any spelling, or at least its last six digits."),
				reqd: 1,
			},
			({ query }) => show(list, query),
			__("Find by Phone Number"),
			__("Find"),
		);
	}

	async function show(list, query) {
		const { message: found } = await frappe.call({
			method: "twilio_sms_channel.api.ticket.find",
			type: "GET",
			args: { query, ticket_doctype: list.doctype },
		});
		if (!found.length) {
			frappe.show_alert({
				message: __("No ticket has messages from {0}.", [frappe.utils.escape_html(query)]),
				indicator: "orange",
			});
			return;
		}
		if (found.length === 1) return frappe.set_route("Form", list.doctype, found[0].ticket);
		await list.filter_area.clear(false);
		list.filter_area.add([[list.doctype, "name", "in", found.map(({ ticket }) => ticket).join(",")]]);
	}
})();
