// What an agent has to know before they write: why nothing can be sent, why it waits, who reads along.

import { html, nothing } from "lit";

export function composer_notices({ can_text, why_not, waiting_because, group }) {
	if (!can_text) return notice("bad", "why-not", why_not);
	return html`${waiting_because ? notice("wait", "waiting", waiting_because) : nothing}
	${group ? notice("info", "group-notice", group) : nothing}`;
}

function notice(kind, name, words) {
	return html`<div class="notice ${kind}" role="status" data-testid=${name}>${words}</div>`;
}
