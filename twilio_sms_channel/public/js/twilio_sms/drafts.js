// What an agent has written but not sent, kept in the browser for each ticket and user.

import { host } from "./host.js";

const FORGOTTEN_AFTER_MS = 30 * 24 * 3600 * 1000;
const PREFIX = "twilio_sms:draft:";

const key = (ticket_doctype, ticket) => `${PREFIX}${host.user}:${ticket_doctype}:${ticket}`;
// Of what was written before tickets were named with their DocType.
const former_key = (ticket) => `${PREFIX}${host.user}:${ticket}`;

// {text, files: [{name, file_name, …}], request_id, at} or null
export function read(ticket_doctype, ticket) {
	return tolerant(() =>
		JSON.parse(localStorage.getItem(key(ticket_doctype, ticket)) ?? localStorage.getItem(former_key(ticket))),
	);
}

export function write(ticket_doctype, ticket, { text, files, request_id }) {
	if (!text && !files.length) return forget(ticket_doctype, ticket);
	const draft = JSON.stringify({ text, files, request_id, at: Date.now() });
	tolerant(() => localStorage.setItem(key(ticket_doctype, ticket), draft));
}

export function forget(ticket_doctype, ticket) {
	tolerant(() => {
		localStorage.removeItem(key(ticket_doctype, ticket));
		localStorage.removeItem(former_key(ticket));
	});
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
