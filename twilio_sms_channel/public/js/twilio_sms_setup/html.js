// Small pieces of the page.

export const esc = (text) => frappe.utils.escape_html(text ?? "");

export function input_html(name, label, help = "", type = "text") {
	return `<div class="form-group">
		<label for="setup-${name}">${label}</label>
		<input class="form-control input-sm" id="setup-${name}" name="${name}" type="${type}" autocomplete="off"
			spellcheck="false" aria-describedby="setup-${name}-problem setup-${name}-help">
		<p class="problem" id="setup-${name}-problem" role="alert" hidden></p>
		<p class="help-box text-muted" id="setup-${name}-help">${help}</p></div>`;
}

export function select_html(name, label, options, help = "") {
	const option = ([value, words]) => `<option value="${esc(value)}">${esc(words)}</option>`;
	return `<div class="form-group">
		<label for="setup-${name}">${label}</label>
		<select class="form-control input-sm" id="setup-${name}" name="${name}"
			aria-describedby="setup-${name}-problem setup-${name}-help">${options.map(option).join("")}</select>
		<p class="problem" id="setup-${name}-problem" role="alert" hidden></p>
		<p class="help-box text-muted" id="setup-${name}-help">${help}</p></div>`;
}

// What is wrong with a field, said at the field; "" when nothing is. The cursor goes there.
export function mark_field($form, name, problem) {
	const $input = $form.find(`[name=${name}]`);
	if (problem) $input.closest("details").prop("open", true);
	$input.attr("aria-invalid", problem ? "true" : null);
	$input.closest(".form-group").toggleClass("has-error", Boolean(problem));
	$form.find(`#setup-${name}-problem`).text(problem).prop("hidden", !problem);
	if (problem) $input.trigger("focus");
}

// The server's words in an answer that refuses, without their markup.
export function said_in(answer) {
	const messages = JSON.parse(answer?._server_messages || "[]").map((message) => JSON.parse(message).message);
	return messages.map((html) => new DOMParser().parseFromString(html, "text/html").body.textContent).join(" ");
}

// What to do while practice mode runs, with a link to its phones; "" while it does not.
export function practice_html(words) {
	const url = frappe.boot.twilio_sms?.practice_url;
	if (!url) return "";
	return `<div class="note">${words} <a href="${esc(url)}" target="_blank" rel="noopener">${__("Open the phones")}</a></div>`;
}

export function make_control(parent, df) {
	const control = frappe.ui.form.make_control({ parent, df, render_input: true });
	// Not every Frappe ties a label to its input.
	control.$input?.attr("aria-label", df.label);
	return control;
}

export function urls_html({ webhook, fallback, method }) {
	const row = (label, url) => `<dt>${label}</dt><dd><code>${esc(url)}</code></dd>`;
	return `<p>${__("Enter these in the Twilio console, at the number under Messaging:")}</p>
		<dl class="urls">
			${row(__("Webhook, method {0}", [esc(method)]), webhook)}
			${row(__("Fallback, method {0}", [esc(method)]), fallback)}
		</dl>`;
}
