// A value that came from outside, as text that no screen takes for markup, also one that decodes it and puts it into an
// attribute, as the tables of reports do on some versions. Doing it twice does no harm.

frappe.provide("twilio_sms");

twilio_sms.plain = (value) =>
	typeof value === "string"
		? value
				.replace(/<|&(?:lt|#0*60|#x0*3c)\b;?/gi, "‹")
				.replace(/>|&(?:gt|#0*62|#x0*3e)\b;?/gi, "›")
				.replace(/"|&(?:quot|#0*34|#x0*22)\b;?/gi, "”")
		: (value ?? "");
