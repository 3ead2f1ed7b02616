// What agents put into a message besides typing: emoji and saved replies, each in a picker above its button.

import { html, nothing } from "lit";

import { __ } from "./host.js";
import { emoji } from "./emoji.js";
import { icons } from "./icons.js";
import "./picker.js";

const SEARCH_AFTER_MS = 200;
const EMOJI_COLUMNS = 8;
const EMOJI = "emoji";
const SAVED_REPLIES = "saved-replies";
const APPLY_ACTIONS = "helpdesk.api.saved_replies.apply_saved_reply_actions";

export class InsertMenu {
	// `element` has `ticket`, or what is `chosen` to open one, `host` and `insert(text, apart)`. `staged` is called when
	// `actions` have changed.
	constructor(element, staged = () => {}) {
		this.element = element;
		this.staged = staged;
		this.opened = this.error = "";
		this.saved_replies = null;
		// What Helpdesk does to the ticket once the saved reply is sent: [{action_type, value, label}]
		this.actions = [];
	}

	buttons(disabled) {
		return html`${this._button(EMOJI, icons.emoji, __("Insert Emoji"), disabled)}
			${this._button(SAVED_REPLIES, icons.saved_reply, __("Insert Saved Reply"), disabled)}`;
	}

	picker() {
		return html`${this._staged()}${this._picker()}`;
	}

	_staged() {
		if (!this.actions.length) return nothing;
		const named = this.actions.map(({ action_type, label, value }) => `${__(action_type)}: ${label || value}`);
		return html`<div class="notice info" role="status" data-testid="actions">
			<span>${__("When it is sent: {0}", [named.join(" · ")])}</span>
			<button type="button" data-testid="no-actions" @click=${() => this._stage([])}>${__("Leave Out")}</button>
		</div>`;
	}

	// The message went: what its saved reply does to the ticket.
	async apply(ticket) {
		const { actions } = this;
		this._set({ actions: [] });
		if (!actions.length || !ticket) return;
		const { host } = this.element;
		try {
			await host.call(APPLY_ACTIONS, { ticket_id: ticket, actions: JSON.stringify(actions) });
		} catch (error) {
			host.toast(error.message, "error");
		}
	}

	_picker() {
		if (!this.opened) return nothing;
		const is_emoji = this.opened === EMOJI;
		return html`<twilio-sms-picker
			data-testid="picker"
			label=${is_emoji ? __("Emoji") : __("Saved replies")}
			hint=${is_emoji ? __("Search emoji") : __("Search saved replies")}
			columns=${is_emoji ? EMOJI_COLUMNS : 0}
			error=${this.error}
			.items=${is_emoji ? (this._emoji ||= emoji()) : this.saved_replies}
			.anchor=${this.element.part_named(this.opened)}
			@picked=${(event) => this._pick(event.detail)}
			@query=${(event) => this._search_soon(event.detail)}
			@closed=${(event) => this._close(event.detail.give_focus_back)}
		></twilio-sms-picker>`;
	}

	_button(what, icon, label, disabled) {
		return html`<button
			type="button"
			class="quiet icon"
			data-testid=${what}
			aria-label=${label}
			title=${label}
			aria-haspopup="dialog"
			aria-expanded=${this.opened === what}
			?disabled=${disabled}
			@click=${() => this._open(this.opened === what ? "" : what)}
		>
			${icon}
		</button>`;
	}

	_open(what) {
		this._set({ opened: what, error: "" });
		if (what !== SAVED_REPLIES) return;
		this.saved_replies = null;
		this._search("");
	}

	_close(give_focus_back) {
		const button = this.element.part_named(this.opened);
		this._set({ opened: "" });
		if (give_focus_back) button?.focus();
	}

	async _pick(item) {
		if (item.text) {
			this._set({ opened: "" });
			this.element.insert(item.text);
			return;
		}
		try {
			const { text, actions = [] } = await this._ask("saved_reply", { name: item.key });
			this._set({ opened: "" });
			this._stage([...this.actions, ...actions]);
			this.element.insert(text, true);
		} catch (error) {
			this._set({ error: error.message });
		}
	}

	_search_soon(query) {
		if (this.opened !== SAVED_REPLIES) return;
		clearTimeout(this._searching);
		this._searching = setTimeout(() => this._search(query), SEARCH_AFTER_MS);
	}

	async _search(query) {
		this._query = query;
		try {
			const found = await this._ask("saved_replies", { query });
			if (this._query !== query) return;
			this._set({ error: "", saved_replies: found.map(({ name, title }) => ({ key: name, name: title })) });
		} catch (error) {
			this._set({ error: error.message, saved_replies: this.saved_replies || [] });
		}
	}

	_stage(actions) {
		this._set({ actions });
		this.staged();
	}

	_ask(what, args) {
		const { host, ticket, chosen } = this.element;
		const about = ticket ? { ticket } : { number: chosen?.number };
		return host.call(what, { ...about, ...args }, { get: true });
	}

	_set(values) {
		Object.assign(this, values);
		this.element.requestUpdate();
	}
}
