// What this app's reports share. Each report's script includes this file.
frappe.provide("twilio_sms");

// What a report is asked for.
// groups: what it can have a row for; figures: what its chart can show. The first of each is the default.
twilio_sms.report_filters = ({ groups = [], figures = [] } = {}) => {
	const words = {
		Day: __("Day"),
		Week: __("Week"),
		Month: __("Month"),
		Number: __("Number"),
		Team: __("Team"),
		Account: __("Account"),
		Agent: __("Agent"),
		Source: __("Source"),
		Texts: __("Messages"),
		"Delivery Rate": __("Delivery Rate"),
		Segments: __("Segments"),
		Cost: __("Cost"),
		Median: __("Median"),
		Average: __("Average"),
	};
	const choice = (fieldname, label, values) => ({
		fieldname,
		label,
		fieldtype: "Select",
		options: values.map((value) => ({ value, label: words[value] })),
		default: values[0],
		reqd: 1,
	});
	const today = frappe.datetime.get_today();
	const { team_doctype, may_read_accounts } = frappe.boot.twilio_sms || {};
	return [
		{
			fieldname: "from_date",
			label: __("From Date"),
			fieldtype: "Date",
			default: frappe.datetime.add_days(today, -29),
			reqd: 1,
		},
		{ fieldname: "to_date", label: __("To Date"), fieldtype: "Date", default: today, reqd: 1 },
		...(groups.length ? [choice("group_by", __("Group By"), groups)] : []),
		...(figures.length ? [choice("figure", __("Chart Shows"), figures)] : []),
		{ fieldname: "number", label: __("Number"), fieldtype: "Link", options: "Twilio SMS Number" },
		...(may_read_accounts
			? [{ fieldname: "account", label: __("Account"), fieldtype: "Link", options: "Twilio SMS Account" }]
			: []),
		...(team_doctype
			? [{ fieldname: "team", label: __("Team"), fieldtype: "Link", options: team_doctype }]
			: []),
	];
};

// A rate or time that there is none of is shown as nothing, not as zero.
twilio_sms.blank_for_nothing = (value, row, column, data, default_formatter) =>
	value === null || value === undefined ? "" : default_formatter(value, row, column, data);

// Frappe draws a report's chart without asking how its axes shall be, and without a legend where there is one figure alone. It is drawn
// again: a time axis has room for some of its labels only, numbers stand along the other one as they are, and the title says of what.
twilio_sms.readable_axis = () => {
	const report = frappe.query_report;
	if (!report.chart_options) return;
	const { axisOptions, type, data, fieldtype } = report.chart_options;
	const [{ name }, ...others] = data.datasets;
	// The tops of `reports/grouping.py`.
	const yAxisRange = { min: 0, max: fieldtype === "Int" ? 4 : 1 };
	Object.assign(axisOptions, { shortenYAxisNumbers: 0, yAxisRange, xIsSeries: Number(type === "line") });
	report.render_chart({ ...report.chart_options, title: others.length ? "" : name });
	report.$chart.find("text.title").css("fill", "var(--text-muted)");
};
