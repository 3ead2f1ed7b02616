// A ticket's whole SMS conversation: channel, messages, composer, the customer's other tickets.

import { css, html, nothing } from "lit";

import "./channel.js";
import "./composer.js";
import { TicketElement, __, define } from "./element.js";
import "./history.js";
import "./start.js";
import "./thread.js";

class Panel extends TicketElement {
	static properties = {
		// What the page says on tickets whose replies go by e-mail: where such are written there
		email_hint: { type: String, attribute: "email-hint" },
		starting: { state: true },
		looking_back: { state: true },
	};

	static styles = [
		TicketElement.styles,
		css`
			:host {
				display: flex;
				flex-direction: column;
				gap: 10px;
				max-width: 760px;
			}
			.hint,
			summary {
				font-size: 13px;
				color: var(--ink-muted);
			}
			summary {
				width: fit-content;
				cursor: pointer;
			}
		`,
	];

	constructor() {
		super();
		this.email_hint = "";
		this.starting = this.looking_back = false;
	}

	render() {
		const { state, ticket, ticket_doctype } = this;
		if (!state) return this._problem(Boolean(this.load_error));
		return html`
			<twilio-sms-channel
				ticket=${ticket}
				ticket_doctype=${ticket_doctype}
				data-testid="channel-control"
				@start=${this._start}
			></twilio-sms-channel>
			${this.starting && !state.channel ? this._starter() : nothing}
			${state.channel
				? html`<twilio-sms-thread ticket=${ticket} ticket_doctype=${ticket_doctype} data-testid="thread"></twilio-sms-thread>
						${this._problem(Boolean(this.load_error))}
						<twilio-sms-composer
							ticket=${ticket}
							ticket_doctype=${ticket_doctype}
							@sent=${this._sent}
						></twilio-sms-composer>
						${state.channel === "Email" && this.email_hint
							? html`<div class="hint" data-testid="email-hint">${this.email_hint}</div>`
							: nothing}`
				: nothing}
			${state.earlier ? this._earlier() : nothing}
		`;
	}

	_earlier() {
		return html`<details data-testid="earlier-conversations" @toggle=${(event) => (this.looking_back = event.target.open)}>
			<summary>${__("Earlier conversations with this customer: {0}", [this.state.earlier])}</summary>
			${this.looking_back
				? html`<twilio-sms-history ticket=${this.ticket} ticket_doctype=${this.ticket_doctype}></twilio-sms-history>`
				: nothing}
		</details>`;
	}

	_problem(there) {
		if (!there) return nothing;
		return html`<div class="notice bad" role="alert" data-testid="load-problem">
			<span>${this.load_error.message}</span>
			<button type="button" @click=${() => this.store.load()}>${__("Try Again")}</button>
		</div>`;
	}

	// Who shows the form of a new message elsewhere calls preventDefault on the event.
	_start(event) {
		if (!event.defaultPrevented) this.starting = !this.starting;
	}

	_starter() {
		return html`<twilio-sms-start
			ticket=${this.ticket}
			ticket_doctype=${this.ticket_doctype}
			.numbers=${this.state.can_start}
			@started=${() => {
				this.starting = false;
				this.store.load();
			}}
		></twilio-sms-start>`;
	}

	// For the page around: the agent wants to write.
	write() {
		this.scrollIntoView({ block: "center", behavior: "smooth" });
		this.renderRoot.querySelector("twilio-sms-composer")?.focus();
	}

	_sent() {
		this.renderRoot.querySelector("twilio-sms-thread")?.show_newest();
	}
}

define("twilio-sms-panel", Panel);
