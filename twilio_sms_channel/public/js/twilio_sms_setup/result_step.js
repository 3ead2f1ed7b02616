// What became of the import, what the doctor says of it all, and the first text as it arrives.

import { esc, urls_html } from "./html.js";

const POLL_EVERY_MS = 3000;

export class ResultStep {
	constructor(setup, offers) {
		Object.assign(this, { setup, offers, visit: setup.visit, reached: {} });
		this.$body = setup.$body;
	}

	show(imported, webhooks) {
		this.progress({});
		const line = (look, number, words) =>
			`<li class="${look}"><b>${esc(this.display(number))}</b> ${esc(words)}</li>`;
		const problem = webhooks.find(({ problem }) => problem);
		this.$body.html(`
			<h4>${__("Imported")}</h4>
			<ul class="results">
				${webhooks.map((one) => line(one.replaced ? "good" : "wait", one.number, one.problem || one.words)).join("")}
				${Object.entries(imported.refused).map(([number, reason]) => line("bad", number, reason)).join("")}
				${imported.released.map((number) => line("bad", number, __("No longer in the account: marked as released."))).join("")}
			</ul>
			${problem ? urls_html(problem.copy) : ""}
			<div class="first"></div>
			<div class="check"></div>`);
		this.check();
		const ready = webhooks.find(({ replaced }) => replaced);
		if (ready) this.wait_for_text(ready.number);
	}

	display(number) {
		const offer = this.offers.find(({ address }) => address === number);
		return offer?.kind === "Messaging Service" ? offer.name || number : offer?.display || number;
	}

	// The check and the first message can be done in either order.
	progress(step) {
		Object.assign(this.reached, step);
		const { checked, arrived } = this.reached;
		this.setup.mark(checked ? (arrived ? 4 : 3) : 2);
	}

	async check() {
		await frappe.require("twilio_sms_doctor.bundle.js");
		await twilio_sms_doctor.show(this.$body.find(".check")[0], { account: this.setup.account });
		if (this.is_current()) this.progress({ checked: true });
	}

	async wait_for_text(number) {
		const before = (await this.setup.latest_text()).message;
		this.$first = this.$body.find(".first");
		this.$first.html(`
			<h4>${__("Text {0} now", [`<bdi>${esc(this.display(number))}</bdi>`])}</h4>
			<p class="waiting" role="status"><span class="pulse"></span>
				${__("Waiting for the first message. It appears here, and as a ticket.")}</p>`);
		setTimeout(() => this.look_for_text(before), POLL_EVERY_MS);
	}

	async look_for_text(before) {
		if (!this.is_current()) return;
		let text = {};
		try {
			// Whoever looks at another page meanwhile causes no requests.
			if (frappe.get_route()[0] === "twilio-sms-setup") text = await this.setup.latest_text();
		} finally {
			if (!text.message || text.message === before) setTimeout(() => this.look_for_text(before), POLL_EVERY_MS);
		}
		if (text.message && text.message !== before && this.is_current()) this.show_first(text);
	}

	show_first({ customer_number, ticket_doctype, ticket, may_read }) {
		this.progress({ arrived: true });
		const customer = `<bdi>${esc(customer_number)}</bdi>`;
		this.$first.html(`
			<h4>${__("It works")}</h4>
			<p role="status">${__("The message from {0} is ticket {1}.", [customer, esc(ticket)])}</p>
			${
				may_read
					? `<button class="btn btn-primary btn-sm">${__("Open the Ticket")}</button>`
					: `<p class="text-muted">${__("You are not an agent: agents find it among their tickets.")}</p>`
			}`);
		this.$first.find(".btn").on("click", () => frappe.set_route("Form", ticket_doctype, ticket));
	}

	is_current() {
		return this.visit === this.setup.visit;
	}
}
