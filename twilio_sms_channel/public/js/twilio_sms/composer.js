// The box in which an agent writes a text.

import { css, html } from "lit";

import { TicketElement, __, define } from "./element.js";

class Composer extends TicketElement {
	static styles = [
		TicketElement.styles,
		css`
			textarea {
				width: 100%;
			}
		`,
	];

	render() {
		if (!this.state?.channel) return "";
		return html`<form @submit=${this._send}>
			<textarea data-testid="body" aria-label=${__("Text to the customer")}></textarea>
			<button class="primary" data-testid="send">${__("Send Text")}</button>
		</form>`;
	}

	async _send(event) {
		event.preventDefault();
		const body = this.part_named("body");
		await this.host.call("reply", { ticket: this.ticket, message: body.value });
		body.value = "";
		this.emit("sent");
		this.store.load();
	}
}

define("twilio-sms-composer", Composer);
