// The box in which an agent writes a text: words, files, emoji, saved replies, and what it will take to send.
//
// Emits `sent` with what `api.ticket.reply` answered.

import { html, nothing } from "lit";
import { live } from "lit/directives/live.js";
import { repeat } from "lit/directives/repeat.js";

import { Attachments, size } from "./attachments.js";
import { composer_styles } from "./composer_styles.js";
import * as drafts from "./drafts.js";
import { TicketElement, __, define, segments_of } from "./element.js";
import { emoji } from "./emoji.js";
import { icons } from "./icons.js";
import "./picker.js";
import { attach_button, is_too_long, writing } from "./writing.js";

const COUNT_AFTER_MS = 250;
const ANNOUNCE_AFTER_MS = 1500;
const SEARCH_AFTER_MS = 200;
const TALLEST_PX = 260;
const MOST_CHIPS = 8;
const EMOJI_COLUMNS = 8;

class Composer extends TicketElement {
	static properties = {
		...writing,
		// {message, from} of a colleague who wrote while this text was being written
		meanwhile: { state: true },
		announced: { state: true },
		opened: { state: true },
		saved_replies: { state: true },
		picker_error: { state: true },
		drop_here: { state: true },
	};

	static styles = [TicketElement.styles, composer_styles];

	constructor() {
		super();
		this.text = this.problem = this.announced = this.opened = this.picker_error = "";
		this.sending = this.drop_here = false;
		this.meanwhile = this.counted = this.saved_replies = null;
		this.request_id = "";
		this.attachments = new Attachments(this, () => this._changed());
		this._on_window_drag = (event) => this._dragged_over_page(event);
	}

	connectedCallback() {
		super.connectedCallback();
		for (const name of ["dragover", "drop", "dragend"]) window.addEventListener(name, this._on_window_drag);
		// The mouse with a file has left the window.
		document.documentElement.addEventListener("dragleave", this._on_window_drag);
	}

	disconnectedCallback() {
		super.disconnectedCallback();
		for (const name of ["dragover", "drop", "dragend"]) window.removeEventListener(name, this._on_window_drag);
		document.documentElement.removeEventListener("dragleave", this._on_window_drag);
		clearTimeout(this._counting);
		clearTimeout(this._announcing);
	}

	willUpdate(changed) {
		super.willUpdate(changed);
		if (this.ticket && this._drafted !== this.ticket) this._take_up_draft();
		if (!changed.has("state") || !this.state) return;
		const before = changed.get("state");
		this._look_for_colleagues(before);
		// What sending was refused for is decided.
		if (before?.ask_first && !this.state.ask_first) this.problem = "";
	}

	updated(changed) {
		if (changed.has("text") || changed.has("state")) this._grow();
	}

	// For the page around: put words where the cursor is. `apart`: in lines of their own.
	insert(text, apart = false) {
		const body = this._body;
		if (!body) return;
		const { value, selectionStart: from, selectionEnd: to } = body;
		const before = apart && /\S$/.test(value.slice(0, from)) ? "\n" : "";
		const after = apart && /^\S/.test(value.slice(to)) ? "\n" : "";
		body.setRangeText(`${before}${text}${after}`, from, to, "end");
		this._write(body.value);
		body.focus();
	}

	focus() {
		this._body?.focus();
	}

	get _body() {
		return this.part_named("body");
	}

	render() {
		const { state } = this;
		if (!state) return this._while_loading();
		if (state.channel !== "SMS") return nothing;
		const has_draft = Boolean(this.text || this.attachments.items.length);
		return html`
			${state.can_text
				? nothing
				: html`<div class="notice bad" role="status" data-testid="why-not">${state.why_not}</div>`}
			${state.can_text && state.waiting_because
				? html`<div class="notice wait" role="status" data-testid="waiting">${state.waiting_because}</div>`
				: nothing}
			${state.can_text || has_draft ? this._form(!state.can_text) : nothing}
		`;
	}

	_while_loading() {
		if (!this.load_error) return nothing;
		return html`<div class="notice bad" role="alert">
			<span>${this.load_error.message}</span>
			<button type="button" @click=${() => this.store.load()}>${__("Try Again")}</button>
		</div>`;
	}

	_form(blocked) {
		const idle = !this.text.trim() && !this.attachments.items.length;
		return html`<form
			class=${this.drop_here ? "dragging" : ""}
			data-testid="composer"
			aria-label=${__("Text to the customer")}
			aria-busy=${this.sending}
			@submit=${this._submit}
			@dragover=${this._drag_over}
			@drop=${this._drop}
		>
			<label class="unseen" for="body">${__("Text to {0}", [this.state.customer])}</label>
			<textarea
				id="body"
				data-testid="body"
				rows="2"
				dir="auto"
				placeholder=${__("Write a text…")}
				aria-describedby="count problem"
				aria-keyshortcuts="Control+Enter"
				?disabled=${blocked}
				?readonly=${this.sending}
				.value=${live(this.text)}
				@input=${(event) => this._write(event.target.value)}
				@keydown=${this._key}
				@paste=${this._paste}
			></textarea>
			${this._files()} ${this._room_takers()} ${this._answered_meanwhile()}
			<div id="problem" role="alert" data-testid="problem">
				${this.problem ? html`<div class="notice bad">${this.problem}</div>` : nothing}
			</div>
			<div class="bar">
				<span class="tools">${this._tools(blocked)}</span>
				<span class="count ${this._too_long ? "bad" : ""}" id="count" data-testid="count">${this._count()}</span>
				<button
					class="primary"
					type="submit"
					data-testid="send"
					title=${__("Ctrl+Enter")}
					?disabled=${blocked || this.sending || idle || this._too_long}
				>
					${this._send_label()}
				</button>
			</div>
			<div class="drop" aria-hidden="true" data-testid="drop" ?hidden=${!this.drop_here}>
				${__("Drop files here to attach them")}
			</div>
			<div class="unseen" role="status" data-testid="announced">${this.announced}</div>
			${this._picker()}
		</form>`;
	}

	_send_label() {
		if (!this.sending) return __("Send Text");
		return this.attachments.uploading ? __("Uploading…") : __("Sending…");
	}

	// Attachments -----------------------------------------------------------------------------------

	_files() {
		const { items, refusals } = this.attachments;
		const { limits } = this.state;
		return html`<ul class="files" data-testid="files" aria-label=${__("Attached files")} ?hidden=${!items.length}>
				${repeat(items, ({ key }) => key, (item) => this._file(item))}
			</ul>
			${this.attachments.will_be_scaled(limits)
				? html`<div class="remark" data-testid="scaled">
						${__("The pictures are made smaller, so that all files together have at most {0}.", [size(limits.bytes)])}
					</div>`
				: nothing}
			<div role="alert" data-testid="refused">
				${refusals.map((refusal) => html`<div class="notice bad">${refusal}</div>`)}
			</div>`;
	}

	_file(item) {
		return html`<li class=${item.error ? "bad" : ""} data-testid="file">
			${item.picture
				? html`<img src=${item.picture} alt="" data-testid="picture" @error=${() => this._cannot_be_shown(item)} />`
				: html`<span class="kind">${icons.file}</span>`}
			<span class="about">
				<span class="name"><bdi>${item.file_name}</bdi></span>
				<span class="size" role=${item.error ? "alert" : nothing}>${this._about_file(item)}</span>
				${item.upload
					? html`<progress max="1" .value=${item.progress} aria-label=${__("Uploading {0}", [item.file_name])}></progress>`
					: nothing}
			</span>
			${item.error
				? html`<button type="button" @click=${() => this.attachments.retry(item, this.ticket)}>${__("Try Again")}</button>`
				: nothing}
			<button
				type="button"
				class="quiet icon"
				data-testid="remove"
				aria-label=${__("Remove {0}", [item.file_name])}
				title=${__("Remove")}
				@click=${() => this._remove(item)}
			>
				${icons.close}
			</button>
		</li>`;
	}

	// Not every browser knows every type of picture.
	_cannot_be_shown(item) {
		item.picture = "";
		this.requestUpdate();
	}

	_about_file(item) {
		if (item.error) return item.error;
		return item.as_link ? __("{0}, goes as a link", [size(item.file_size)]) : size(item.file_size);
	}

	_remove(item) {
		this.attachments.remove(item);
		this.focus();
	}

	_attach(files) {
		if (!files.length) return;
		this.attachments.add(files, this.ticket, this.state.limits);
		this.focus();
	}

	_paste(event) {
		const { files } = event.clipboardData;
		// Office programs put a picture of the words beside the words.
		if (!files.length || event.clipboardData.getData("text/plain")) return;
		event.preventDefault();
		this._attach([...files]);
	}

	_drag_over(event) {
		if (!carries_files(event) || !this.state.can_text) return;
		event.preventDefault();
		event.dataTransfer.dropEffect = "copy";
	}

	_drop(event) {
		if (!carries_files(event) || !this.state.can_text) return;
		event.preventDefault();
		this._attach([...event.dataTransfer.files]);
	}

	_dragged_over_page(event) {
		this.drop_here = event.type === "dragover" && carries_files(event) && Boolean(this.state?.can_text);
	}

	// Emoji and saved replies -----------------------------------------------------------------------

	_tools(blocked) {
		const { no_files, others, types = [], endings = [] } = this.state.limits;
		const attach = attach_button({
			chosen: (files) => this._attach(files),
			accept: others === "Refuse" ? [...types, ...endings.map((ending) => `.${ending}`)].join(",") : "",
			disabled: blocked || Boolean(no_files),
			title: no_files || undefined,
		});
		return html`${attach} ${this._opener("emoji", icons.emoji, __("Insert Emoji"), blocked)}
			${this._opener("saved-replies", icons.saved_reply, __("Insert Saved Reply"), blocked)}`;
	}

	_opener(what, icon, label, blocked) {
		return html`<button
			type="button"
			class="quiet icon"
			data-testid=${what}
			aria-label=${label}
			title=${label}
			aria-haspopup="dialog"
			aria-expanded=${this.opened === what}
			?disabled=${blocked}
			@click=${() => this._open(this.opened === what ? "" : what)}
		>
			${icon}
		</button>`;
	}

	_open(what) {
		this.opened = what;
		this.picker_error = "";
		if (what !== "saved-replies") return;
		this.saved_replies = null;
		this._search_saved_replies("");
	}

	_picker() {
		if (!this.opened) return nothing;
		const is_emoji = this.opened === "emoji";
		return html`<twilio-sms-picker
			data-testid="picker"
			label=${is_emoji ? __("Emoji") : __("Saved replies")}
			hint=${is_emoji ? __("Search emoji") : __("Search saved replies")}
			columns=${is_emoji ? EMOJI_COLUMNS : 0}
			error=${this.picker_error}
			.items=${is_emoji ? (this._emoji ||= emoji()) : this.saved_replies}
			.anchor=${this.part_named(this.opened)}
			@picked=${(event) => this._picked(event.detail)}
			@query=${(event) => this._search_soon(event.detail)}
			@closed=${(event) => this._close_picker(event.detail.give_focus_back)}
		></twilio-sms-picker>`;
	}

	_close_picker(give_focus_back) {
		const opener = this.part_named(this.opened);
		this.opened = "";
		if (give_focus_back) opener?.focus();
	}

	async _picked(item) {
		if (item.text) {
			this.opened = "";
			this.insert(item.text);
			return;
		}
		try {
			const { text } = await this.host.call("saved_reply", { ticket: this.ticket, name: item.key, source: item.source }, { get: true });
			this.opened = "";
			this.insert(text, true);
		} catch (error) {
			this.picker_error = error.message;
		}
	}

	_search_soon(query) {
		if (this.opened !== "saved-replies") return;
		clearTimeout(this._searching);
		this._searching = setTimeout(() => this._search_saved_replies(query), SEARCH_AFTER_MS);
	}

	async _search_saved_replies(query) {
		this._query = query;
		try {
			const found = await this.host.call("saved_replies", { ticket: this.ticket, query }, { get: true });
			if (this._query !== query) return;
			this.picker_error = "";
			this.saved_replies = found.map(({ name, title, source }) => ({ key: name, name: title, source }));
		} catch (error) {
			this.saved_replies ||= [];
			this.picker_error = error.message;
		}
	}

	// What it will take -----------------------------------------------------------------------------

	get _too_long() {
		return is_too_long(this);
	}

	_count() {
		const { cost } = this.state;
		const said = this._said_of_count();
		return html`${said}${cost
			? html`${said ? " · " : ""}<span data-testid="cost" title=${__("What this conversation has cost so far, as far as Twilio has told")}
						>${__("{0} so far", [cost.text])}</span
					>`
			: nothing}`;
	}

	// Such a text is billed as one, whatever its length.
	get _is_mms() {
		return this.attachments.items.some((item) => !item.as_link);
	}

	_said_of_count() {
		const { counted, text } = this;
		if (!text || !counted?.characters) return "";
		const { left, left_in_segment, segments, plain, replaced } = counted;
		if (left < 0) return __("{0} characters too many", [-left]);
		if (this._is_mms) return __("{0} left · with files (MMS)", [left]);
		if (plain && replaced) return __("sent with plain characters · {0}", [segments_of(plain.segments)]);
		return __("{0} left · {1}", [Math.min(left, left_in_segment), segments_of(segments)]);
	}

	// Characters for which a segment takes 70 instead of 160.
	_room_takers() {
		const { counted } = this;
		if (!this.text || !counted?.named?.length || counted.replaced || this._is_mms) return nothing;
		const { named, plain } = counted;
		const more = named.length - MOST_CHIPS;
		return html`<div class="room" data-testid="room" role="group" aria-label=${__("These characters force Unicode")}>
			<span>${__("These characters force Unicode (70 characters per segment):")}</span>
			${named.slice(0, MOST_CHIPS).map((character) => this._chip(character))}
			${more > 0 ? html`<span>${__("and {0} more", [more])}</span>` : nothing}
			${plain
				? html`<button
						type="button"
						class="link"
						data-testid="plain"
						title=${plain.text}
						@click=${() => this._replace_all(plain.text)}
					>
						${__("Use plain characters ({0})", [segments_of(plain.segments)])}
					</button>`
				: nothing}
		</div>`;
	}

	_chip({ character, name, plain }) {
		const words = html`<mark><bdi>${character}</bdi></mark> <span>${name}</span>`;
		if (plain === null) return html`<span class="chip" data-testid="chip">${words}</span>`;
		const label = plain.trim() ? __("Replace {0} by {1}", [name, plain]) : __("Replace {0} by a plain one, or nothing", [name]);
		return html`<button
			type="button"
			class="chip"
			data-testid="chip"
			title=${label}
			aria-label=${label}
			@click=${() => this._replace_all(this.text.replaceAll(character, plain))}
		>
			${words}
		</button>`;
	}

	_replace_all(text) {
		this._write(text);
		this.focus();
		this._count_now();
	}

	_write(text) {
		this.text = text;
		this._changed();
		clearTimeout(this._counting);
		this._counting = setTimeout(() => this._count_now(), COUNT_AFTER_MS);
	}

	async _count_now() {
		clearTimeout(this._counting);
		const { text } = this;
		if (!text.trim()) {
			this.counted = null;
			return;
		}
		try {
			const counted = await this.host.call("preview", { message: text, ticket: this.ticket });
			if (text !== this.text) return;
			this.counted = counted;
			this._announce_soon();
		} catch {
			// Sending will tell what is wrong; a count is no reason to disturb.
			this.counted = null;
		}
	}

	_announce_soon() {
		clearTimeout(this._announcing);
		this._announcing = setTimeout(() => (this.announced = this._said_of_count()), ANNOUNCE_AFTER_MS);
	}

	// Another text than the one that was tried to be sent, so another request.
	_changed() {
		this.request_id = "";
		this.problem = "";
		this._keep();
	}

	_keep() {
		drafts.write(this.ticket, {
			text: this.text,
			files: this.attachments.saved(),
			request_id: this.request_id,
		});
	}

	_take_up_draft() {
		this._drafted = this.ticket;
		drafts.forget_old();
		const draft = drafts.read(this.ticket);
		this.attachments.restore(draft?.files || []);
		this.text = draft?.text || "";
		this.request_id = draft?.request_id || "";
		this.counted = this.meanwhile = null;
		this.problem = "";
		if (this.text) this._counting = setTimeout(() => this._count_now(), COUNT_AFTER_MS);
	}

	// Sending ---------------------------------------------------------------------------------------

	_look_for_colleagues(before) {
		const { newest, messages } = this.state;
		this._seen = newest;
		const same_ticket = before?.ticket?.name === this.state.ticket.name;
		if (!same_ticket || before.newest === newest || !this.text || this.sending) return;
		const known = new Set(before.messages.map(({ name }) => name));
		const theirs = messages.filter(
			(message) =>
				!known.has(message.name) &&
				message.direction === "Outbound" &&
				!message.automatic &&
				message.sent_by !== this.host.user,
		);
		const last = theirs[theirs.length - 1];
		if (last) this.meanwhile = { what: __("{0} has just answered: {1}", [last.by, last.body || __("(a file)")]) };
	}

	_answered_meanwhile() {
		return html`<div role="alert" data-testid="meanwhile">
			${this.meanwhile
				? html`<div class="notice wait">
						<span>${this.meanwhile.what}</span>
						<span class="actions">
							${this.meanwhile.refused
								? html`<button type="button" data-testid="send-anyway" ?disabled=${this.sending} @click=${this._send_anyway}>
										${__("Send Anyway")}
									</button>`
								: nothing}
							<button type="button" class="quiet" data-testid="meanwhile-close" @click=${this._close_meanwhile}>
								${this.meanwhile.refused ? __("Keep Writing") : __("OK")}
							</button>
						</span>
					</div>`
				: nothing}
		</div>`;
	}

	_close_meanwhile() {
		this.meanwhile = null;
		this.focus();
	}

	async _send_anyway() {
		this.meanwhile = null;
		await this._send();
	}

	_key(event) {
		if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
		event.preventDefault();
		event.stopPropagation();
		this._send();
	}

	_submit(event) {
		event.preventDefault();
		this._send();
	}

	async _send() {
		const has_something = this.text.trim() || this.attachments.items.length;
		if (this.sending || !this.state?.can_text || !has_something || this._too_long) return;
		this.sending = true;
		this.problem = "";
		try {
			await this.attachments.settled();
			if (this.attachments.failed) {
				this.problem = __("A file was not uploaded. Try it again, or remove it, then send the text.");
				return;
			}
			// Should the answer get lost, pressing again sends nothing twice, after a reload neither.
			this.request_id ||= new_id();
			this._keep();
			const sent = await this.host.call("reply", {
				ticket: this.ticket,
				message: this.text,
				attachments: this.attachments.names,
				request_id: this.request_id,
				seen: this._seen || "",
			});
			this._clear();
			this.announced = __("The text is on its way.");
			this.emit("sent", sent);
			this.store.load();
		} catch (error) {
			await this._not_sent(error);
		} finally {
			this.sending = false;
		}
		await this.updateComplete;
		this.focus();
	}

	async _not_sent(error) {
		if (error.exc_type !== "AnsweredMeanwhile") {
			this.problem = error.message;
			return;
		}
		// From now on the colleague's words have been seen.
		await this.store.load();
		this.meanwhile = { what: error.message, refused: true };
	}

	_clear() {
		this.text = "";
		this.request_id = "";
		this.counted = this.meanwhile = null;
		this.attachments.clear();
		drafts.forget(this.ticket);
	}

	_grow() {
		const body = this._body;
		if (!body) return;
		body.style.height = "auto";
		body.style.height = `${Math.min(TALLEST_PX, body.scrollHeight)}px`;
	}
}

function carries_files(event) {
	return [...(event.dataTransfer?.types || [])].includes("Files");
}

// crypto.randomUUID is not there on sites without HTTPS.
function new_id() {
	return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

define("twilio-sms-composer", Composer);
