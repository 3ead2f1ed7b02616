// {% include "twilio_sms_channel/public/js/report_filters.js" %}
// {% include "twilio_sms_channel/public/js/plain.js" %}
frappe.query_reports["Twilio SMS Delivery Failures"] = {
	filters: twilio_sms.report_filters(),
	after_datatable_render: twilio_sms.readable_axis,

	formatter(value, row, column, data, default_formatter) {
		// Of codes that are not explained here these are Twilio's words.
		const shown = default_formatter(twilio_sms.plain(value), row, column, data);
		// Twilio's codes are numbers; what is none leads to no page.
		return column.fieldname === "code" && Number(value)
			? `<a href="https://www.twilio.com/docs/api/errors/${Number(value)}" target="_blank" rel="noopener">${shown}</a>`
			: shown;
	},
};
