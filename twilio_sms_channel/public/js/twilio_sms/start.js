// Texts somebody first: whom, from which number of ours, into which ticket, and what.
//
// Emits `started` with what `api.ticket.start` answered.

import { html, nothing } from "lit";

import { Attachments, size } from "./attachments.js";
import { Counter, ending_remark } from "./counter.js";
import { TwilioElement, __, define, segments_of } from "./element.js";
import { InsertMenu } from "./insert_menu.js";
import { LineLookup } from "./line_lookup.js";
import { PeopleSearch } from "./people_search.js";
import { barred, in_list, note } from "./start_senders.js";
import { start_styles } from "./start_styles.js";
import { store } from "./store.js";
import { attach_button, inserted, is_on_its_way, remove_button, writing } from "./writing.js";

const ASK_AFTER_MS = 400;
// What else can go along depends on number and customer: the server says so.
const LIMITS = { files: 10, bytes: 5 * 1024 ** 2, types: [], others: "" };

class Start extends TwilioElement {
	static properties = {
		...writing,
		// an e-mail ticket that is to reply by SMS
		ticket: { type: String },
		// name of the Contact to text
		contact: { type: String },
		// the contact that was found by name: {contact, name}
		person: { state: true },
		// the phone number to begin with, in any spelling
		to: { type: String },
		// what the customer's numbers may be: [{number, display}]
		numbers: { attribute: false },
		ours: { state: true },
		from: { state: true },
		subject: { state: true },
		asking: { state: true },
		// what is wrong with the number to text
		doubt: { state: true },
		// whether the customer may want no more messages, which whoever texts them has to decide
		may_want_to_stop: { state: true },
	};

	static styles = [TwilioElement.styles, start_styles];

	constructor() {
		super();
		this.ticket = this.contact = this.to = this.from = this.text = this.subject = this.doubt = this.problem = "";
		this.numbers = [];
		this.ours = this.request_id = this.person = null;
		this.asking = this.sending = this.may_want_to_stop = false;
		this.attachments = new Attachments(this, () => this._change({}));
		this.counter = new Counter(this, { about: () => ({ number: this.chosen?.number, to: this.to.trim() }) });
		this.insert_menu = new InsertMenu(this);
		this.line_lookup = new LineLookup(this, {
			about: () => ({ to: this.to.trim(), number: this.chosen.number }),
			done: () => this._ask(),
		});
		this.people_search = new PeopleSearch(this, (person) => this._found(person));
	}

	connectedCallback() {
		super.connectedCallback();
		this._begin();
	}

	disconnectedCallback() {
		super.disconnectedCallback();
		clearTimeout(this._asking_soon);
		this.people_search.close();
		this.counter.stop();
	}

	async _begin() {
		if (this.ticket && !this.numbers?.length) {
			this.numbers = (await store(this.ticket, this.ticket_doctype).load())?.can_start || [];
		}
		this.to ||= this.numbers?.[0]?.display || "";
		this._ask();
	}

	focus() {
		this.part_named(this.to ? "body" : "to")?.focus();
	}

	render() {
		const { chosen } = this;
		const why_not = this.doubt || chosen?.why_not;
		const ready = this.to.trim() && this._something && chosen && !why_not && !this.asking && !this.counter.is_too_long;
		return html`<form
			data-testid="start"
			aria-label=${__("New SMS conversation")}
			aria-busy=${this.sending}
			@submit=${this._submit}
			@keydown=${this._key}
		>
			${this._recipient()} ${this._reach()}
			${this._senders()} ${this._where_to()}
			<label>
				<span class="name">${__("Message")}</span>
				<textarea
					data-testid="body"
					rows="4"
					dir="auto"
					placeholder=${__("Write a message…")}
					aria-describedby="count"
					aria-keyshortcuts="Control+Enter"
					?readonly=${this.sending}
					.value=${this.text}
					@input=${(event) => this._write(event.target.value)}
				></textarea>
			</label>
			${ending_remark(this)} ${this._files()}
			<div role="alert" data-testid="problem">
				${this.problem
					? html`<div class="notice bad"><span>${this.problem}</span>${this.may_want_to_stop
								? html`<button type="button" data-testid="text-all-the-same" @click=${(event) => this._submit(event, true)}>
										${__("Keep Texting")}
									</button>`
								: nothing}
						</div>`
					: nothing}
			</div>
			<div class="bar">
				${attach_button({
					chosen: (files) => this.attachments.add(files, this.ticket, LIMITS),
					disabled: is_on_its_way(this),
				})}
				${this.insert_menu.buttons(is_on_its_way(this))}
				<span id="count" class="count ${this.counter.is_too_long ? "bad" : ""}" data-testid="count">${this._count()}</span>
				<button class="primary" data-testid="send" ?disabled=${!ready || this.sending}>
					${this.sending ? __("Sending…") : __("Send SMS")}
				</button>
			</div>
			${this.insert_menu.picker()}
		</form>`;
	}

	_recipient() {
		const { to, doubt, numbers } = this;
		return html`<div class="field">
			${this.people_search.field({ to, doubt, numbers: numbers || [], typed: (text) => this._typed(text) })}
			${this.person ? html`<bdi class="count" data-testid="person">${this.person.name}</bdi>` : nothing}
			${this._read_as()}
			<span id="doubt" class="doubt" role="status" data-testid="doubt" ?hidden=${!doubt}>${doubt}</span>
		</div>`;
	}

	// A number without its country code is read as in the country of the number that texts it.
	_read_as() {
		const digits = (number) => number.replace(/[^0-9]/g, "");
		const read = this.asking || this.doubt ? "" : this.chosen?.to;
		if (!read || digits(read) === digits(this.to)) return nothing;
		return html`<span class="count" data-testid="read-as">${__("Goes to {0}", [read])}</span>`;
	}

	// The number of ours that is chosen, or proposed.
	get chosen() {
		return this.ours?.find(({ number }) => number === this.from) || this.ours?.[0];
	}

	_senders() {
		if (!this.ours) return nothing;
		if (!this.ours.length) {
			return html`<div class="notice bad" data-testid="no-numbers">
				<span>${__("There is no number to text from yet. An admin can add one under Twilio SMS Number.")}</span>
			</div>`;
		}
		const out = this.ours.filter(({ why_not }) => why_not);
		const usable = out.length < this.ours.length;
		return html`<div class="field">
			<label>
				<span class="name">${__("From")}</span>
				<select data-testid="from" @change=${(event) => this._choose(event.target.value)}>
					${this.ours.map(
						(row) =>
							html`<option
								value=${row.number}
								?selected=${row.number === this.chosen.number}
								?disabled=${usable && row.why_not}
							>
								${in_list(row, row.number === this.chosen.number)}
							</option>`,
					)}
				</select>
			</label>
			${this.doubt ? nothing : note(this.chosen, this.attachments.items.length)} ${usable ? barred(out) : nothing}
		</div>`;
	}

	// Whether messages get to the customer's number, as far as is known.
	_reach() {
		const { chosen } = this;
		if (!chosen || chosen.why_not || this.doubt || this.asking || !chosen.to) return nothing;
		return chosen.unreachable ? this.line_lookup.doubt(chosen) : this.line_lookup.offer(chosen);
	}

	// Where the message goes, or why it cannot, before anything is typed.
	_where_to() {
		const { chosen } = this;
		if (!chosen || this.doubt || !this.to.trim()) return nothing;
		if (chosen.why_not) {
			return html`<div class="notice bad" role="status" data-testid="why-not"><span>${chosen.why_not}</span></div>`;
		}
		if (this.ticket) {
			return html`<div class="notice info" role="status" data-testid="goes-into">
				<span>${__("This ticket replies by SMS from then on. Its e-mail address stays, and you can switch back.")}</span>
			</div>`;
		}
		if (chosen.continues) {
			const { ticket, ticket_doctype, subject } = chosen.continues;
			return html`<div class="notice info" role="status" data-testid="goes-into">
				<span>${__("Goes into ticket {0}, which is open: {1}", [ticket, subject])}</span>
				<button
					type="button"
					class="link"
					data-testid="open-ticket"
					@click=${() => this.host.open_ticket(ticket, ticket_doctype)}
				>
					${__("Open Ticket")}
				</button>
			</div>`;
		}
		return html`<label>
			<span class="name">${__("Subject of the new ticket (optional)")}</span>
			<input
				data-testid="subject"
				maxlength="140"
				dir="auto"
				placeholder=${__("The message's first line")}
				.value=${this.subject}
				@input=${(event) => this._change({ subject: event.target.value })}
			/>
		</label>`;
	}

	_files() {
		const { items, refusals } = this.attachments;
		return html`<div role="alert" data-testid="refused" ?hidden=${!refusals.length}>
				${refusals.map((refusal) => html`<div class="notice bad"><span>${refusal}</span></div>`)}
			</div>
			<ul class="files" data-testid="files" aria-label=${__("Attached files")} ?hidden=${!items.length}>
				${items.map(
					(item) => html`<li>
						<bdi>${item.file_name}</bdi>
						<span class=${item.error ? "doubt" : "count"}>${item.error || size(item.file_size)}</span>
						${remove_button(item, () => this.attachments.remove(item), is_on_its_way(this))}
					</li>`,
				)}
			</ul>`;
	}

	get _something() {
		return Boolean(this.text.trim() || this.attachments.items.length);
	}

	_count() {
		const { counted, excess } = this.counter;
		if (!this.text || !counted?.characters) return "";
		const cost = this.counter.cost(Boolean(this.attachments.items.length));
		return excess || [segments_of(counted.segments), cost].filter(Boolean).join(" · ");
	}

	// What another request would be about: the same one may be repeated without texting twice.
	_change(values) {
		this.request_id = null;
		this.problem = "";
		Object.assign(this, values);
	}

	// For the page around: put words where the cursor is.
	insert(text, apart = false) {
		const body = this.part_named("body");
		this._write(inserted(body, text, apart));
		body.focus();
	}

	_typed(to) {
		if (this.person) Object.assign(this, { person: null, numbers: [] });
		if (!PeopleSearch.is_name(to)) {
			this.people_search.close();
			return this._address(to);
		}
		clearTimeout(this._asking_soon);
		// Nothing can be sent to a name.
		this._change({ to, doubt: "", asking: true });
		this.people_search.search_soon(to);
	}

	_found({ contact, name, display, numbers }) {
		Object.assign(this, { person: { contact, name }, numbers });
		this._address(display);
	}

	_address(to) {
		this._change({ to, doubt: "", asking: true });
		clearTimeout(this._asking_soon);
		this._asking_soon = setTimeout(() => this._ask(), ASK_AFTER_MS);
	}

	_choose(from) {
		this._change({ from });
		this.counter.count_soon();
	}

	_write(text) {
		this._change({ text });
		this.counter.count_soon();
	}

	async _ask() {
		const { contact, ticket } = this;
		const to = this.to.trim();
		const files = this.attachments.items.length ? 1 : undefined;
		this.asking = true;
		this.line_lookup.forget();
		try {
			const ours = await this.host.call("numbers", { to: to || undefined, ticket: ticket || undefined, files }, { get: true });
			if (to !== this.to.trim() || contact !== this.contact) return;
			this.ours = ours;
			this.doubt = "";
			this.counter.count_soon();
		} catch (error) {
			if (to !== this.to.trim()) return;
			this.doubt = error.message;
		}
		this.asking = false;
	}

	_key(event) {
		if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this._submit(event);
	}

	async _submit(event, confirmed = false) {
		event.preventDefault();
		if (this.part_named("send").disabled) return;
		this.sending = true;
		this.problem = "";
		this.may_want_to_stop = false;
		try {
			await this.attachments.settled();
			if (this.attachments.failed) throw new Error(__("A file was not uploaded. Remove it or attach it again."));
			// Should the answer get lost, pressing again sends nothing twice. Each upload that ends is a change.
			this.request_id ||= crypto.getRandomValues(new Uint32Array(4)).join("");
			const started = await this.host.call("start", {
				to: this.to.trim(),
				message: this.text,
				number: this.chosen.number,
				ticket: this.ticket || undefined,
				contact: this.person?.contact || this.contact || undefined,
				subject: this.subject.trim() || undefined,
				attachments: this.attachments.names,
				request_id: this.request_id,
				confirmed: confirmed ? 1 : undefined,
			});
			this.attachments.clear();
			this.counter.reset();
			this._change({ text: "", subject: "" });
			this.insert_menu.apply(started.ticket);
			this.emit("started", started);
		} catch (error) {
			this.problem = error.message;
			this.may_want_to_stop = error.exc_type === "MayWantToStop";
		}
		this.sending = false;
	}
}

define("twilio-sms-start", Start);
