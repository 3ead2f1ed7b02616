// {% include "twilio_sms_channel/public/js/plain.js" %}
// Frappe draws Data and Small Text as HTML in tables within forms, in reports and, on some versions, in forms and lists as
// well. Of this app's DocTypes these fields hold what came from outside: they are shown as text.

(() => {
	const IN_ROWS = ["Data", "Small Text", "Text", "Long Text", "Code"];
	const with_breaks = (value) => String(twilio_sms.plain(value)).replace(/\r?\n/g, "<br>");
	const escaped = (value) => frappe.utils.escape_html(String(value ?? ""));
	const in_list = (value) => `<span class="ellipsis">${escaped(value)}</span>`;
	// A form shows a text exactly as it came.
	const as_code = (value, _field, options) =>
		`<pre>${escaped(options?.inline ? value : twilio_sms.plain(value))}</pre>`;

	// In a report the fields of a table stand as "DocType:fieldname".
	const is_text = (doctype, key) => {
		const [field, table] = key.split(":").reverse();
		return IN_ROWS.includes(frappe.meta.docfield_map[table || doctype]?.[field]?.fieldtype);
	};

	// The title of what a link leads to is drawn as HTML, a label that is given takes its place.
	const as_link = (value, field, options, doc) => {
		const label = twilio_sms.plain(frappe.utils.get_link_title(field.options, value) || value);
		return frappe.form.formatters.Link(value, field, { ...options, label }, doc);
	};

	// A list that is shown as a report puts titles into the page as HTML from v16 on.
	if (!twilio_sms.titles_are_text) {
		twilio_sms.titles_are_text = true;
		const { get_link_title, fetch_link_title } = frappe.utils;
		const as_text = (doctype, title) =>
			title && doctype.startsWith("Twilio SMS ") ? twilio_sms.plain(title) : title;
		frappe.utils.get_link_title = (doctype, name) => as_text(doctype, get_link_title(doctype, name));
		frappe.utils.fetch_link_title = async (doctype, name) =>
			as_text(doctype, await fetch_link_title(doctype, name));
	}

	for (const [doctype, fields] of Object.entries(frappe.meta.docfield_map)) {
		if (!doctype.startsWith("Twilio SMS ")) continue;
		const settings = (frappe.listview_settings[doctype] ||= {});
		settings.formatters ||= {};
		const { title_field } = frappe.get_meta(doctype) || {};
		// The values themselves: before v16 a formatter of the title takes the place of the link and the box to tick, and
		// a report may show a value in another field's column, which no formatter of ours reaches.
		settings.before_render ||= () => {
			for (const view of Object.values(frappe.views.list_view)) {
				if (view.doctype !== doctype) continue;
				for (const row of view.data) {
					for (const key in row) if (is_text(doctype, key)) row[key] = twilio_sms.plain(row[key]);
				}
			}
		};
		for (const field of Object.values(fields)) {
			const { fieldtype, fieldname, options } = field;
			if (fieldtype === "Link" && options.startsWith("Twilio SMS ")) field.formatter = as_link;
			if (fieldtype === "Data") field.formatter = twilio_sms.plain;
			if (fieldtype === "Small Text") field.formatter = with_breaks;
			if (fieldtype === "Code") field.formatter = as_code;
			if (fieldname === title_field) continue;
			if (["Data", "Small Text"].includes(fieldtype)) settings.formatters[fieldname] ||= twilio_sms.plain;
			if (fieldtype === "Code") settings.formatters[fieldname] ||= in_list;
		}
	}
})();
