// How long a message is, asked of the server while it is being written.

import { html, nothing } from "lit";

import { __, segments_of } from "./element.js";

const COUNT_AFTER_MS = 250;

export class Counter {
	// `about`: returns what else `api.ticket.preview` is told of where the message goes. `done`: called after each count.
	constructor(element, { about = () => ({}), done = () => {} } = {}) {
		this.element = element;
		this.about = about;
		this.done = done;
		// What `api.ticket.preview` answered, null until it did.
		this.counted = null;
	}

	get is_too_long() {
		return Boolean(this.element.text) && this.counted?.left < 0;
	}

	// What agents are told when it is too long, else "".
	get excess() {
		return this.is_too_long ? __("{0} characters too many", [-this.counted.left]) : "";
	}

	// How long it is, for people. `with_files`: a message that is billed as one, whatever its length.
	length(with_files = false) {
		const { left, left_in_segment, segments, plain, replaced } = this.counted;
		if (with_files) return __("{0} left · with files (MMS)", [left]);
		if (plain && replaced) return __("sent with plain characters · {0}", [segments_of(plain.segments)]);
		return __("{0} left · {1}", [Math.min(left, left_in_segment), segments_of(segments)]);
	}

	// About what the message will cost, "" where that is not known.
	cost(with_files) {
		const { cost, cost_with_files } = this.counted || {};
		const about = with_files ? cost_with_files : cost;
		return about ? __("about {0}", [about.text]) : "";
	}

	count_soon() {
		clearTimeout(this._timer);
		this._timer = setTimeout(() => this.count(), COUNT_AFTER_MS);
	}

	async count() {
		this.stop();
		const { text } = this.element;
		if (!text.trim()) return this.reset();
		let counted = null;
		try {
			counted = await this.element.host.call("preview", { message: text, ...this.about() });
		} catch {
			// Sending tells what is wrong; a count is no reason to disturb.
		}
		if (text !== this.element.text) return;
		this._set(counted);
		if (counted) this.done();
	}

	reset() {
		this._set(null);
	}

	stop() {
		clearTimeout(this._timer);
	}

	_set(counted) {
		this.counted = counted;
		this.element.requestUpdate();
	}
}

// What the number adds to the message of an element with a counter.
export function ending_remark({ text, counter }) {
	const { ends_with } = counter.counted || {};
	if (!text || !ends_with) return nothing;
	return html`<div class="remark" data-testid="ending">${__("Ends with “{0}”", [ends_with])}</div>`;
}
