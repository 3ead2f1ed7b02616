// {% include "twilio_sms_channel/public/js/report_filters.js" %}
frappe.query_reports["Twilio SMS Traffic"] = {
	filters: twilio_sms.report_filters({
		groups: ["Day", "Week", "Month", "Number", "Team", "Account"],
		figures: ["Texts", "Delivery Rate", "Segments", "Cost"],
	}),
	after_datatable_render: twilio_sms.readable_axis,
	formatter: twilio_sms.blank_for_nothing,
};
