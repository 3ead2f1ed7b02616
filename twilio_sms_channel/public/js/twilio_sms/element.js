// What all elements of the app have in common: host, language, colours, and the ticket's conversation.

import { LitElement, html } from "lit";

import { __, host, host_of } from "./host.js";
import { store } from "./store.js";
import { base } from "./styles.js";

export { __, host };

export class TwilioElement extends LitElement {
	static properties = {
		// of the tickets that are named here; by default that of the page
		ticket_doctype: { type: String },
	};

	static styles = [base];

	constructor() {
		super();
		this.ticket_doctype = "";
	}

	get host() {
		return host_of(this.ticket_doctype);
	}

	__(text, args) {
		return __(text, args);
	}

	connectedCallback() {
		super.connectedCallback();
		this.ticket_doctype ||= host.ticket_doctype || "";
		themed.add(this);
		apply_theme(this);
		this.addEventListener("keydown", keep_typing_inside);
	}

	disconnectedCallback() {
		super.disconnectedCallback();
		themed.delete(this);
		this.removeEventListener("keydown", keep_typing_inside);
	}

	emit(name, detail) {
		this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true, cancelable: true }));
	}

	// The first element with this data-testid.
	part_named(testid) {
		return this.renderRoot.querySelector(`[data-testid="${testid}"]`);
	}
}

// An element of one ticket: `this.state` is what `api.ticket.state` tells of it, null until that is known.
export class TicketElement extends TwilioElement {
	static properties = {
		ticket: { type: String, reflect: true },
		state: { attribute: false },
		load_error: { state: true },
	};

	constructor() {
		super();
		this.ticket = "";
		this.state = null;
		this.load_error = null;
	}

	get store() {
		return store(this.ticket, this.ticket_doctype);
	}

	connectedCallback() {
		super.connectedCallback();
		this._follow();
	}

	disconnectedCallback() {
		super.disconnectedCallback();
		this._unfollow();
	}

	willUpdate(changed) {
		if ((changed.has("ticket") || changed.has("ticket_doctype")) && this.isConnected) this._follow();
	}

	_follow() {
		const followed = this.ticket ? this.store : null;
		if (this._followed === followed) return;
		this._unfollow();
		if (!followed) return;
		if (this._state_of && this._state_of !== followed) this.state = null;
		this._followed = this._state_of = followed;
		this._off = followed.subscribe(({ state, error }) => {
			this.state = state;
			this.load_error = error;
		}, this);
	}

	_unfollow() {
		this._off?.();
		this._off = this._followed = null;
	}
}

// Numbers and names keep their own direction within words of a right-to-left language.
export function isolated(text) {
	return host.is_rtl ? `\u2068${text}\u2069` : text;
}

// "{0} → {1}" with names or numbers, each whole and in its own direction; the arrow points to the second.
export function from_to(text, values) {
	const directed = host.is_rtl ? text.replace("→", "←") : text;
	return directed.split(/\{(\d+)\}/).map((part, n) => (n % 2 ? whole(values[part]) : part));
}

function whole(value) {
	return html`<bdi class=${/^[\d\s()+-]+$/.test(value) ? "number" : ""}>${value}</bdi>`;
}

export function segments_of(count) {
	return count === 1 ? __("1 segment") : __("{0} segments", [count]);
}

export function define(tag, element) {
	// A page may load the bundle twice.
	if (!customElements.get(tag)) customElements.define(tag, element);
}

// Shortcuts of one letter, which Desk and Helpdesk have, look at the focused element, which for them is ours.
// Escape may be for a dialog around it.
function keep_typing_inside(event) {
	const is_shortcut = event.ctrlKey || event.metaKey || event.altKey || event.key === "Escape";
	if (!is_shortcut) event.stopPropagation();
}

// A shadow root cannot see the page's theme in all browsers, so each element carries it as an attribute.
const themed = new Set();

function apply_theme(element) {
	const root = document.documentElement;
	element.toggleAttribute("dark", root.getAttribute("data-theme") === "dark" || root.classList.contains("dark"));
	const direction = getComputedStyle(root).direction;
	if (direction === "rtl" || host.is_rtl) element.dir = "rtl";
}

new MutationObserver(() => themed.forEach(apply_theme)).observe(document.documentElement, {
	attributes: true,
	attributeFilter: ["data-theme", "class", "dir"],
});
