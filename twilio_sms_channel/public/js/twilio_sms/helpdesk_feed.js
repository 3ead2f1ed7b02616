// Helpdesk's feed on a ticket with messages: its newest entry stays in sight, links in entries act, numbers have a picture.

const ACTION = /#twilio-sms-(retry|link|email|cancel|earlier)=([\w-]+)$/;
const AT_END_PX = 60;
const PHONE = "data-twilio-sms-phone";
const AVATAR = ".uppercase[class*=rounded-full]:not(:has(*))";
// Of an avatar that shows the first letter of a name which is a telephone number.
const NO_LETTER = /^\s*[+(\d]\s*$/;

export class Feed {
	// `act(action, message)` does what a link says, and returns a Promise when that takes a while.
	constructor(act) {
		this.act = act;
		// Scrolling at once could change a size again, which browsers report as an error.
		this.resized = new ResizeObserver(() => requestAnimationFrame(() => this.keep_place()));
		// Scrolling does not bubble.
		document.addEventListener("scroll", ({ target }) => this.scrolled(target), true);
		// Entries are pages of their own; "load" of a page inside is seen only on its way down.
		document.addEventListener("load", ({ target }) => this.listen_in(target), true);
	}

	// Of a ticket with messages, as often as the page changes.
	sync() {
		const list = document.querySelector(".activities");
		if (list !== this.list) this.take_up(list);
		for (const entry of list?.children || []) this.observe(entry);
		for (const avatar of document.querySelectorAll(AVATAR))
			avatar.toggleAttribute(PHONE, NO_LETTER.test(avatar.textContent));
	}

	take_up(list) {
		this.leave();
		this.list = list;
		this.top = 0;
		// Whoever comes by a link to an entry wants to read that one.
		this.at_end = !location.hash;
		if (!list) return;
		for (const frame of list.querySelectorAll("iframe")) this.listen_in(frame);
		for (let place = list; place && place !== document.body; place = place.parentElement) this.observe(place);
	}

	observe(place) {
		if (this.observed.has(place)) return;
		this.observed.add(place);
		this.resized.observe(place);
	}

	leave() {
		for (const avatar of document.querySelectorAll(`[${PHONE}]`)) avatar.removeAttribute(PHONE);
		this.resized.disconnect();
		this.observed = new WeakSet();
		this.list = null;
	}

	// Which of the elements around the entries scrolls differs between Helpdesk's versions.
	get scroller() {
		let place = this.list;
		while (place && place !== document.body) {
			const { overflowY } = getComputedStyle(place);
			if (/auto|scroll/.test(overflowY) && place.scrollHeight > place.clientHeight + 1) return place;
			place = place.parentElement;
		}
		return null;
	}

	show_newest() {
		this.at_end = true;
		this.keep_place();
	}

	keep_place() {
		const place = this.at_end && this.list?.isConnected && this.scroller;
		if (place) place.scrollTop = place.scrollHeight;
	}

	// Whoever goes up stays where they read, until they go down to the end again. What grows moves nobody.
	scrolled(place) {
		if (!this.list?.isConnected || !place.contains?.(this.list) || place === document) return;
		const at_end = place.scrollTop + place.clientHeight >= place.scrollHeight - AT_END_PX;
		if (at_end) this.at_end = true;
		else if (place.scrollTop < this.top) this.at_end = false;
		this.top = place.scrollTop;
	}

	// Buttons in the feed are links: its entries run no scripts.
	listen_in(frame) {
		if (!this.list || frame?.tagName !== "IFRAME" || !this.list.contains(frame)) return;
		const page = frame.contentDocument;
		if (!page || page.twilio_sms_heard) return;
		page.twilio_sms_heard = true;
		page.addEventListener("click", (event) => this.clicked(event));
	}

	clicked(event) {
		const link = event.target.closest?.("a[href*='#twilio-sms-']");
		const [, action, message] = ACTION.exec(link?.getAttribute("href") || "") || [];
		if (!action) return;
		event.preventDefault();
		if (link.getAttribute("aria-disabled") === "true") return;
		link.setAttribute("aria-disabled", "true");
		Promise.resolve(this.act(action, message)).finally(() => link.removeAttribute("aria-disabled"));
	}
}
