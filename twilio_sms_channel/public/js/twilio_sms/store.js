// A ticket's conversation as `api.ticket.state` tells it: loaded once for all elements that show it, and kept fresh
// while one of them is on the screen.

import { host, host_of } from "./host.js";

// Sites without a socket.io server learn of new messages this way; others hardly need it.
const REFRESH_EVERY_MS = 4000;
const REFRESH_LIVE_EVERY_MS = 30000;

const stores = new Map();

export function store(ticket, ticket_doctype = host.ticket_doctype) {
	const key = `${ticket_doctype}:${ticket}`;
	if (!stores.has(key)) stores.set(key, new Store(ticket_doctype, String(ticket)));
	return stores.get(key);
}

class Store {
	constructor(ticket_doctype, ticket) {
		this.ticket_doctype = ticket_doctype;
		this.ticket = ticket;
		this.state = null;
		this.error = null;
		this._told = 0;
		this.subscribers = new Map();
	}

	get host() {
		return host_of(this.ticket_doctype);
	}

	// `fn(store)` is called at once when there is a state, and after each change. Returns what ends it.
	// Nothing is asked for regularly while each `element` that was given is out of sight.
	subscribe(fn, element = null) {
		this.subscribers.set(fn, element);
		if (this.subscribers.size === 1) this._start();
		if (this.state || this.error) fn(this);
		return () => {
			this.subscribers.delete(fn);
			if (!this.subscribers.size) this._stop();
		};
	}

	// The newest state. Asked while a request is under way, another one follows: the first may be too old.
	async load() {
		if (this._loading) {
			this._again ||= this._loading.then(() => {
				this._again = null;
				return this.load();
			});
			return this._again;
		}
		this._loading = this._load().finally(() => (this._loading = null));
		return this._loading;
	}

	// An endpoint has answered with the new state.
	set(state) {
		this._told++;
		const drawn = JSON.stringify(state);
		if (drawn === this._drawn && !this.error) return;
		this._drawn = drawn;
		this.state = state;
		this.error = null;
		this._tell();
	}

	async _load() {
		this._loaded_at = Date.now();
		const told = this._told;
		try {
			const state = await this.host.call("state", { ticket: this.ticket }, { get: true });
			// What another endpoint answered meanwhile is newer.
			if (told === this._told) this.set(state);
		} catch (error) {
			if (this.error?.message !== error.message) {
				this.error = error;
				this._tell();
			}
		}
		return this.state;
	}

	_tell() {
		for (const fn of [...this.subscribers.keys()]) fn(this);
	}

	_start() {
		this._off = this.host.on_update(this.ticket, () => this.load());
		this._timer = setInterval(() => this._tick(), REFRESH_EVERY_MS);
		this.load();
	}

	_stop() {
		clearInterval(this._timer);
		this._off?.();
		// What is shown next time begins with what is known, and is loaded anew.
		this._off = null;
	}

	// Desk keeps the pages that one has been on.
	get _is_shown() {
		return [...this.subscribers.values()].some((element) => !element || element.getClientRects().length);
	}

	_tick() {
		if (document.visibilityState !== "visible" || this._loading || !this._is_shown) return;
		// A request that got lost is soon repeated.
		const every = this.host.live() && !this.error ? REFRESH_LIVE_EVERY_MS : REFRESH_EVERY_MS;
		if (Date.now() - this._loaded_at >= every - 100) this.load();
	}
}
