// SMS conversations in Helpdesk's own screen of a ticket.
//
// Helpdesk draws that screen with Vue and offers no places for others. What is put into it here are elements of this app
// beside those of Helpdesk, and style rules that hold only while these are there: taken out, everything is as before. A
// place that a version of Helpdesk lacks is left out; the buttons in the ticket's header open all of it in a drawer.

import { element, say } from "./dom.js";
import { __, host, set_host } from "./host.js";
import { helpdesk_host } from "./helpdesk_host.js";
import { Drawer } from "./helpdesk_drawer.js";
import { Feed } from "./helpdesk_feed.js";
import { ReplyBox } from "./helpdesk_reply_box.js";
import { STYLE } from "./helpdesk_style.js";
import { store } from "./store.js";

const TICKET_PAGE = /^\/helpdesk\/tickets\/([^/]+)\/?$/;
const FEED_ENDPOINTS = { retry: "retry", link: "retry", email: "send_as_email", cancel: "cancel" };
const REFRESH_FEED_AFTER_MS = 1500;
const OURS = /twilio_sms(\.|_channel)/;

let screen = null;

// Called by the form script, once for each load of the page. `boot`: the answer of `api.screen.boot`.
export function helpdesk(boot) {
	screen ||= new Screen(boot);
	return screen;
}

class Screen {
	constructor(boot) {
		this.host = helpdesk_host(boot);
		set_host(this.host);
		this.drawer = new Drawer();
		this.observer = new MutationObserver(() => this.soon());
		// Errors of the elements themselves, which nobody awaits.
		window.addEventListener("unhandledrejection", (event) => {
			if (!OURS.test(event.reason?.stack || "")) return;
			event.preventDefault();
			this.failed(event.reason);
		});
		window.addEventListener("error", (event) => {
			if (!OURS.test(event.filename || "")) return;
			event.preventDefault();
			this.failed(event.error);
		});
		this.feed = new Feed((action, message) => this.safely(() => this.act(action, message)));
	}

	// Helpdesk has drawn a ticket, or drawn it anew.
	show(form) {
		this.safely(() => {
			this.host.use(form);
			this.name = String(form.doc?.name ?? "");
			if (!this.watching) {
				document.head.querySelector("[data-twilio-sms]") || document.head.append(style(STYLE));
				this.observer.observe(document.body, { childList: true, subtree: true, characterData: true });
				this.watching = true;
			}
			this.sync();
		});
	}

	// The drawer with the whole conversation.
	open(ticket) {
		this.safely(() => {
			// The panel has a composer of its own, with the same draft.
			this.close_composer();
			this.drawer.open(__("SMS Conversation"), "twilio-sms-panel", { ticket: String(ticket) });
		});
	}

	soon() {
		this.frame ||= requestAnimationFrame(() => {
			this.frame = null;
			this.safely(() => this.sync());
		});
	}

	// What is in the page and what should be: cheap when nothing has changed, for it runs with every change of the page.
	sync() {
		const on_page = decodeURIComponent(TICKET_PAGE.exec(location.pathname)?.[1] || "");
		if (!on_page) return this.leave();
		if (on_page !== this.name) return this.follow(null);
		this.follow(this.name);
		const area = document.querySelector(".comm-area");
		if (area !== this.area) this.drop();
		if (area && this.state) this.fill((this.area = area));
		if (this.state?.channel) this.feed.sync();
	}

	follow(ticket) {
		if (ticket === this.ticket) return;
		this.off?.();
		this.drop();
		this.drawer.close();
		this.feed.leave();
		this.ticket = ticket;
		this.state = null;
		this.off = ticket && store(ticket).subscribe(({ state }) => this.safely(() => this.got(state)));
	}

	got(state) {
		if (!state) return;
		const before = this.state;
		this.state = state;
		this.sync();
		if (before && fates(before) !== fates(state)) this.refresh_feed();
	}

	// Helpdesk asks for its feed at each change, and of two answers under way keeps the one that comes last, which may
	// be the older one. On sites without a socket.io server it does not ask at all.
	refresh_feed() {
		clearTimeout(this.refreshing);
		const { ticket } = this;
		const refresh = () => ticket === this.ticket && this.host.refresh(ticket);
		this.refreshing = setTimeout(() => this.safely(refresh), REFRESH_FEED_AFTER_MS);
	}

	fill(area) {
		const { state } = this;
		const text_ticket = Boolean(state.channel);
		const by_text = state.channel === "SMS";
		const [row, box] = [...area.children].filter((child) => child !== this.strip);
		const buttons = row?.firstElementChild;
		if (!buttons) return;
		this.keep("strip", area, text_ticket, () => this.make_strip(row));
		// Where replies go by e-mail the strip offers to switch back.
		this.keep("write", buttons, by_text, () => this.button("write", () => this.toggle_composer()));
		this.keep("start", buttons, !text_ticket && state.can_start?.length, () =>
			this.button("start", () => this.open_start()),
		);
		if (this.strip) {
			this.earlier.hidden = !state.earlier;
			say(this.earlier, __("Earlier: {0}", [state.earlier]));
			say(this.why_not, by_text && !state.can_text ? state.why_not : "");
		}
		if (this.write) say(this.write, __("Write an SMS"));
		if (this.start) say(this.start, __("Text This Customer"));
		if (this.composer && (!by_text || !this.composer.isConnected)) this.close_composer();
		this.box ||= new ReplyBox(this.ticket);
		this.box.sync(box, state);
	}

	// Above Helpdesk's buttons: what the reply box sends, and the switch to the other channel.
	make_strip(row) {
		const strip = element("div", { className: "twilio-sms-strip" });
		strip.style.paddingInline = getComputedStyle(row).paddingInline;
		this.earlier = this.button("earlier", () => this.open_history());
		this.channel = element("twilio-sms-channel", { ticket: this.ticket });
		this.why_not = element("div", { className: "twilio-sms-why-not" });
		this.why_not.dataset.testid = "helpdesk-why-not";
		this.why_not.setAttribute("role", "status");
		strip.append(this.channel, this.earlier, this.why_not);
		return strip;
	}

	// An element of ours, there while `wanted`, put back when Helpdesk has drawn its place anew.
	keep(name, place, wanted, make) {
		if (!wanted) {
			this[name]?.remove();
			this[name] = null;
		} else if (this[name]?.parentElement !== place) {
			this[name] ||= make();
			if (name === "strip") place.prepend(this[name]);
			else place.append(this[name]);
		}
	}

	button(name, press) {
		const button = element("button", { type: "button", className: "twilio-sms-button" });
		button.dataset.testid = `helpdesk-${name}`;
		button.addEventListener("click", () => this.safely(press));
		return button;
	}

	toggle_composer() {
		if (this.composer) return this.close_composer();
		// Helpdesk's own boxes make room, what was typed in them stays; and the composer makes room for them.
		const row = this.write.parentElement;
		const boxes = [...this.area.children].filter((child) => child !== this.strip && !child.contains(row));
		const buttons = row.querySelectorAll("button:not(.twilio-sms-button)");
		// Since v1.26 a box closes by itself at this click, and is on its way out.
		const open = (box) => box.offsetParent && !box.className.includes("leave");
		boxes.forEach((box, place) => open(box) && buttons[place]?.click());
		const makes_room = (event) => event.target.closest(".twilio-sms-button") || this.close_composer();
		row.addEventListener("click", makes_room);
		this.stop_making_room = () => row.removeEventListener("click", makes_room);
		this.composer = element("div", { className: "twilio-sms-composer" });
		this.composer.dataset.testid = "helpdesk-composer";
		// As wide as the row above, whatever Helpdesk's version gives it.
		this.composer.style.paddingInline = this.strip.style.paddingInline;
		const composer = element("twilio-sms-composer", { ticket: this.ticket });
		composer.addEventListener("sent", () => {
			this.close_composer();
			this.feed.show_newest();
		});
		this.composer.append(composer);
		this.area.append(this.composer);
		this.write.setAttribute("aria-expanded", "true");
		composer.updateComplete?.then(() => composer.focus());
	}

	close_composer() {
		if (!this.composer) return;
		this.stop_making_room();
		this.composer.remove();
		this.composer = null;
		this.write?.setAttribute("aria-expanded", "false");
	}

	open_start() {
		const start = this.drawer.open(__("Text This Customer"), "twilio-sms-start", {
			ticket: this.ticket,
			numbers: this.state.can_start,
		});
		start.addEventListener("started", ({ detail }) => {
			this.drawer.close();
			const { ticket, ticket_doctype } = detail;
			if (ticket_doctype === this.host.ticket_doctype && ticket === this.ticket) store(this.ticket).load();
			else this.host.open_ticket(ticket, ticket_doctype);
		});
	}

	open_history() {
		this.drawer.open(__("Earlier Conversations"), "twilio-sms-history", { ticket: this.ticket });
	}

	// What a link in the feed says.
	act(action, message) {
		if (action === "earlier") return this.open(this.ticket);
		if (action === "email" && !this.state.email) {
			this.channel?.scrollIntoView?.({ block: "nearest" });
			return this.channel?.ask_address_for(message);
		}
		return host
			.call(FEED_ENDPOINTS[action], { message, ...(action === "link" ? { as_links: 1 } : {}) })
			.then(() => store(this.ticket).load())
			.catch((error) => this.host.toast(error.message, "error"));
	}

	drop() {
		this.close_composer();
		for (const name of ["strip", "write", "start"]) this.keep(name, null, false);
		this.box?.leave();
		this.box = this.area = null;
	}

	leave() {
		this.follow(null);
		this.observer.disconnect();
		this.watching = false;
	}

	safely(work) {
		try {
			return work();
		} catch (error) {
			this.failed(error);
		}
	}

	// Told once; the page goes on without what failed.
	failed(error) {
		console.warn("Twilio SMS Channel:", error);
		if (this.told) return;
		this.told = true;
		const what = `${error?.message || error}\n${error?.stack || ""}\n${location.pathname}`.slice(0, 2000);
		host.call("twilio_sms_channel.api.screen.report", { what }).catch(() => {});
	}
}

function fates(state) {
	return JSON.stringify([state.channel, state.messages.map(({ name, fate, media }) => [name, fate, media?.length])]);
}

function style(text) {
	const sheet = element("style", { textContent: text });
	sheet.dataset.twilioSms = "";
	return sheet;
}
