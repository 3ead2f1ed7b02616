// What is known of whether messages get to a customer's number, and the button that asks Twilio Lookup. Twilio charges for
// that: nothing but a click asks.

import { html, nothing } from "lit";

import { __ } from "./host.js";

const LOOK_UP = "twilio_sms_channel.api.lookup.look_up";
const PRICES = "https://www.twilio.com/en-us/user-authentication-identity/pricing/lookup";

export class LineLookup {
	// `element` shows it; `about()` gives the endpoint's arguments, `done()` reads what is shown anew.
	constructor(element, { about, done }) {
		Object.assign(this, { element, about, done, asking: false, problem: "" });
	}

	// Before the next message: why it may not arrive.
	doubt({ unreachable, line }) {
		if (!unreachable) return nothing;
		return html`<div class="notice wait" role="status" data-testid="unreachable">
			<span>${unreachable}${this._said(line)}</span>
			${this._offer(line)} ${this._problem()}
		</div>`;
	}

	// Of a number that nothing speaks against.
	offer({ line }) {
		return html`<div class="count lookup">${line ? html`<span data-testid="line">${line}</span>` : nothing} ${this._offer(line, "link")} ${this._problem()}</div>`;
	}

	_said(line) {
		return line ? html`<br /><span data-testid="line">${line}</span>` : nothing;
	}

	_offer(line, looks = "") {
		return html`<span class="question">
			<button type="button" class=${looks} data-testid="look-up" ?disabled=${this.asking} @click=${() => this._ask()}>
				${this.asking ? __("Asking Twilio…") : line ? __("Look Up Again") : __("Look Up Line Type")}
			</button>
			<a href=${PRICES} target="_blank" rel="noopener noreferrer">${__("Twilio charges for each lookup")}</a>
		</span>`;
	}

	_problem() {
		return this.problem ? html`<span class="doubt" role="alert" data-testid="look-up-problem">${this.problem}</span>` : nothing;
	}

	forget() {
		this.problem = "";
	}

	async _ask() {
		Object.assign(this, { asking: true, problem: "" });
		this.element.requestUpdate();
		try {
			await this.element.host.call(LOOK_UP, this.about());
			await this.done();
		} catch (error) {
			this.problem = error.message;
		}
		this.asking = false;
		this.element.requestUpdate();
	}
}
