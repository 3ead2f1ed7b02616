// What the ticket's reply box sends, and the switch to the other: "SMS · +1 415 555 0100 → Ann", "E-mail · ann@example.com".
//
// Emits `channel-changed` {channel}, and `start` {ticket, can_start} when an e-mail ticket's customer is to be texted.

import { css, html, nothing } from "lit";

import { TicketElement, __, define, from_to, isolated } from "./element.js";
import { icons } from "./icons.js";

class Channel extends TicketElement {
	static properties = {
		busy: { state: true },
		problem: { state: true },
		// "" | "email": an address is asked for | "opt-out": it is asked whether that is meant
		asking: { state: true },
	};

	static styles = [
		TicketElement.styles,
		css`
			.row,
			form,
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
			form {
				margin-top: 8px;
			}
			form label {
				flex: 1 1 100%;
				font-size: 13px;
				color: var(--ink-muted);
			}
			form input {
				flex: 1 1 200px;
				min-width: 0;
			}
			.notice {
				margin-top: 8px;
			}
		`,
	];

	constructor() {
		super();
		this.busy = false;
		this.problem = this.asking = "";
	}

	render() {
		const { state } = this;
		if (!state) return nothing;
		if (!state.channel) return this._start();
		const by_text = state.channel === "SMS";
		return html`
			<div class="row">
				<span class="channel" data-testid="channel" title=${state.region ? __("The number was issued in {0}.", [state.region]) : nothing}>
					${by_text ? icons.sms : icons.email}<span>${by_text ? this._by_text() : this._by_email()}</span>
				</span>
				${by_text ? this._to_email() : this._button(__("Switch to Text"), () => this._switch("SMS"), "switch")}
				${this._opt_out_offered()}
			</div>
			${this.asking === "email" ? this._ask_for_email() : nothing} ${this._alert()} ${this._wish()}
		`;
	}

	_by_text() {
		return from_to(__("SMS · {0} → {1}"), [this.state.from.number, this.state.customer]);
	}

	_by_email() {
		return __("E-mail · {0}", [this.state.email ? isolated(this.state.email) : __("nobody yet")]);
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
		return html`<form data-testid="email-form" novalidate @submit=${this._add_email} @keydown=${this._escape}>
			<label for="email">${__("{0} has no e-mail address yet. Replies will go to:", [this.state.customer])}</label>
			<input
				id="email"
				type="email"
				required
				autocomplete="off"
				dir="ltr"
				data-testid="email"
				placeholder="name@example.com"
				aria-invalid=${Boolean(this.problem)}
				aria-describedby="problem"
			/>
			<button class="primary" data-testid="add-and-switch" ?disabled=${this.busy}>${__("Add and Switch")}</button>
			<button type="button" class="quiet" @click=${() => this._ask("")}>${__("Cancel")}</button>
		</form>`;
	}

	_alert() {
		return html`<div id="problem" role="alert" data-testid="channel-problem">
			${this.problem ? html`<div class="notice bad">${this.problem}</div>` : nothing}
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
			title=${__("The customer said that they want no more texts")}
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
					? __("Send {0} no more texts? Only they can lift this, by texting START.", [customer])
					: __("{0} may want no more texts, but wrote none of the words that opt out.", [customer])}</span
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
		this.problem = "";
		await this.updateComplete;
		const focused = { email: "email", "opt-out": "opt-out-yes", "": before === "email" ? "add-address" : "opt-out" };
		this.part_named(focused[this.asking])?.focus();
	}

	_escape(event) {
		if (event.key !== "Escape") return;
		event.stopPropagation();
		this._ask("");
	}

	_add_email(event) {
		event.preventDefault();
		const field = this.part_named("email");
		if (!field.value.trim() || !field.validity.valid) {
			this.problem = __("Enter an e-mail address, like name@example.com.");
			field.focus();
			return;
		}
		this._switch("Email", field.value.trim());
	}

	async _switch(channel, email) {
		if (await this._do("switch_channel", { channel, email })) this.emit("channel-changed", { channel });
	}

	_opt_out() {
		return this._do("opt_out");
	}

	async _do(door, args) {
		this.busy = true;
		this.problem = "";
		try {
			this.store.set(await this.host.call(door, { ticket: this.ticket, ...args }));
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

define("twilio-sms-channel", Channel);
