// Helpdesk's own screen around the components.

import { filled, is_about } from "./host.js";
import { http_host } from "./http_host.js";

const TICKET = "HD Ticket";
const UPDATE = "twilio_sms_update";
const HELPDESKS_UPDATE = "helpdesk:ticket-update";

// `boot` is the answer of `api.screen.boot`. Helpdesk's toasts and router come with each call of the form script: `use`.
export function helpdesk_host(boot) {
	let form = {};
	const toast = (text, kind = "info") => {
		const toasts = form.toast || {};
		const show = toasts[kind] || toasts.info;
		if (show) show(text);
		else toasts.create?.({ message: text });
	};
	return {
		...http_host({ csrf_token: () => window.csrf_token, ticket_doctype: TICKET, toast }),
		use: (given) => (form = given),
		__: (text, args) => filled(boot.messages?.[text] || text, args),
		toast,
		open(doctype, name) {
			const slug = doctype.toLowerCase().replaceAll(" ", "-");
			window.open(`${boot.desk}/${slug}/${encodeURIComponent(name)}`, "_blank", "noopener");
		},
		open_ticket(name, doctype) {
			if (doctype && doctype !== TICKET) this.open(doctype, name);
			else if (form.router) form.router.push({ name: "TicketAgent", params: { ticketId: String(name) } });
			else location.assign(`/helpdesk/tickets/${encodeURIComponent(name)}`);
		},
		on_update(ticket, fn) {
			const connection = socket();
			if (!connection) return () => {};
			const heard = (news) => is_about(news, TICKET, ticket) && fn();
			// A room is joined anew after each loss of the connection. It is never left: Helpdesk may be in it, too.
			const join = () => connection.emit("doc_subscribe", TICKET, ticket);
			connection.on(UPDATE, heard);
			connection.on("connect", join);
			if (connection.connected) join();
			return () => {
				connection.off(UPDATE, heard);
				connection.off("connect", join);
			};
		},
		// Has Helpdesk ask for the ticket and its feed anew, as its own event does. Before v1.18 that carries the bare
		// number, since then an object; each version takes the other's for another ticket's.
		refresh(ticket) {
			for (const heard of socket()?.listeners?.(HELPDESKS_UPDATE) || []) {
				heard(Number(ticket));
				heard({ ticket_id: ticket });
			}
		},
		date: (text) => in_zone(text, boot.time_zone),
		live: () => Boolean(socket()?.connected),
		user: window.session_user || "",
		is_rtl: Boolean(boot.rtl),
	};
}

// Helpdesk's own connection, which hangs on its Vue application.
function socket() {
	return document.getElementById("app")?.__vue_app__?.config?.globalProperties?.$socket;
}

// The moment that a clock of the time zone showed as `text`, "2026-11-21 16:05:09.123456".
function in_zone(text, zone) {
	const as_local = text.slice(0, 23).replace(" ", "T");
	if (!zone) return new Date(as_local);
	const as_utc = new Date(`${as_local}Z`);
	const shown = new Date(`${as_utc.toLocaleString("sv", { timeZone: zone }).replace(" ", "T")}Z`);
	return new Date(2 * as_utc.setMilliseconds(0) - shown);
}
