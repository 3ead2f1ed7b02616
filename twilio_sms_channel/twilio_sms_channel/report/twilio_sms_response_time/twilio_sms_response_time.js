// {% include "twilio_sms_channel/public/js/report_filters.js" %}
frappe.query_reports["Twilio SMS Response Time"] = {
	filters: twilio_sms.report_filters({
		groups: ["Day", "Week", "Month", "Team", "Agent", "Number"],
		figures: ["Median", "Average"],
	}),
	after_datatable_render: twilio_sms.readable_axis,
	formatter: twilio_sms.blank_for_nothing,
};
