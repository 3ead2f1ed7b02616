// Helpdesk's ordinary reply box, on a ticket whose replies go by SMS: it says so before anybody presses Send.

import { element, say } from "./dom.js";
import { __, host } from "./host.js";

const COUNT_AFTER_MS = 250;
const MOST_NAMED = 5;

export class ReplyBox {
	constructor(ticket) {
		this.ticket = ticket;
	}

	// `box`: the part of the page that holds the reply box, shown or not; `state`: that of the ticket.
	sync(box, state) {
		const row = box?.querySelector(".border-y");
		if (!row || !state.channel) return this.leave();
		if (state.channel === "SMS") this.by_text(box, row, state);
		else this.by_email(row, state);
	}

	by_text(box, row, state) {
		this.hint = gone(this.hint);
		this.medium = gone(this.medium);
		if (this.line?.parentElement !== row) {
			this.line ||= this.make_line();
			row.append(this.line);
		}
		const blocked = !state.can_text;
		say(this.route, __("Goes out by SMS"));
		say(this.why, blocked ? state.why_not : state.ask_first);
		this.line.toggleAttribute("data-blocked", blocked);
		this.count_what_is_typed(box);
	}

	// Until the page is loaded anew, the row keeps the address that the ticket had before.
	by_email(row, state) {
		this.line = gone(this.line);
		if (this.medium?.parentElement !== row) {
			this.medium ||= element("span", { className: "twilio-sms-medium" });
			this.medium.dataset.testid = "helpdesk-medium";
			row.prepend(this.medium);
		}
		say(this.medium, __("Goes out by e-mail"));
		const there = !state.email || row.textContent.includes(state.email);
		if (there && !this.hint) return;
		if (!this.hint) {
			this.hint = element("span", { className: "twilio-sms-email" });
			this.hint.dataset.testid = "helpdesk-email-hint";
		}
		if (this.hint.parentElement !== row) this.medium.nextElementSibling.after(this.hint);
		say(this.hint, state.email);
		// The place of the address that the ticket did not have is a button without words.
		for (const chip of row.querySelectorAll("button"))
			chip.toggleAttribute("data-twilio-sms-nobody", !chip.textContent.trim() && !chip.ariaLabel);
		this.hint.title = __("This e-mail goes to {0}.", [state.email]);
	}

	make_line() {
		// What the style rules write into Helpdesk's own elements.
		const root = document.documentElement.style;
		root.setProperty("--twilio-sms-plain", JSON.stringify(__("Text messages have no formatting")));
		root.setProperty("--twilio-sms-placeholder", JSON.stringify(__("Write a message…")));
		const line = element("div", { className: "twilio-sms-line" });
		line.dataset.testid = "helpdesk-reply-line";
		[this.route, this.why, this.unicode, this.count] = ["route", "why", "unicode", "count"].map((name) => {
			const part = element("span", { className: `twilio-sms-${name}` });
			part.dataset.testid = `helpdesk-${name}`;
			return part;
		});
		this.why.setAttribute("role", "alert");
		this.count.setAttribute("role", "status");
		line.append(this.route, this.why, this.unicode, this.count);
		return line;
	}

	count_what_is_typed(box) {
		const editor = box.querySelector("[contenteditable=true]");
		const typed = editor?.textContent || "";
		if (typed === this.typed) return;
		this.typed = typed;
		clearTimeout(this.timer);
		if (!typed.trim()) return this.say_nothing();
		this.timer = setTimeout(() => this.ask(editor), COUNT_AFTER_MS);
	}

	async ask(editor) {
		const asked = this.typed;
		// What is sent is made of the editor's document, not of what it draws.
		const message = editor.editor?.getHTML?.() ?? editor.innerHTML;
		let counted;
		try {
			counted = await host.call("preview", { message, ticket: this.ticket, html: 1 });
		} catch {
			// No count is better than none that is right.
			return this.line && this.say_nothing();
		}
		if (asked !== this.typed || !this.line) return;
		const { left, left_in_segment, replaced, plain } = counted;
		say(this.unicode, "");
		if (!counted.characters) return say(this.count, __("The quoted text is not sent along"));
		const { segments } = replaced ? plain : counted;
		const parts = segments === 1 ? __("1 segment") : __("{0} segments", [segments]);
		const room =
			left < 0
				? __("{0} too many", [-left])
				: // Of a message that goes out with other characters, only its segments are known.
					!replaced && __("{0} left", [Math.min(left, left_in_segment)]);
		const cost = counted.cost && __("about {0}", [counted.cost.text]);
		say(this.count, [room, parts, cost].filter(Boolean).join(" · "));
		const forcing = replaced ? [] : counted.forcing;
		say(this.unicode, forcing.length ? __("{0} force Unicode (70 characters per segment)", [some_of(forcing)]) : "");
		this.count.toggleAttribute("data-bad", left < 0);
	}

	say_nothing() {
		say(this.count, "");
		say(this.unicode, "");
	}

	leave() {
		clearTimeout(this.timer);
		this.line = gone(this.line);
		this.medium = gone(this.medium);
		this.hint = gone(this.hint);
		this.typed = null;
	}
}

function some_of(characters) {
	const shown = characters.slice(0, MOST_NAMED).join(" ");
	return characters.length > MOST_NAMED ? `${shown} …` : shown;
}

function gone(node) {
	node?.remove();
	return null;
}
