// What an agent has written but not sent, kept in the browser for each ticket and user.

import { host } from "./host.js";

const FORGOTTEN_AFTER_MS = 30 * 24 * 3600 * 1000;
const PREFIX = "twilio_sms:draft:";

const key = (ticket_doctype, ticket) => `${PREFIX}${host.user}:${ticket_doctype}:${ticket}`;
// Of what was written before tickets were named with their DocType, when there were only Helpdesk's.
const former_key = (ticket) => `${PREFIX}${host.user}:${ticket}`;
const keys = (ticket_doctype, ticket) =>
	ticket_doctype === "HD Ticket" ? [key(ticket_doctype, ticket), former_key(ticket)] : [key(ticket_doctype, ticket)];

// {text, files: [{name, file_name, …}], actions: those of `InsertMenu`, request_id, at} or null
export function read(ticket_doctype, ticket) {
	return tolerant(() => {
		const kept = keys(ticket_doctype, ticket).map((name) => localStorage.getItem(name));
		return JSON.parse(kept.find(Boolean) ?? null);
	});
}

export function write(ticket_doctype, ticket, { text, files, actions, request_id }) {
	if (!text && !files.length) return forget(ticket_doctype, ticket);
	const draft = JSON.stringify({ text, files, actions, request_id, at: Date.now() });
	tolerant(() => localStorage.setItem(key(ticket_doctype, ticket), draft));
}

export function forget(ticket_doctype, ticket) {
	tolerant(() => keys(ticket_doctype, ticket).forEach((name) => localStorage.removeItem(name)));
}

export function forget_old() {
	tolerant(() => {
		for (const name of Object.keys(localStorage).filter((name) => name.startsWith(PREFIX))) {
			const draft = JSON.parse(localStorage.getItem(name));
			if (!(draft?.at > Date.now() - FORGOTTEN_AFTER_MS)) localStorage.removeItem(name);
		}
	});
}

// A browser may forbid its storage, or have it full: then there are no drafts.
function tolerant(fn) {
	try {
		return fn();
	} catch {
		return null;
	}
}
