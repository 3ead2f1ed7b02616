// The ticket's messages, oldest first: who wrote what and when, what became of it, and what can be done about it.

import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";

import "./address.js";
import { no_address_for_text } from "./channel.js";
import { TicketElement, __, define } from "./element.js";
import { icons } from "./icons.js";
import { thread_styles } from "./thread_styles.js";
import { clock, date_of, day, day_key, in_full } from "./times.js";

const PENDING = ["Queued", "Sending", "Accepted"];
const FAILED = ["Failed", "Undelivered", "Blocked", "Unconfirmed"];
const AT_END_PX = 40;
// Beyond it the same sender's next message names them again.
const RUN_MS = 10 * 60 * 1000;

class Thread extends TicketElement {
	static properties = {
		// What an endpoint said about a message: {message: name, text}
		problem: { state: true },
		busy: { state: true },
		unread: { state: true },
		// Messages before those of the state, oldest first, and how many there are before these
		earlier: { state: true },
		older: { state: true },
		// Name of the message for which an address is asked
		emailing: { state: true },
	};

	static styles = [TicketElement.styles, thread_styles];

	constructor() {
		super();
		this.problem = null;
		this.busy = this.emailing = "";
		this.unread = false;
		this.earlier = [];
		this.older = null;
		this._at_end = true;
		this._top = 0;
		this._resized = new ResizeObserver(() => this._keep_place());
	}

	connectedCallback() {
		super.connectedCallback();
		// Desk's form puts it back at each refresh: the feed would be at its beginning then.
		if (this.hasUpdated) {
			if (this._feed) this._feed.scrollTop = this._top;
			this.requestUpdate();
		}
	}

	disconnectedCallback() {
		super.disconnectedCallback();
		this._resized.disconnect();
	}

	willUpdate(changed) {
		super.willUpdate(changed);
		const before = changed.get("state");
		if (before && this.state && before.newest !== this.state.newest && !this._at_end) this.unread = true;
		if (changed.has("ticket")) {
			this._at_end = true;
			this.earlier = [];
			this.older = null;
			this.emailing = "";
		}
		if (before && this.state && this.earlier.length) this._keep_what_moved_out(before.messages);
	}

	// The state holds the newest messages: with each new one the oldest of them is no longer in it.
	_keep_what_moved_out(before) {
		const known = new Set(this.earlier.map(({ name }) => name));
		const first = before.findIndex(({ name }) => name === this.state.messages[0]?.name);
		const moved = before.slice(0, Math.max(0, first)).filter(({ name }) => !known.has(name));
		if (moved.length) this.earlier = [...this.earlier, ...moved];
	}

	updated() {
		const feed = this._feed;
		if (!feed) return;
		// Pictures that load make the feed longer; whoever reads its end stays there.
		this._resized.observe(feed);
		this._resized.observe(feed.firstElementChild);
		this._keep_place();
	}

	get _feed() {
		return this.part_named("feed");
	}

	show_newest() {
		this._at_end = true;
		this.unread = false;
		this._keep_place();
	}

	_keep_place() {
		const feed = this._feed;
		if (feed && this._at_end) feed.scrollTop = feed.scrollHeight;
	}

	_scrolled() {
		const feed = this._feed;
		const upwards = feed.scrollTop < this._top;
		this._top = feed.scrollTop;
		// A picture that has loaded since, below the end that was scrolled to, is nothing that somebody did.
		const is_at_end = feed.scrollTop + feed.clientHeight >= feed.scrollHeight - AT_END_PX;
		this._at_end = is_at_end || (this._at_end && !upwards);
		if (this._at_end) this.unread = false;
	}

	render() {
		if (!this.state?.channel) return nothing;
		return html`<div class="frame">
			<div
				class="feed"
				role="log"
				aria-live="polite"
				aria-label=${__("SMS conversation")}
				tabindex="0"
				data-testid="feed"
				@scroll=${this._scrolled}
			>
				<div class="entries">
					${this._older()}
					${repeat(entries_of({ ...this.state, messages: [...this.earlier, ...this.state.messages] }), ({ key }) => key, (entry) => this._entry(entry))}
				</div>
			</div>
			${this.unread
				? html`<button type="button" class="primary newest" data-testid="show-newest" @click=${this.show_newest}>
						${icons.down}${__("New Message")}
					</button>`
				: nothing}
		</div>`;
	}

	_older() {
		const older = this.older ?? this.state.older;
		if (!older) return nothing;
		return html`<button
			type="button"
			class="quiet"
			data-testid="show-earlier"
			?disabled=${Boolean(this.busy)}
			@click=${this._show_earlier}
		>
			${older === 1 ? __("Show 1 earlier message") : __("Show earlier messages ({0})", [older])}
		</button>`;
	}

	async _show_earlier() {
		const { ticket } = this;
		const [first] = this.earlier.length ? this.earlier : this.state.messages;
		this.busy = "earlier";
		this.problem = null;
		try {
			const { messages, older } = await this.host.call("earlier", { ticket, before: first.name }, { get: true });
			if (ticket !== this.ticket) return;
			const feed = this._feed;
			const below = feed.scrollHeight - feed.scrollTop;
			this._at_end = false;
			this.earlier = [...messages, ...this.earlier];
			this.older = older;
			await this.updateComplete;
			// What was in sight stays there.
			feed.scrollTop = feed.scrollHeight - below;
		} catch (error) {
			this.host.toast(error.message, "error");
		} finally {
			this.busy = "";
		}
	}

	_entry(entry) {
		if (entry.day) return html`<div class="day" data-testid="day"><span>${day(entry.day)}</span></div>`;
		if (entry.event) {
			return html`<div class="event" data-testid="event">
				${entry.event.what} · <time>${clock(entry.at)}</time>
			</div>`;
		}
		return this._bubble(entry);
	}

	_bubble({ message, at, names_sender }) {
		const inbound = message.direction === "Inbound";
		return html`<article
			class="bubble ${inbound ? "in" : "out"}"
			data-testid=${inbound ? "inbound" : "outbound"}
			data-status=${message.status}
			data-message=${message.name}
			aria-busy=${this.busy === message.name}
		>
			${names_sender ? this._sender(message, inbound) : nothing}
			${message.body ? html`<div class="text" dir="auto" data-testid="text">${message.body}</div>` : nothing}
			${message.media.map((file) => this._file(file))}
			${message.group ? html`<div class="remark" data-testid="group">${message.group}</div>` : nothing}
			${(message.along || []).map((said) => html`<div class="remark" data-testid="along">${said}</div>`)}
			<div class="foot">
				<time title=${in_full(at)}>${clock(at)}</time>${message.travelled
					? html` · <span data-testid="way">${message.travelled}</span>`
					: nothing}${inbound
					? nothing
					: html` · <span class="fate ${colour(message.status)}" data-testid="fate">${message.fate}</span>`}
			</div>
			${message.error ? this._trouble(message.error) : nothing} ${this._buttons(message, inbound)}
			${this.emailing === message.name ? this._address(message) : nothing}
			<div role="alert">
				${this.problem?.message === message.name && this.emailing !== message.name
					? html`<div class="notice bad" data-testid="message-problem">${this.problem.text}</div>`
					: nothing}
			</div>
		</article>`;
	}

	_sender(message, inbound) {
		const name = inbound ? this.state.customer : message.by;
		if (!name) return nothing;
		const number = inbound && this.state.customer_number !== name ? this.state.customer_number : "";
		return html`<div class="sender" data-testid="sender">
			<bdi>${name}</bdi>${number ? html` <span class="number"><bdi>${number}</bdi></span>` : nothing}
		</div>`;
	}

	_file(file) {
		if (!file.file_url) return html`<div class="remark" data-testid="remark">${file.remark}</div>`;
		const url = encodeURI(file.file_url);
		const remark = file.remark ? html`<div class="remark" data-testid="remark">${file.remark}</div>` : nothing;
		return html`${this._shown_file(file, url)}${remark}`;
	}

	_shown_file(file, url) {
		const type = file.content_type || "";
		const name = file.file_name || __("File");
		if (/^image\/(jpeg|png|gif|webp|bmp)$/.test(type)) {
			return html`<a class="picture" href=${url} target="_blank" rel="noopener" data-testid="message-file">
				<img src=${url} alt=${file.file_name || __("Picture")} loading="lazy" />
			</a>`;
		}
		const link = html`<a class="file" href=${url} download=${name} data-testid="message-file">${icons.file}<bdi>${name}</bdi></a>`;
		if (type.startsWith("audio/")) return html`<audio controls preload="none" src=${url} aria-label=${name}></audio>${link}`;
		if (type.startsWith("video/")) return html`<video controls preload="none" src=${url} aria-label=${name}></video>${link}`;
		return link;
	}

	// What to do about a message that waits or did not arrive, and who can; what happened stands beside the time.
	_trouble({ code, do: todo, who, link }) {
		const can_fix = {
			Agent: __("What you can do"),
			Admin: __("An admin can fix it"),
			Customer: __("Only the customer can change it"),
			Twilio: __("Only Twilio can change it"),
		}[who];
		return html`<div class="trouble" data-testid="trouble">
			${todo && can_fix ? html`<span class="who" data-testid="who">${can_fix}</span>` : nothing}
			${todo ? html`<span data-testid="do">${todo}</span>` : nothing}
			${link
				? html`<a href=${link} target="_blank" rel="noopener" data-testid="error-page">${__("Twilio on error {0}", [code])}</a>`
				: nothing}
		</div>`;
	}

	_buttons(message, inbound) {
		const actions = message.error?.actions;
		const fits = (action) => !actions || actions.includes(action);
		const buttons = [
			message.can_retry && inbound && this._action(__("Fetch Again"), message, "retry"),
			message.can_retry && !inbound && fits("retry") && this._action(__("Send Again"), message, "retry"),
			actions?.includes("link") && this._action(__("Send as Link"), message, "retry", { as_links: 1 }),
			message.can_email && fits("email") && this._emailer(message),
			message.can_cancel && this._action(__("Cancel"), message, "cancel"),
			actions?.includes("number") &&
				this._opener(__("Open Number's Settings"), "Twilio SMS Number", message.number),
			actions?.includes("account") &&
				this._opener(__("Open Account's Settings"), "Twilio SMS Account", message.account),
		].filter(Boolean);
		return buttons.length ? html`<div class="buttons">${buttons}</div>` : nothing;
	}

	_action(label, message, endpoint, args = {}) {
		return html`<button
			type="button"
			data-testid=${args.as_links ? "send_as_link" : endpoint}
			?disabled=${this.busy === message.name}
			@click=${() => this._call(message, endpoint, args)}
		>
			${label}
		</button>`;
	}

	_emailer(message) {
		if (this.state.email) return this._action(__("Send as E-mail"), message, "send_as_email");
		return html`<button
			type="button"
			data-testid="send_as_email"
			aria-expanded=${this.emailing === message.name}
			@click=${() => this._ask_address(message)}
		>
			${__("Send as E-mail")}
		</button>`;
	}

	_ask_address(message) {
		this.problem = null;
		this.emailing = this.emailing === message.name ? "" : message.name;
	}

	_address(message) {
		return html`<twilio-sms-address
			label=${no_address_for_text(this.state.customer)}
			action=${__("Add and Send")}
			problem=${this.problem?.message === message.name ? this.problem.text : ""}
			?busy=${this.busy === message.name}
			@address=${({ detail }) => this._call(message, "send_as_email", { email: detail })}
			@closed=${() => this._ask_address(message)}
		></twilio-sms-address>`;
	}

	_opener(label, doctype, name) {
		return html`<button type="button" data-testid="open" @click=${() => this.host.open(doctype, name)}>${label}</button>`;
	}

	async _call(message, endpoint, args = {}) {
		if (this.busy) return;
		this.busy = message.name;
		this.problem = null;
		try {
			await this.host.call(endpoint, { message: message.name, ...args });
			this.emailing = "";
		} catch (error) {
			this.problem = { message: message.name, text: error.message };
		}
		try {
			await this.store.load();
			if (this.earlier.some(({ name }) => name === message.name)) await this._look_again_at_earlier(message);
		} finally {
			this.busy = "";
		}
	}

	// What an action did to a message that is not in the state.
	async _look_again_at_earlier(message) {
		const all = [...this.earlier, ...this.state.messages].map(({ name }) => name);
		const before = all[all.indexOf(message.name) + 1];
		const { messages } = await this.host.call("earlier", { ticket: this.ticket, before }, { get: true });
		const fresh = new Map(messages.map((text) => [text.name, text]));
		this.earlier = this.earlier.map((text) => fresh.get(text.name) || text);
	}
}

// Messages and what happened between them in the order of time, with the days they are of.
function entries_of({ messages, events = [] }) {
	const sorted = [
		...messages.map((message) => ({
			key: message.name,
			message,
			at: date_of(message.received_at || message.creation),
		})),
		...events.map((event, place) => ({ key: `event-${place}-${event.at}`, event, at: date_of(event.at) })),
	].sort((a, b) => a.at - b.at);
	const entries = [];
	let before = null;
	for (const entry of sorted) {
		const key = day_key(entry.at);
		const other_day = !before || day_key(before.at) !== key;
		if (other_day) entries.push({ key: `day-${key}`, day: entry.at });
		if (entry.message) entry.names_sender = other_day || !continues(before, entry);
		entries.push(entry);
		before = entry;
	}
	return entries;
}

function continues(before, { message, at }) {
	const last = before.message;
	return Boolean(last) && last.direction === message.direction && last.by === message.by && at - before.at < RUN_MS;
}

function colour(status) {
	if (FAILED.includes(status)) return "bad";
	if (PENDING.includes(status)) return "wait";
	return status === "Canceled" ? "" : "good";
}

define("twilio-sms-thread", Thread);
