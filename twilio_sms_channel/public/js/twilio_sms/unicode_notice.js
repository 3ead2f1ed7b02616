// The characters for which a segment takes 70 instead of 160, each with what can stand in its place.

import { html, nothing } from "lit";

import { __, segments_of } from "./element.js";

const MOST_CHIPS = 8;

// `counted`: what `api.ticket.preview` answered. `replace`: called with the text to write instead.
export function unicode_notice(text, counted, replace) {
	if (!text || !counted?.named?.length || counted.replaced) return nothing;
	const { named, plain } = counted;
	const more = named.length - MOST_CHIPS;
	return html`<div class="room" data-testid="room" role="group" aria-label=${__("These characters force Unicode")}>
		<span>${__("These characters force Unicode (70 characters per segment):")}</span>
		${named.slice(0, MOST_CHIPS).map((found) => chip(found, (by) => replace(text.replaceAll(found.character, by))))}
		${more > 0 ? html`<span>${__("and {0} more", [more])}</span>` : nothing}
		${plain
			? html`<button
					type="button"
					class="link"
					data-testid="plain"
					title=${plain.text}
					@click=${() => replace(plain.text)}
				>
					${__("Use plain characters ({0})", [segments_of(plain.segments)])}
				</button>`
			: nothing}
	</div>`;
}

function chip({ character, name, plain }, replace) {
	const words = html`<mark><bdi>${character}</bdi></mark> <span>${name}</span>`;
	if (plain === null) return html`<span class="chip" data-testid="chip">${words}</span>`;
	const label = plain.trim() ? __("Replace {0} with {1}", [name, plain]) : __("Replace {0} with a plain one, or nothing", [name]);
	return html`<button
		type="button"
		class="chip"
		data-testid="chip"
		title=${label}
		aria-label=${label}
		@click=${() => replace(plain)}
	>
		${words}
	</button>`;
}
