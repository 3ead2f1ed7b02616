// The doctor's answer: while it looks, what it found, the worst first, and what it could not look at.

import { add_style } from "./doctor_style.js";

const ENDPOINT = "twilio_sms_channel.api.setup.";
const esc = (text) => frappe.utils.escape_html(text ?? "");
const link = (text) => esc(text).replace(/https:\/\/[\w./-]*\w/g, (url) => `<a href="${url}" target="_blank" rel="noopener">${url}</a>`);

export class Doctor {
	constructor(container, scope, on_answer) {
		add_style();
		Object.assign(this, { scope, on_answer });
		this.$root = $(`<div class="twilio-doctor" aria-live="polite"></div>`).appendTo($(container).empty());
	}

	async examine() {
		this.show_progress();
		const tell = (progress) => this.move(progress);
		frappe.realtime.on("twilio_sms_doctor", tell);
		try {
			const { message } = await frappe.call({ method: ENDPOINT + "diagnose", args: this.scope });
			this.show(message);
			this.on_answer?.(message);
			return message;
		} catch (error) {
			this.$root.html(`<p class="summary">${__("The check was interrupted. Try again.")}</p>`);
			this.offer_again();
			throw error;
		} finally {
			frappe.realtime.off("twilio_sms_doctor", tell);
		}
	}

	show_progress() {
		this.$root.html(`
			<p class="summary" role="status">${__("Looking…")}</p>
			<div class="progress"><div class="progress-bar progress-bar-striped progress-bar-animated" style="width: 4%"></div></div>`);
	}

	move({ title, done, of }) {
		this.$root.find(".summary").text(__("Looking at: {0}", [title]));
		this.$root.find(".progress-bar").css("width", `${Math.max(4, (100 * done) / of)}%`);
	}

	show({ findings, checked }) {
		const left_out = checked.filter(({ done }) => !done);
		this.$root.html(`
			<div class="head">
				<p class="summary" role="status">${summary(findings, left_out)}</p>
				<button class="btn btn-default btn-sm again">${__("Check Again")}</button>
			</div>
			<ul class="findings">${findings.map(finding_html).join("")}</ul>
			${checked_html(checked, left_out)}`);
		this.$root.find(".again").on("click", () => this.examine());
		this.$root.find("[data-mend]").on("click", ({ currentTarget }) => {
			this.mend(findings[currentTarget.dataset.mend], currentTarget);
		});
	}

	offer_again() {
		const $again = $(`<button class="btn btn-default btn-sm again">${__("Check Again")}</button>`);
		$again.appendTo(this.$root).on("click", () => this.examine());
	}

	async mend(finding, button) {
		button.disabled = true;
		try {
			const done = await Doctor.mend(finding);
			if (done) await this.examine();
		} finally {
			button.disabled = false;
		}
	}

	static async mend(finding) {
		const question = before_mending(finding);
		if (question && !(await confirmed(question))) return null;
		const { message } = await frappe.call({
			method: ENDPOINT + "mend",
			args: { finding: finding.name },
			freeze: true,
			freeze_message: __("Fixing…"),
		});
		frappe.show_alert(outcome(message), 7);
		return message;
	}
}

function summary(findings, left_out) {
	if (!findings.length)
		return left_out.length
			? dot("orange", __("Nothing wrong was found, but not everything could be looked at."))
			: dot("green", __("Nothing is wrong."));
	const worst = colour_of(findings[0]);
	if (findings.length === 1) return dot(worst, __("One thing needs your attention."));
	return dot(worst, __("{0} things need your attention.", [findings.length]));
}

function finding_html(finding, place) {
	const { severity, what, why, how, about_doctype, about, remedy } = finding;
	const open = about
		? `<a class="btn btn-default btn-xs" href="${frappe.utils.get_form_link(about_doctype, about)}">${__("Open {0}", [esc(about)])}</a>`
		: "";
	const mend = remedy
		? `<button class="btn btn-primary btn-xs" data-mend="${place}">${__("Fix It")}</button>`
		: "";
	return `<li class="finding">
		<p class="what"><span class="indicator-pill ${colour_of(finding)} no-indicator-dot">${__(severity)}</span> <b>${esc(what)}</b></p>
		<p>${esc(why)}</p>
		<p class="how"><span class="label">${__("How to fix it:")}</span> ${link(how)}</p>
		${mend || open ? `<div class="actions">${mend}${open}</div>` : ""}
	</li>`;
}

function checked_html(checked, left_out) {
	const words = left_out.length
		? __("{0} checks done, {1} could not be done", [checked.length - left_out.length, left_out.length])
		: __("{0} checks done", [checked.length]);
	const are_many = new Set(checked.map(({ account }) => account).filter(Boolean)).size > 1;
	const named = ({ title, account }) =>
		esc(title) + (are_many && account ? ` <bdi class="text-muted">(${esc(account)})</bdi>` : "");
	const lines = [
		...by_reason(left_out).map(({ why_not, of_it }) => line("–", "not-done", of_it.map(named).join(", "), why_not)),
		...checked.filter(({ done }) => done).map((check) => line("✓", "done", named(check))),
	];
	return `<details class="checked" ${left_out.length ? "open" : ""}>
		<summary>${words}</summary><ul>${lines.join("")}</ul></details>`;
}

function line(mark, kind, about, reason = "") {
	return `<li class="${kind}"><span aria-hidden="true">${mark}</span>
		<span>${about}${reason && `<span class="reason">${esc(reason)}</span>`}</span></li>`;
}

// What is left out is so for the same reason most of the time.
function by_reason(left_out) {
	const reasons = [...new Set(left_out.map(({ why_not }) => why_not))];
	return reasons.map((why_not) => ({ why_not, of_it: left_out.filter((check) => check.why_not === why_not) }));
}

// What is asked before the app changes something that somebody may have wanted so; "" where nobody can.
function before_mending({ check, check_name, remedy, what }) {
	const questions = {
		"webhooks.other": __("Post the messages of this number to this site instead? The current webhook can be put back on the number's form."),
		"webhooks.moved": __("Is this the site that customers write to? Then Twilio posts this number's messages here from now on."),
		"webhooks.service": __("Post the messages of all numbers of this Messaging Service to this site?"),
		take_over: __("Does this site take over from the one that it was restored from? From now on it sends messages. Those that waited in the backup are canceled."),
		put_out_of_service: __("Put this number out of service on this site? Its conversations stay."),
		leave_practice_mode: __("Speak with Twilio itself from now on?"),
	};
	const question = questions[check || check_name] || questions[remedy];
	return question ? `<p><b>${esc(what)}</b></p><p>${question}</p>` : "";
}

function confirmed(question) {
	return new Promise((answer) => frappe.confirm(question, () => answer(true), () => answer(false)));
}

function outcome({ mended, in_background }) {
	if (mended) return { message: __("Fixed."), indicator: "green" };
	if (in_background) return { message: __("Under way. Check again in a minute."), indicator: "blue" };
	return { message: __("That did not help: it is still so."), indicator: "red" };
}

function colour_of({ severity }) {
	return { Broken: "red", "At Risk": "orange" }[severity] || "blue";
}

function dot(colour, text) {
	return `<span class="indicator ${colour}"></span>${text}`;
}
