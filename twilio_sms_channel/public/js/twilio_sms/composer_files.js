// The files that go along with a message: how they are listed, and how they are dropped on the page.

import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";

import { size } from "./attachments.js";
import { __ } from "./host.js";
import { icons } from "./icons.js";
import { remove_button } from "./writing.js";

// `retry` and `remove` are called with the item, `redraw` after a picture turned out to be none. `locked`: none can be removed.
export function file_list(attachments, limits, { retry, remove, redraw, locked }) {
	const { items, refusals } = attachments;
	return html`<ul class="files" data-testid="files" aria-label=${__("Attached files")} ?hidden=${!items.length}>
			${repeat(items, ({ key }) => key, (item) => file(item, { retry, remove, redraw, locked }))}
		</ul>
		${attachments.will_be_scaled(limits)
			? html`<div class="remark" data-testid="scaled">
					${__("The pictures are made smaller, so that all files together have at most {0}.", [size(limits.bytes)])}
				</div>`
			: nothing}
		<div role="alert" data-testid="refused">
			${refusals.map((refusal) => html`<div class="notice bad">${refusal}</div>`)}
		</div>`;
}

function file(item, { retry, remove, redraw, locked }) {
	// Not every browser knows every type of picture.
	const cannot_be_shown = () => {
		item.picture = "";
		redraw();
	};
	return html`<li class=${item.error ? "bad" : ""} data-testid="file">
		${item.picture
			? html`<img src=${item.picture} alt="" data-testid="picture" @error=${cannot_be_shown} />`
			: html`<span class="kind">${icons.file}</span>`}
		<span class="about">
			<span class="name"><bdi>${item.file_name}</bdi></span>
			<span class="size" role=${item.error ? "alert" : nothing}>${about(item)}</span>
			${item.upload
				? html`<progress max="1" .value=${item.progress} aria-label=${__("Uploading {0}", [item.file_name])}></progress>`
				: nothing}
		</span>
		${item.error
			? html`<button type="button" @click=${() => retry(item)}>${__("Try Again")}</button>`
			: nothing}
		${remove_button(item, () => remove(item), locked)}
	</li>`;
}

function about(item) {
	if (item.error) return item.error;
	return item.as_link ? __("{0}, goes as a link", [size(item.file_size)]) : size(item.file_size);
}

// Shows where files can be dropped while the mouse carries some over the page.
export class FileDrop {
	// `is_open`: whether files are taken now. `dropped`: called with the files.
	constructor(element, { is_open, dropped }) {
		this.element = element;
		this.is_open = is_open;
		this.dropped = dropped;
		this.is_near = false;
		this._on_window_drag = (event) => this._set(event.type === "dragover" && this._takes(event));
	}

	listen() {
		for (const name of ["dragover", "drop", "dragend"]) window.addEventListener(name, this._on_window_drag);
		// The mouse with a file has left the window.
		document.documentElement.addEventListener("dragleave", this._on_window_drag);
	}

	stop() {
		for (const name of ["dragover", "drop", "dragend"]) window.removeEventListener(name, this._on_window_drag);
		document.documentElement.removeEventListener("dragleave", this._on_window_drag);
	}

	over(event) {
		if (!this._takes(event)) return;
		event.preventDefault();
		event.dataTransfer.dropEffect = "copy";
	}

	drop(event) {
		if (!this._takes(event)) return;
		event.preventDefault();
		this.dropped([...event.dataTransfer.files]);
	}

	_takes(event) {
		return this.is_open() && [...(event.dataTransfer?.types || [])].includes("Files");
	}

	_set(is_near) {
		if (is_near === this.is_near) return;
		this.is_near = is_near;
		this.element.requestUpdate();
	}
}
