// A search field over a list of things of which one is picked: emoji, saved replies.
//
// The keyboard stays in the search field; the list is its listbox (WAI-ARIA's combobox pattern). It emits `picked`
// with the item, `query` with what is searched, and `closed` when it shall go away.

import { css, html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";

import { TwilioElement, __, define } from "./element.js";

const GAP_PX = 6;

class Picker extends TwilioElement {
	static properties = {
		label: { type: String },
		hint: { type: String },
		// [{key, name, text, group}]; null while they are being fetched
		items: { attribute: false },
		// 0 for a list of names, otherwise a grid of texts with so many in a row
		columns: { type: Number },
		error: { type: String },
		anchor: { attribute: false },
		query: { state: true },
		active: { state: true },
	};

	static styles = [
		TwilioElement.styles,
		css`
			:host {
				position: fixed;
				z-index: 1100;
				inset: auto;
				margin: 0;
				width: min(340px, calc(100vw - 16px));
				padding: 8px;
				border: 1px solid var(--line);
				border-radius: 10px;
				background: var(--surface-raised);
				color: var(--ink);
				box-shadow: var(--shadow);
				overflow: visible;
			}
			input {
				width: 100%;
			}
			.list {
				max-height: 240px;
				margin-top: 8px;
				overflow-y: auto;
				overscroll-behavior: contain;
			}
			.group-name {
				padding: 6px 4px 2px;
				font-size: 12px;
				color: var(--ink-muted);
			}
			.cells {
				display: grid;
				grid-template-columns: repeat(var(--columns, 1), minmax(0, 1fr));
			}
			[role="option"] {
				padding: 5px 8px;
				border-radius: 6px;
				cursor: pointer;
				overflow-wrap: anywhere;
			}
			.grid [role="option"] {
				padding: 3px 0;
				font-size: 20px;
				text-align: center;
				font-family: "Apple Color Emoji", "Segoe UI Emoji", "Noto Color Emoji", sans-serif;
			}
			[aria-selected="true"] {
				background: var(--surface-soft);
				outline: 2px solid var(--focus);
				outline-offset: -2px;
			}
			.foot {
				min-height: 20px;
				padding: 4px 4px 0;
				font-size: 12px;
				color: var(--ink-muted);
			}
			.foot.bad {
				color: var(--bad);
			}
		`,
	];

	constructor() {
		super();
		this.label = this.hint = this.error = this.query = "";
		this.items = null;
		this.columns = 0;
		this.active = 0;
		this.anchor = null;
		this._outside = (event) => {
			const path = event.composedPath();
			if (!path.includes(this) && !path.includes(this.anchor)) this._close(false);
		};
		this._place = () => this._place_at_anchor();
	}

	connectedCallback() {
		super.connectedCallback();
		this.setAttribute("role", "dialog");
		document.addEventListener("pointerdown", this._outside, true);
		window.addEventListener("resize", this._place);
		window.addEventListener("scroll", this._place, true);
	}

	disconnectedCallback() {
		super.disconnectedCallback();
		document.removeEventListener("pointerdown", this._outside, true);
		window.removeEventListener("resize", this._place);
		window.removeEventListener("scroll", this._place, true);
	}

	firstUpdated() {
		this.setAttribute("aria-label", this.label);
		// The top layer: nothing around the composer can clip it.
		if (this.showPopover) {
			this.popover = "manual";
			this.showPopover();
		}
		this._place_at_anchor();
		this.part_named("search").focus();
	}

	updated(changed) {
		if (changed.has("items")) this._place_at_anchor();
		if (changed.has("active")) {
			this.renderRoot.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
		}
	}

	get found() {
		const words = this.query.trim().toLowerCase();
		const items = this.items || [];
		return words && this.columns ? items.filter(({ name }) => name.toLowerCase().includes(words)) : items;
	}

	render() {
		const { found } = this;
		const groups = [...new Set(found.map(({ group }) => group))];
		const active = found[this.active];
		return html`<input
				data-testid="search"
				type="text"
				role="combobox"
				autocomplete="off"
				aria-label=${this.label}
				placeholder=${this.hint}
				aria-expanded="true"
				aria-controls="list"
				aria-autocomplete="list"
				aria-activedescendant=${active ? this._id(active) : nothing}
				.value=${this.query}
				@input=${this._search}
				@keydown=${this._key}
				@focusout=${(event) => event.relatedTarget && this._close(false)}
			/>
			<div
				class="list ${this.columns ? "grid" : ""}"
				id="list"
				role="listbox"
				aria-label=${this.label}
				style="--columns: ${this.columns || 1}"
				@pointerdown=${(event) => event.preventDefault()}
			>
				${groups.map(
					(group) => html`<div role="group" aria-label=${group || nothing}>
						${group ? html`<div class="group-name" aria-hidden="true">${group}</div>` : ""}
						<div class="cells" role="presentation">
							${repeat(
								found.filter((item) => item.group === group),
								({ key }) => key,
								(item) => this._option(item, item === active),
							)}
						</div>
					</div>`,
				)}
			</div>
			<div class="foot ${this.error ? "bad" : ""}" role=${this.error ? "alert" : "status"} data-testid="foot">
				${this.error || this._said(found, active)}
			</div>`;
	}

	_option(item, active) {
		return html`<div
			role="option"
			id=${this._id(item)}
			data-testid="option"
			aria-selected=${active}
			aria-label=${item.name}
			title=${this.columns ? item.name : nothing}
			@click=${() => this.emit_picked(item)}
			@pointermove=${() => (this.active = this.found.indexOf(item))}
		>
			${this.columns ? item.text : item.name}
		</div>`;
	}

	_said(found, active) {
		if (!this.items) return __("Loading…");
		if (!found.length) return __("Nothing found.");
		return this.columns && active ? active.name : "";
	}

	emit_picked(item) {
		this.emit("picked", item);
	}

	_search(event) {
		this.query = event.target.value;
		this.active = 0;
		this.emit("query", this.query);
	}

	_key(event) {
		const step = this._step(event.key);
		if (step) {
			const last = this.found.length - 1;
			this.active = Math.max(0, Math.min(last, this.active + step));
		} else if (event.key === "Enter") {
			const item = this.found[this.active];
			if (item) this.emit_picked(item);
		} else if (event.key === "Escape") {
			this._close(true);
		} else {
			return;
		}
		event.preventDefault();
		event.stopPropagation();
	}

	_step(key) {
		const row = this.columns || 1;
		const forward = getComputedStyle(this).direction === "rtl" ? -1 : 1;
		const steps = { ArrowDown: row, ArrowUp: -row };
		if (this.columns) Object.assign(steps, { ArrowRight: forward, ArrowLeft: -forward });
		return steps[key];
	}

	_close(give_focus_back) {
		this.emit("closed", { give_focus_back });
	}

	_id(item) {
		return `option-${this.items.indexOf(item)}`;
	}

	_place_at_anchor() {
		if (!this.anchor?.isConnected) return;
		const at = this.anchor.getBoundingClientRect();
		const own = this.getBoundingClientRect();
		const wanted = getComputedStyle(this).direction === "rtl" ? at.right - own.width : at.left;
		const above = at.top - own.height - GAP_PX;
		this.style.left = `${Math.max(8, Math.min(wanted, innerWidth - own.width - 8))}px`;
		this.style.top = `${above >= 8 ? above : Math.min(at.bottom + GAP_PX, innerHeight - own.height - 8)}px`;
	}
}

define("twilio-sms-picker", Picker);
