// A colleague answered the customer while this agent was writing.

import { html, nothing } from "lit";

import { __ } from "./host.js";

// What to tell of the newest reply that came with `state` and that another agent wrote, null without one.
export function answer_of_colleague(before, state, user) {
	const known = new Set(before.messages.map(({ name }) => name));
	const theirs = state.messages.filter(
		(message) =>
			!known.has(message.name) &&
			message.direction === "Outbound" &&
			!message.automatic &&
			message.sent_by !== user,
	);
	const last = theirs[theirs.length - 1];
	return last ? { what: __("{0} has just answered: {1}", [last.by, last.body || __("(a file)")]) } : null;
}

// `meanwhile`: {what, refused}, or null. `refused`: sending was refused for it.
export function meanwhile_notice(meanwhile, { sending, send_anyway, close }) {
	return html`<div role="alert" data-testid="meanwhile">
		${meanwhile
			? html`<div class="notice wait">
					<span>${meanwhile.what}</span>
					<span class="actions">
						${meanwhile.refused
							? html`<button type="button" data-testid="send-anyway" ?disabled=${sending} @click=${send_anyway}>
									${__("Send Anyway")}
								</button>`
							: nothing}
						<button type="button" class="quiet" data-testid="meanwhile-close" @click=${close}>
							${meanwhile.refused ? __("Keep Writing") : __("OK")}
						</button>
					</span>
				</div>`
			: nothing}
	</div>`;
}
