// The box in which an agent writes a message: words, files, emoji, saved replies, and what it will take to send.
//
// Emits `sent` with what `api.ticket.reply` answered.

import { html, nothing } from "lit";
import { live } from "lit/directives/live.js";

import { Attachments } from "./attachments.js";
import { FileDrop, file_list } from "./composer_files.js";
import { composer_notices } from "./composer_notices.js";
import { composer_styles } from "./composer_styles.js";
import { Counter, ending_remark } from "./counter.js";
import * as drafts from "./drafts.js";
import { TicketElement, __, define } from "./element.js";
import { InsertMenu } from "./insert_menu.js";
import { answer_of_colleague, meanwhile_notice } from "./meanwhile.js";
import { unicode_notice } from "./unicode_notice.js";
import { attach_button, inserted, is_on_its_way, writing } from "./writing.js";

const ANNOUNCE_AFTER_MS = 1500;
const TALLEST_PX = 260;

class Composer extends TicketElement {
	static properties = {
		...writing,
		// {message, from} of a colleague who wrote while this message was being written
		meanwhile: { state: true },
		announced: { state: true },
	};

	static styles = [TicketElement.styles, composer_styles];

	constructor() {
		super();
		this.text = this.problem = this.announced = this.request_id = "";
		this.sending = false;
		this.meanwhile = null;
		this.attachments = new Attachments(this, () => this._changed());
		this.counter = new Counter(this, { about: () => ({ ticket: this.ticket }), done: () => this._announce_soon() });
		this.insert_menu = new InsertMenu(this, () => this._keep());
		this.file_drop = new FileDrop(this, {
			is_open: () => Boolean(this.state?.can_text) && !is_on_its_way(this),
			dropped: (files) => this._attach(files),
		});
	}

	connectedCallback() {
		super.connectedCallback();
		this.file_drop.listen();
	}

	disconnectedCallback() {
		super.disconnectedCallback();
		this.file_drop.stop();
		this.counter.stop();
		clearTimeout(this._announcing);
	}

	willUpdate(changed) {
		super.willUpdate(changed);
		if (this.ticket && this._drafted !== this._named) this._take_up_draft();
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
		this._write(inserted(body, text, apart));
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
			${composer_notices(state)}
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
			class=${this.file_drop.is_near ? "dragging" : ""}
			data-testid="composer"
			aria-label=${__("Message to the customer")}
			aria-busy=${this.sending}
			@submit=${this._submit}
			@dragover=${(event) => this.file_drop.over(event)}
			@drop=${(event) => this.file_drop.drop(event)}
		>
			<label class="unseen" for="body">${__("Message to {0}", [this.state.customer])}</label>
			<textarea
				id="body"
				data-testid="body"
				rows="2"
				dir="auto"
				placeholder=${__("Write a message…")}
				aria-describedby="count problem"
				aria-keyshortcuts="Control+Enter"
				?disabled=${blocked}
				?readonly=${this.sending}
				.value=${live(this.text)}
				@input=${(event) => this._write(event.target.value)}
				@keydown=${this._key}
				@paste=${this._paste}
			></textarea>
			${ending_remark(this)} ${this._files()} ${this._unicode_notice()} ${this._answered_meanwhile()}
			<div id="problem" role="alert" data-testid="problem">
				${this.problem ? html`<div class="notice bad">${this.problem}</div>` : nothing}
			</div>
			<div class="bar">
				<span class="tools">${this._tools(blocked || is_on_its_way(this))}</span>
				<span class="count ${this.counter.is_too_long ? "bad" : ""}" id="count" data-testid="count">${this._count()}</span>
				<button
					class="primary"
					type="submit"
					data-testid="send"
					title=${__("Ctrl+Enter")}
					?disabled=${blocked || this.sending || idle || this.counter.is_too_long}
				>
					${this._send_label()}
				</button>
			</div>
			<div class="drop" aria-hidden="true" data-testid="drop" ?hidden=${!this.file_drop.is_near}>
				${__("Drop files here to attach them")}
			</div>
			<div class="unseen" role="status" data-testid="announced">${this.announced}</div>
			${this.insert_menu.picker()}
		</form>`;
	}

	_send_label() {
		if (!this.sending) return __("Send SMS");
		return this.attachments.uploading ? __("Uploading…") : __("Sending…");
	}

	// Attachments -----------------------------------------------------------------------------------

	_files() {
		return file_list(this.attachments, this.state.limits, {
			retry: (item) => this.attachments.retry(item, this.ticket),
			remove: (item) => this._remove(item),
			redraw: () => this.requestUpdate(),
			locked: is_on_its_way(this),
		});
	}

	_remove(item) {
		this.attachments.remove(item);
		this.focus();
	}

	_attach(files) {
		if (!files.length || is_on_its_way(this)) return;
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

	_tools(locked) {
		const { no_files, others, types = [], endings = [] } = this.state.limits;
		const attach = attach_button({
			chosen: (files) => this._attach(files),
			accept: others === "Refuse" ? [...types, ...endings.map((ending) => `.${ending}`)].join(",") : "",
			disabled: locked || Boolean(no_files),
			title: no_files || undefined,
		});
		return html`${attach} ${this.insert_menu.buttons(locked)}`;
	}

	// What it will take -----------------------------------------------------------------------------

	_count() {
		const { cost } = this.state;
		const said = this._said_of_count();
		return html`${said}${cost
			? html`${said ? " · " : ""}<span data-testid="cost" title=${__("What this conversation has cost so far, as far as Twilio has told")}
						>${__("{0} so far", [cost.text])}</span
					>`
			: nothing}`;
	}

	// Such a message is billed as one, whatever its length.
	get _is_mms() {
		return this.attachments.items.some((item) => !item.as_link);
	}

	_said_of_count() {
		const { counted, excess } = this.counter;
		if (!this.text || !counted?.characters) return "";
		return excess || [this.counter.length(this._is_mms), this.counter.cost(this._is_mms)].filter(Boolean).join(" · ");
	}

	_unicode_notice() {
		return this._is_mms ? nothing : unicode_notice(this.text, this.counter.counted, (text) => this._replace_all(text));
	}

	_replace_all(text) {
		this._write(text);
		this.focus();
		this.counter.count();
	}

	_write(text) {
		this.text = text;
		this._changed();
		this.counter.count_soon();
	}

	_announce_soon() {
		clearTimeout(this._announcing);
		this._announcing = setTimeout(() => (this.announced = this._said_of_count()), ANNOUNCE_AFTER_MS);
	}

	// Another message than the one that was tried to be sent, so another request.
	_changed() {
		this.request_id = "";
		this.problem = "";
		this._keep();
	}

	_keep() {
		drafts.write(this.ticket_doctype, this.ticket, {
			text: this.text,
			files: this.attachments.saved(),
			actions: this.insert_menu.actions,
			request_id: this.request_id,
		});
	}

	get _named() {
		return `${this.ticket_doctype}:${this.ticket}`;
	}

	_take_up_draft() {
		this._drafted = this._named;
		drafts.forget_old();
		const draft = drafts.read(this.ticket_doctype, this.ticket);
		this.attachments.restore(draft?.files || []);
		this.text = draft?.text || "";
		this.request_id = draft?.request_id || "";
		this.counter.reset();
		this.meanwhile = null;
		this.problem = "";
		this.insert_menu.actions = draft?.actions || [];
		if (this.text) this.counter.count_soon();
	}

	// Sending ---------------------------------------------------------------------------------------

	_look_for_colleagues(before) {
		const { newest, ticket } = this.state;
		this._seen = newest;
		if (before?.ticket?.name !== ticket.name || before.newest === newest || !this.text || this.sending) return;
		this.meanwhile = answer_of_colleague(before, this.state, this.host.user) || this.meanwhile;
	}

	_answered_meanwhile() {
		return meanwhile_notice(this.meanwhile, {
			sending: this.sending,
			send_anyway: () => this._send_anyway(),
			close: () => this._close_meanwhile(),
		});
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
		if (this.sending || !this.state?.can_text || !has_something || this.counter.is_too_long) return;
		this.sending = true;
		this.problem = "";
		try {
			await this.attachments.settled();
			if (this.attachments.failed) {
				this.problem = __("A file was not uploaded. Try it again, or remove it, then send the message.");
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
			this.insert_menu.apply(this.ticket);
			this.announced = __("The message is on its way.");
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
		this.counter.reset();
		this.meanwhile = null;
		this.attachments.clear();
		drafts.forget(this.ticket_doctype, this.ticket);
	}

	_grow() {
		const body = this._body;
		if (!body) return;
		body.style.height = "auto";
		body.style.height = `${Math.min(TALLEST_PX, body.scrollHeight)}px`;
	}
}

// crypto.randomUUID is not there on sites without HTTPS.
function new_id() {
	return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

define("twilio-sms-composer", Composer);
