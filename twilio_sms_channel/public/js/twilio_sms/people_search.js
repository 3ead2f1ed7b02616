// Contacts by name, below the field in which an agent says whom to text. The keyboard stays in the field; the list is its
// listbox (WAI-ARIA's combobox pattern).

import { html, nothing } from "lit";

import { __ } from "./host.js";

const SEARCH_AFTER_MS = 250;

export class PeopleSearch {
	// `picked` gets {contact, name, number, display, numbers}.
	constructor(element, picked) {
		Object.assign(this, { element, picked, found: null, problem: "", active: 0 });
	}

	// Names have letters, phone numbers have none.
	static is_name(text) {
		return /\p{L}/u.test(text);
	}

	get is_open() {
		return Boolean(this.found?.length);
	}

	search_soon(query) {
		this.close();
		this._query = query;
		this._searching = setTimeout(() => this._search(query), SEARCH_AFTER_MS);
	}

	close() {
		clearTimeout(this._searching);
		this._query = null;
		if (this.found || this.problem) this._set({ found: null, problem: "" });
	}

	async _search(query) {
		try {
			const people = await this.element.host.call("people", { query: query.trim() }, { get: true });
			if (this._query !== query) return;
			const found = people.flatMap(({ numbers, ...person }) => numbers.map((number) => ({ ...person, ...number, numbers })));
			this._set({ found, active: 0, problem: found.length ? "" : __("No contact with a phone number has this name.") });
		} catch (error) {
			if (this._query === query) this._set({ found: null, problem: error.message });
		}
	}

	// A list that was left is there again, and a search that a dialog's own focus came into.
	_again(text, typed) {
		if (!this.found && !this.problem && PeopleSearch.is_name(text)) typed(text);
	}

	// Of the field: true when the key was for the list.
	key(event) {
		if (!this.is_open) return false;
		const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
		if (step) this._set({ active: (this.active + step + this.found.length) % this.found.length });
		else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) this._pick(this.found[this.active]);
		else if (event.key === "Escape") this.close();
		else return false;
		event.preventDefault();
		event.stopPropagation();
		return true;
	}

	// The field with its list below. `numbers` of somebody who is known: [{display}]; `typed(text)` hears what is typed.
	field({ to, doubt, numbers, typed }) {
		return html`<label>
				<span class="name">${__("To")}</span>
				<input
					type="text"
					data-testid="to"
					autocomplete="off"
					dir="auto"
					role="combobox"
					aria-autocomplete="list"
					aria-expanded=${this.is_open}
					aria-controls="people"
					aria-activedescendant=${this.is_open ? `person-${this.active}` : nothing}
					list=${numbers.length > 1 ? "numbers" : nothing}
					placeholder=${__("Name, or phone number such as +1 415 555 0132")}
					aria-describedby="doubt"
					aria-invalid=${Boolean(doubt)}
					.value=${to}
					@input=${(event) => typed(event.target.value)}
					@keydown=${(event) => this.key(event)}
					@blur=${() => this.is_open && this.close()}
					@focus=${(event) => this._again(event.target.value, typed)}
				/>
			</label>
			<datalist id="numbers">${numbers.map(({ display }) => html`<option value=${display}></option>`)}</datalist>
			${this.list()}`;
	}

	list() {
		if (this.problem) return html`<span class="count" role="status" data-testid="nobody">${this.problem}</span>`;
		return html`<ul class="people" id="people" role="listbox" aria-label=${__("Contacts")} ?hidden=${!this.is_open}>
			${(this.found || []).map((person, n) => this._option(person, n))}
		</ul>`;
	}

	_option(person, n) {
		return html`<li
			role="option"
			id=${`person-${n}`}
			data-testid="person-found"
			aria-selected=${n === this.active}
			@pointerdown=${(event) => event.preventDefault()}
			@pointermove=${() => n !== this.active && this._set({ active: n })}
			@click=${() => this._pick(person)}
		>
			<bdi>${person.name}</bdi> <bdi class="number">${person.display}</bdi>
		</li>`;
	}

	_pick(person) {
		this.close();
		this.picked(person);
	}

	_set(values) {
		Object.assign(this, values);
		this.element.requestUpdate();
	}
}
