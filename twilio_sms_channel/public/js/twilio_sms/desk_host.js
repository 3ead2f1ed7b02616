// Desk around the components.

import { is_about } from "./host.js";
import { http_host } from "./http_host.js";

const INDICATORS = { success: "green", warning: "orange", error: "red" };

export function desk_host(ticket_doctype) {
	const toast = (text, kind = "success") =>
		frappe.show_alert({ message: frappe.utils.escape_html(text), indicator: INDICATORS[kind] });
	return {
		...http_host({ csrf_token: () => frappe.csrf_token, ticket_doctype, toast }),
		__: (text, args) => __(text, args),
		toast,
		open: (doctype, name) => frappe.set_route("Form", doctype, name),
		open_ticket: (name, doctype) => frappe.set_route("Form", doctype || ticket_doctype, name),
		on_update(ticket, fn) {
			const heard = (news) => is_about(news, ticket_doctype, ticket) && fn();
			frappe.realtime.on("twilio_sms_update", heard);
			return () => frappe.realtime.off("twilio_sms_update", heard);
		},
		date: (text) => frappe.datetime.convert_to_user_tz(text, false).toDate(),
		live: () => Boolean(frappe.realtime.socket?.connected),
		get user() {
			return frappe.session.user;
		},
		get is_rtl() {
			return frappe.utils.is_rtl();
		},
	};
}
