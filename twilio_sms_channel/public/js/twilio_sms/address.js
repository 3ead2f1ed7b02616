// Asks for the e-mail address of a customer who has none.
//
// Emits `address` with what was typed, and `closed` when nothing is to be done.

import { css, html, nothing } from "lit";

import { TwilioElement, __, define } from "./element.js";

class Address extends TwilioElement {
	static properties = {
		label: { type: String },
		// What the button does
		action: { type: String },
		busy: { type: Boolean },
		// Why the last one was refused
		problem: { type: String },
		mistyped: { state: true },
	};

	static styles = [
		TwilioElement.styles,
		css`
			form {
				display: flex;
				flex-wrap: wrap;
				align-items: center;
				gap: 6px 10px;
				margin-top: 8px;
			}
			label {
				flex: 1 1 100%;
				font-size: 13px;
				color: var(--ink-muted);
			}
			input {
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
		this.label = this.action = this.problem = "";
		this.busy = this.mistyped = false;
	}

	focus() {
		this.part_named("email")?.focus();
	}

	firstUpdated() {
		this.focus();
	}

	render() {
		const problem = this.mistyped ? __("Enter an e-mail address, like name@example.com.") : this.problem;
		return html`<form data-testid="email-form" novalidate @submit=${this._submit} @keydown=${this._key}>
				<label for="email">${this.label}</label>
				<input
					id="email"
					type="email"
					required
					autocomplete="off"
					dir="ltr"
					data-testid="email"
					placeholder="name@example.com"
					aria-invalid=${Boolean(problem)}
					aria-describedby="problem"
				/>
				<button class="primary" data-testid="use-address" ?disabled=${this.busy}>${this.action}</button>
				<button type="button" class="quiet" @click=${() => this.emit("closed")}>${__("Cancel")}</button>
			</form>
			<div id="problem" role="alert" data-testid="address-problem">
				${problem ? html`<div class="notice bad">${problem}</div>` : nothing}
			</div>`;
	}

	_submit(event) {
		event.preventDefault();
		const field = this.part_named("email");
		const email = field.value.trim();
		this.mistyped = !email || !field.validity.valid;
		if (this.mistyped) field.focus();
		else this.emit("address", email);
	}

	_key(event) {
		if (event.key !== "Escape") return;
		event.stopPropagation();
		this.emit("closed");
	}
}

define("twilio-sms-address", Address);
