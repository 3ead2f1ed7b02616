// What became of the import, what the doctor says of it all, and the first text as it arrives.

import { esc, practice_html, urls_html } from "./html.js";

const POLL_EVERY_MS = 3000;
const [CHECK, FIRST_MESSAGE] = [2, 3];

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
			${imported.is_switched_off ? `<p class="wait">${__("The account is switched off: nothing is sent. Open it, tick Enabled and save.")}</p>` : ""}
			${problem ? urls_html(problem.copy) : ""}
			<div class="first"></div>
			<div class="check"></div>`);
		this.check();
		const ready = webhooks.filter(({ replaced }) => replaced).map(({ number }) => this.offer(number));
		const proposed = nearest(ready);
		if (proposed) this.wait_for_text(proposed);
	}

	offer(number) {
		return this.offers.find(({ address }) => address === number);
	}

	display(number) {
		const offer = this.offer(number);
		return offer?.kind === "Messaging Service" ? offer.name || number : offer?.display || number;
	}

	// The check and the first message can be done in either order; what is broken leaves the check undone.
	progress(step) {
		Object.assign(this.reached, step);
		const { looked, broken, arrived } = this.reached;
		const done = [0, 1, ...(looked && !broken ? [CHECK] : []), ...(arrived ? [FIRST_MESSAGE] : [])];
		const open = [CHECK, FIRST_MESSAGE].filter((n) => !done.includes(n));
		const current = looked && open.includes(FIRST_MESSAGE) ? FIRST_MESSAGE : open[0];
		this.setup.mark(current, done, broken ? [CHECK] : []);
	}

	async check() {
		await frappe.require("twilio_sms_doctor.bundle.js");
		// Also when it is checked again, or something was fixed.
		const answered = ({ findings }) => {
			const broken = findings.some(({ severity }) => severity === "Broken");
			if (this.is_current()) this.progress({ looked: true, broken });
		};
		await twilio_sms_doctor.show(this.$body.find(".check")[0], { account: this.setup.account }, answered);
	}

	async wait_for_text(offer) {
		const before = (await this.setup.latest_text()).message;
		const is_service = offer.kind === "Messaging Service";
		const name = `<bdi ${is_service ? "" : 'class="phone-number"'}>${esc(this.display(offer.address))}</bdi>`;
		this.$first = this.$body.find(".first");
		this.$first.html(`
			<h4>${is_service ? __("Text a number of {0} now", [name]) : __("Text {0} now", [name])}</h4>
			${is_abroad(offer) ? `<p class="text-muted">${__("This is a number of another country: {0}. Your phone may not reach it.", [esc(offer.country_name)])}</p>` : ""}
			<p class="waiting" role="status"><span class="pulse"></span>
				${__("Waiting for the first message. It appears here, and as a ticket.")}</p>
			${practice_html(__("Practice mode is running. Use one of its phones."))}`);
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
		const customer = `<bdi class="phone-number">${esc(customer_number)}</bdi>`;
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

// The number to text first: one that a phone in the site's country reaches, see `importing.reach`.
function nearest(offers) {
	const by_reach = (wanted) => offers.find(({ reach }) => reach === wanted);
	return by_reach("here") || by_reach("abroad") || offers[0];
}

function is_abroad({ kind, reach, country_name }) {
	return kind !== "Messaging Service" && reach !== "here" && country_name;
}
