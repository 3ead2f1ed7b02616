// What the ticket's reply box sends, and the switch to the other: "SMS · +1 415 555 0100 → Ann", "E-mail · ann@example.com".
//
// Emits `channel-changed` {channel}, and `start` {ticket, can_start} when an e-mail ticket's customer is to be texted.

import { css, html, nothing } from "lit";

import "./address.js";
import { TicketElement, __, define, from_to, isolated } from "./element.js";
import { icons } from "./icons.js";
import { LineLookup } from "./line_lookup.js";

class Channel extends TicketElement {
	static properties = {
		busy: { state: true },
		problem: { state: true },
		// "" | "email": an address is asked for | "opt-out": it is asked whether that is meant
		asking: { state: true },
		// The message that goes to the address as an e-mail; without one the ticket's replies do
		emailing: { state: true },
	};

	static styles = [
		TicketElement.styles,
		css`
			.row,
			.question {
				display: flex;
				flex-wrap: wrap;
				align-items: center;
				gap: 6px 10px;
			}
			.channel {
				display: flex;
				flex: 1 1 200px;
				align-items: center;
				gap: 8px;
				min-width: 0;
				font-weight: 500;
				overflow-wrap: anywhere;
			}
			.channel svg {
				flex: none;
			}
			.region {
				font-weight: 400;
				color: var(--ink-muted);
			}
			.notice {
				margin-top: 8px;
			}
		`,
	];

	constructor() {
		super();
		this.busy = false;
		this.problem = this.asking = this.emailing = "";
		this.line_lookup = new LineLookup(this, {
			about: () => ({ ticket: this.ticket }),
			done: () => this.store.load(),
		});
	}

	render() {
		const { state } = this;
		if (!state) return nothing;
		if (!state.channel) return this._start();
		const by_text = state.channel === "SMS";
		return html`
			<div class="row">
				<span class="channel" data-testid="channel">
					${by_text ? icons.sms : icons.email}<span>${by_text ? html`${this._by_text()} ${this._region()}` : this._by_email()}</span>
				</span>
				${by_text ? this._to_email() : this._button(__("Switch to SMS"), () => this._switch("SMS"), "switch")}
				${this._opt_out_offered()}
			</div>
			${this.asking === "email" ? this._ask_for_email() : nothing} ${this._alert()} ${this._wish()}
			${by_text && state.can_text ? this.line_lookup.doubt(state) : nothing}
		`;
	}

	_by_text() {
		const { number, label } = this.state.from;
		const from = label && label !== number ? `${number} · ${label}` : number;
		return from_to(__("SMS · {0} → {1}"), [from, this.state.customer]);
	}

	_by_email() {
		return __("E-mail · {0}", [this.state.email ? isolated(this.state.email) : __("nobody yet")]);
	}

	// Where the phone is from, which tells who may be calling and what time it is there.
	_region() {
		const { region } = this.state;
		if (!region) return nothing;
		return html`<span class="region" title=${__("The number was issued in {0}.", [region])}>
			· <bdi data-testid="region">${region}</bdi></span
		>`;
	}

	_to_email() {
		if (this.state.email) return this._button(__("Switch to E-mail"), () => this._switch("Email"), "switch");
		return html`<button
			type="button"
			data-testid="add-address"
			aria-expanded=${this.asking === "email"}
			?disabled=${this.busy}
			@click=${() => this._ask("email")}
		>
			${__("Add E-mail Address")}
		</button>`;
	}

	_start() {
		const { can_start = [], email } = this.state;
		if (!can_start.length) return nothing;
		return html`<div class="row">
			<span class="channel" data-testid="channel">${icons.email}<span>${this._by_email_without_texts(email)}</span></span>
			${this._button(
				__("Text This Customer"),
				() => this.emit("start", { ticket: this.ticket, can_start }),
				"start",
			)}
		</div>`;
	}

	_by_email_without_texts(email) {
		return email ? __("E-mail · {0}", [isolated(email)]) : __("No conversation yet");
	}

	_ask_for_email() {
		const { customer } = this.state;
		return html`<twilio-sms-address
			label=${this.emailing ? no_address_for_text(customer) : __("{0} has no e-mail address yet. Replies will go to:", [customer])}
			action=${this.emailing ? __("Add and Send") : __("Add and Switch")}
			problem=${this.problem}
			?busy=${this.busy}
			@address=${({ detail }) => (this.emailing ? this._email_text(detail) : this._switch("Email", detail))}
			@closed=${() => this._ask("")}
		></twilio-sms-address>`;
	}

	// For the page around: send a message that did not arrive as an e-mail, to an address that the agent types.
	ask_address_for(message) {
		this.emailing = message;
		this.asking = "email";
		this.problem = "";
		this.updateComplete.then(() => this.renderRoot.querySelector("twilio-sms-address")?.focus());
	}

	_alert() {
		return html`<div id="problem" role="alert" data-testid="channel-problem">
			${this.problem && this.asking !== "email" ? html`<div class="notice bad">${this.problem}</div>` : nothing}
		</div>`;
	}

	// Customers say it on the phone and by e-mail, too. Beside what was written there is a button already.
	_opt_out_offered() {
		const { may_want_to_stop, opted_out } = this.state;
		if (may_want_to_stop || opted_out) return nothing;
		return html`<button
			type="button"
			class="quiet"
			data-testid="opt-out"
			title=${__("The customer said that they want no more text messages")}
			aria-expanded=${this.asking === "opt-out"}
			?disabled=${this.busy}
			@click=${() => this._ask("opt-out")}
		>
			${__("Opt Out")}
		</button>`;
	}

	_wish() {
		const { may_want_to_stop, opted_out, customer } = this.state;
		const asked = this.asking === "opt-out";
		if (opted_out || !(may_want_to_stop || asked)) return nothing;
		return html`<div class="notice wait" role="alert" data-testid="wish" @keydown=${this._escape}>
			<span
				>${asked
					? __("Send {0} no more text messages? Only they can lift this, by texting START.", [customer])
					: __("{0} may want no more text messages, but wrote none of the words that opt out.", [customer])}</span
			>
			${asked
				? html`<span class="question"
						>${this._button(__("Opt Out"), () => this._opt_out(), "opt-out-yes")}
						${this._button(__("Cancel"), () => this._ask(""), "opt-out-no")}</span
					>`
				: html`<span class="question"
						>${this._button(__("Opt Out"), () => this._ask("opt-out"), "opt-out")}
						${this._button(__("Keep Texting"), () => this._do("keep_texting"), "keep-texting")}</span
					>`}
		</div>`;
	}

	_button(label, does, testid) {
		return html`<button type="button" data-testid=${testid} ?disabled=${this.busy} @click=${does}>${label}</button>`;
	}

	async _ask(what) {
		const before = this.asking;
		this.asking = this.asking === what ? "" : what;
		this.problem = this.emailing = "";
		await this.updateComplete;
		// A field that is shown takes the focus by itself.
		const focused = { "opt-out": "opt-out-yes", "": before === "email" ? "add-address" : "opt-out" };
		this.part_named(focused[this.asking])?.focus();
	}

	_escape(event) {
		if (event.key !== "Escape") return;
		event.stopPropagation();
		this._ask("");
	}

	async _switch(channel, email) {
		if (await this._do("switch_channel", { channel, email })) this.emit("channel-changed", { channel });
	}

	_opt_out() {
		return this._do("opt_out");
	}

	async _email_text(email) {
		if (await this._do("send_as_email", { message: this.emailing, email }, false)) {
			this.emailing = "";
			this.store.load();
		}
	}

	// `about_ticket`: the endpoint answers with the ticket's state.
	async _do(endpoint, args, about_ticket = true) {
		this.busy = true;
		this.problem = "";
		try {
			const answer = await this.host.call(endpoint, about_ticket ? { ticket: this.ticket, ...args } : args);
			if (about_ticket) this.store.set(answer);
			this.asking = "";
			return true;
		} catch (error) {
			this.problem = error.message;
			return false;
		} finally {
			this.busy = false;
		}
	}
}

export function no_address_for_text(customer) {
	return __("{0} has no e-mail address yet. This message will go to:", [customer]);
}

define("twilio-sms-channel", Channel);
