// The customer's other tickets, newest first: those with messages, and the open ones of whatever channel.

import { css, html, nothing } from "lit";

import { TwilioElement, __, define } from "./element.js";
import { date_of, day } from "./times.js";

class History extends TwilioElement {
	static properties = {
		ticket: { type: String },
		rows: { state: true },
		problem: { state: true },
	};

	static styles = [
		TwilioElement.styles,
		css`
			ul {
				display: grid;
				gap: 2px;
				margin: 0;
				padding: 0;
				list-style: none;
			}
			li button {
				display: grid;
				gap: 0;
				width: 100%;
				justify-content: stretch;
				padding: 8px 10px;
				background: none;
				font-weight: 400;
			}
			.subject {
				color: var(--ink);
				font-size: 14px;
				font-weight: 500;
				overflow-wrap: anywhere;
			}
			.about,
			p {
				margin: 0;
				color: var(--ink-muted);
				font-size: 12px;
			}
		`,
	];

	constructor() {
		super();
		this.ticket = this.problem = "";
		this.rows = null;
	}

	willUpdate(changed) {
		if (changed.has("ticket") && this.ticket) this._load();
	}

	render() {
		if (this.problem) {
			return html`<div class="notice bad" role="alert">
				<span>${this.problem}</span>
				<button type="button" @click=${this._load}>${__("Try Again")}</button>
			</div>`;
		}
		if (!this.rows) return nothing;
		if (!this.rows.length) return html`<p data-testid="no-history">${__("No earlier text messages with this customer.")}</p>`;
		return html`<ul data-testid="history" aria-label=${__("Earlier conversations with this customer")}>
			${this.rows.map(
				(row) => html`<li>
					<button type="button" data-testid="earlier" @click=${() => this.host.open_ticket(row.ticket, row.ticket_doctype)}>
						<bdi class="subject">${row.subject}</bdi>
						<span class="about">${this._about(row)}</span>
					</button>
				</li>`,
			)}
		</ul>`;
	}

	_about({ ticket, status, opened, last, texts, number }) {
		// One that began by e-mail, and has no messages yet.
		const count = !texts ? __("E-mail") : texts === 1 ? __("1 message") : __("{0} messages", [texts]);
		return [`#${ticket}`, __(status), day(date_of(last || opened)), count, number].filter(Boolean).join(" · ");
	}

	async _load() {
		const { ticket } = this;
		this.problem = "";
		try {
			const rows = await this.host.call("history", { ticket }, { get: true });
			if (ticket === this.ticket) this.rows = rows;
		} catch (error) {
			this.problem = error.message;
		}
	}
}

define("twilio-sms-history", History);
