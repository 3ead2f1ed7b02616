// Small pieces of the page.

export const esc = (text) => frappe.utils.escape_html(text ?? "");

export function input_html(name, label, help = "", type = "text") {
	return `<div class="form-group">
		<label for="setup-${name}">${label}</label>
		<input class="form-control input-sm" id="setup-${name}" name="${name}" type="${type}" autocomplete="off"
			spellcheck="false" aria-describedby="setup-${name}-help">
		<p class="help-box text-muted" id="setup-${name}-help">${help}</p></div>`;
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
