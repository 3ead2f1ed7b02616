// How long a message is, asked of the server while it is being written.

import { __ } from "./host.js";

const COUNT_AFTER_MS = 250;

export class Counter {
	// `ticket`: returns the ticket whose customer gets the message, if it is known. `done`: called after each count.
	constructor(element, { ticket = () => undefined, done = () => {} } = {}) {
		this.element = element;
		this.ticket = ticket;
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
			counted = await this.element.host.call("preview", { message: text, ticket: this.ticket() });
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
