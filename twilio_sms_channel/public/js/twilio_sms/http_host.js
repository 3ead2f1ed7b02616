// The part of a host that Desk and Helpdesk have in common: Frappe's HTTP interface.

import { __ } from "./host.js";

const ENDPOINTS = "twilio_sms_channel.api.ticket.";

// `csrf_token()` gives Frappe's token, `ticket_doctype` is the DocType of the tickets that are named here, `toast` gets what
// endpoints say.
export function http_host({ csrf_token, ticket_doctype, toast }) {
	return {
		ticket_doctype,

		async call(method, args = {}, { get = false } = {}) {
			const named = args.ticket ? { ticket_doctype, ...args } : args;
			const given = Object.entries(named).filter(([, value]) => value !== undefined && value !== null);
			let url = `/api/method/${method.includes(".") ? method : ENDPOINTS + method}`;
			const options = { headers: headers(csrf_token()), credentials: "same-origin" };
			if (get) {
				url += `?${new URLSearchParams(given)}`;
			} else {
				options.method = "POST";
				options.headers["Content-Type"] = "application/json";
				options.body = JSON.stringify(Object.fromEntries(given));
			}
			let response, answer;
			try {
				response = await fetch(url, options);
				answer = await response.json().catch(() => ({}));
			} catch {
				throw failure(no_connection(), "NoConnection", 0);
			}
			return checked(response.status, answer, toast);
		},

		upload(file, { ticket, on_progress }) {
			const form = new FormData();
			form.append("file", file, file.name);
			form.append("is_private", "1");
			// A message that starts a ticket has none yet.
			if (ticket) {
				form.append("doctype", ticket_doctype);
				form.append("docname", ticket);
			}
			return new Promise((resolve, reject) => {
				// fetch() does not tell how much of a request has gone.
				const request = new XMLHttpRequest();
				request.open("POST", "/api/method/upload_file");
				for (const [name, value] of Object.entries(headers(csrf_token()))) {
					request.setRequestHeader(name, value);
				}
				request.upload.addEventListener("progress", (event) => {
					if (event.lengthComputable) on_progress?.(event.loaded / event.total);
				});
				request.addEventListener("error", () => reject(failure(no_connection(), "NoConnection", 0)));
				request.addEventListener("load", () => {
					try {
						resolve(checked(request.status, parsed(request.responseText, {}), toast));
					} catch (error) {
						reject(error);
					}
				});
				request.send(form);
			});
		},

		discard(file_name) {
			return this.call("frappe.client.delete", { doctype: "File", name: file_name });
		},
	};
}

function headers(csrf_token) {
	return {
		Accept: "application/json",
		"X-Requested-With": "XMLHttpRequest",
		...(csrf_token ? { "X-Frappe-CSRF-Token": csrf_token } : {}),
	};
}

function checked(status, answer, toast) {
	const said = messages(answer);
	if (status >= 200 && status < 300) {
		for (const text of said) toast?.(text, "success");
		return answer.message;
	}
	throw failure(said.join("\n") || no_reason(status), answer.exc_type || "", status);
}

function failure(message, exc_type, status) {
	return Object.assign(new Error(message), { exc_type, status });
}

function no_connection() {
	return __("The site cannot be reached. Check your connection, then try again.");
}

function no_reason(status) {
	if (status === 413) return __("The file is larger than this site takes. Choose a smaller one.");
	if (status === 401) return __("You are logged out. Log in again in another tab, then try again.");
	return __("The site could not do this (HTTP {0}). Try again, or tell your administrator.", [status]);
}

// What the server says to people, as plain text.
function messages(answer) {
	return parsed(answer._server_messages, [])
		.map((message) => parsed(message, { message }).message)
		.filter(Boolean)
		.map((html) => new DOMParser().parseFromString(html, "text/html").body.textContent.trim());
}

function parsed(json, otherwise) {
	try {
		return JSON.parse(json) ?? otherwise;
	} catch {
		return otherwise;
	}
}
