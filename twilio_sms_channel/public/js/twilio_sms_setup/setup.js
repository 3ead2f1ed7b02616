// From a Twilio login to the first ticket: credentials → numbers → webhooks and a check → the first message.

import { AccountStep } from "./account_step.js";
import { NumbersStep } from "./numbers_step.js";

const ENDPOINT = "twilio_sms_channel.api.setup.";

export class Setup {
	constructor(parent) {
		this.$root = $(`<div class="twilio-setup"><ol class="steps"></ol><div class="step-body"></div></div>`);
		this.$root.appendTo(parent);
		this.$body = this.$root.find(".step-body");
	}

	open(account) {
		this.account = account;
		// What is still under way for an earlier visit shows nothing any more.
		this.visit = (this.visit || 0) + 1;
		return account ? new NumbersStep(this).show() : new AccountStep(this).show();
	}

	// `silent`: whoever asks says why something was refused.
	async ask(endpoint, args, freeze_message, silent = false) {
		const { message } = await frappe.call({
			method: ENDPOINT + endpoint,
			args,
			freeze: Boolean(freeze_message),
			freeze_message,
			silent,
		});
		return message;
	}

	async latest_text() {
		const { message } = await frappe.call({
			method: ENDPOINT + "latest_text",
			type: "GET",
			args: { account: this.account },
		});
		return message || {};
	}

	// `done` and `broken`: steps with their tick, and those where something has to be mended first.
	mark(step, done = [...Array(step).keys()], broken = []) {
		const steps = [__("Account"), __("Numbers"), __("Check"), __("First Message")];
		const item = (label, n) => {
			const look = broken.includes(n) ? "broken" : done.includes(n) ? "past" : "";
			const sign = { broken: "!", past: "✓" }[look] || n + 1;
			const said = { broken: __("Something is broken"), past: __("Done") }[look] || "";
			return `<li class="${look}" ${n === step ? 'aria-current="step"' : ""}>
				<span class="number" ${said && `title="${said}"`}>${sign}</span> ${label}${said && `<span class="sr-only">: ${said}</span>`}</li>`;
		};
		this.$root.find(".steps").html(steps.map(item).join(""));
	}
}
