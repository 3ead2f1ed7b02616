// Our numbers in the form of a new message: what the list says of each, and why some cannot be chosen.

import { html, nothing } from "lit";

import { __ } from "./host.js";

// As an option of the list: what it is called and why it stands where it does, which of the chosen one stands below.
export function in_list(row, is_chosen) {
	return row.note && !row.why_not && !is_chosen ? `${named(row)} · ${row.note}` : named(row);
}

// Below the list: what is to be known of the chosen number before anything is typed.
export function note({ note, warns, mms, why_not }, has_files) {
	if (!note || why_not) return nothing;
	const no_mms = has_files && !mms ? __("Files cannot go as MMS to this customer.") : "";
	return html`<span class=${warns ? "warning" : "count"} role="status" data-testid="note">${note} ${no_mms}</span>`;
}

// Those that are off are so for everybody: told to whoever asks.
export function barred(rows) {
	const off = rows.filter((row) => row.off);
	const others = rows.filter((row) => !row.off);
	return html`${others.length
		? html`<ul data-testid="barred">
				${others.map((row) => html`<li>${reason(row)}</li>`)}
			</ul>`
		: nothing}
	${off.length
		? html`<details data-testid="off">
				<summary>${__("Numbers that are switched off: {0}", [off.length])}</summary>
				<ul>
					${off.map((row) => html`<li>${reason(row)}</li>`)}
				</ul>
			</details>`
		: nothing}`;
}

// Says which number it is about.
function reason({ display, why_not }) {
	return why_not.includes(display) ? why_not : `${display}: ${why_not}`;
}

function named({ display, label }) {
	return label && label !== display ? `${label} · ${display}` : display;
}
