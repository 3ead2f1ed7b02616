// What the two forms in which an agent writes a message have in common.

import { html } from "lit";

import { __ } from "./host.js";
import { icons } from "./icons.js";

// Reactive properties: the text, whether it is being sent, and why it was not.
export const writing = {
	text: { state: true },
	sending: { state: true },
	problem: { state: true },
};

// Whether what is written can no longer change. While files are still being uploaded, one that hangs can be taken off.
export function is_on_its_way({ sending, attachments }) {
	return sending && !attachments.uploading;
}

// A button that lets the user choose files.
export function attach_button({ chosen, accept = "", disabled = false, title = __("Attach Files") }) {
	const choose = (event) => event.currentTarget.previousElementSibling.click();
	return html`<input
			type="file"
			multiple
			hidden
			data-testid="file-input"
			accept=${accept}
			@change=${(event) => {
				chosen([...event.target.files]);
				event.target.value = "";
			}}
		/>
		<button
			type="button"
			class="quiet icon"
			data-testid="attach"
			aria-label=${__("Attach Files")}
			title=${title}
			?disabled=${disabled}
			@click=${choose}
		>
			${icons.attach}
		</button>`;
}

// A button that takes a file off again.
export function remove_button({ file_name }, remove, disabled = false) {
	return html`<button
		type="button"
		class="quiet icon"
		data-testid="remove"
		aria-label=${__("Remove {0}", [file_name])}
		title=${__("Remove")}
		?disabled=${disabled}
		@click=${remove}
	>
		${icons.close}
	</button>`;
}

// The words of a text field with others where its cursor is. `apart`: in lines of their own.
export function inserted(body, text, apart = false) {
	const { value, selectionStart: from, selectionEnd: to } = body;
	const before = apart && /\S$/.test(value.slice(0, from)) ? "\n" : "";
	const after = apart && /^\S/.test(value.slice(to)) ? "\n" : "";
	body.setRangeText(`${before}${text}${after}`, from, to, "end");
	return body.value;
}
