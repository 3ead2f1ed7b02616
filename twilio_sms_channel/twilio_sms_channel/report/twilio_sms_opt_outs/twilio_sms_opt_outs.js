// {% include "twilio_sms_channel/public/js/report_filters.js" %}
frappe.query_reports["Twilio SMS Opt-Outs"] = {
	filters: twilio_sms.report_filters({
		groups: ["Day", "Week", "Month", "Number", "Team", "Source"],
	}),
	after_datatable_render: twilio_sms.readable_axis,
};
