// {% include "twilio_sms_channel/public/js/disconnect.js" %}
frappe.ui.form.on("Twilio SMS Number", {
	refresh(frm) {
		if (frm.is_new()) return;
		if (frm.doc.__onload?.copy) frm.set_intro(frappe.utils.escape_html(frm.doc.__onload.copy), "red");
		frm.add_custom_button(__("Check Everything"), async () => {
			await frappe.require("twilio_sms_doctor.bundle.js");
			twilio_sms_doctor.open({ number: frm.doc.name });
		});
		if (frm.doc.disconnected_on) {
			frm.dashboard.set_headline_alert(
				__("This number is disconnected. To use it again, tick Enabled, save, and set its webhook."),
				"orange",
			);
		}
		if (frm.doc.released_on) {
			frm.dashboard.set_headline_alert(
				__("This number is no longer in the Twilio account. It can neither send nor receive."),
				"red",
			);
		}
		// In one menu: a row of buttons would push the number itself away.
		const at_twilio = (label, action) => frm.add_custom_button(label, action, "Twilio");
		if (frm.doc.number_type !== "Alphanumeric Sender") {
			at_twilio(__("Set Webhook"), () => frm.events.set_webhook(frm, false));
			at_twilio(__("Webhook at Twilio"), () => frm.events.look_at_webhook(frm));
			at_twilio(__("Compare With Twilio"), () => frm.events.compare(frm));
		}
		if (!frm.doc.disconnected_on) {
			at_twilio(__("Disconnect"), () => twilio_sms_disconnect(frm, { number: frm.doc.name }));
		}
	},

	onload(frm) {
		frappe.realtime.off("twilio_sms_compared");
		frappe.realtime.on("twilio_sms_compared", ({ number, result, error }) => {
			frappe.show_alert(
				{ message: frappe.utils.escape_html(`${number}: ${result}`), indicator: error ? "red" : "green" },
				10,
			);
			if (frm.doc.name === number) frm.reload_doc();
		});
	},

	compare(frm) {
		frappe.prompt(
			{
				fieldname: "since",
				fieldtype: "Date",
				label: __("From"),
				reqd: 1,
				default: frappe.datetime.add_days(frappe.datetime.nowdate(), -1),
				description: __("Messages in Twilio's list since then that are not here are taken in, each into its ticket."),
			},
			({ since }) =>
				frappe
					.call("twilio_sms_channel.api.setup.backfill", { number: frm.doc.name, since })
					.then(() =>
						frappe.show_alert({
							message: __("Comparing in the background. You are told when it is done."),
							indicator: "blue",
						}),
					),
			__("Compare With Twilio's List"),
			__("Compare"),
		);
	},

	async set_webhook(frm, replace) {
		const said = await ask_twilio(frm, "configure_webhooks", { replace: replace ? 1 : 0 });
		if (said.problem) return show_webhook(frm, said);
		if (said.replaced) {
			frappe.show_alert({ message: __("Twilio now posts messages to this site."), indicator: "green" });
			return frm.reload_doc();
		}
		frappe.confirm(
			[
				`<p>${frappe.utils.escape_html(said.words)}</p>`,
				`<p>${__("Post them to this site instead? The current webhook is remembered, and can be put back.")}</p>`,
			].join(""),
			() => frm.events.set_webhook(frm, true),
			() => frm.reload_doc(),
		);
	},

	async look_at_webhook(frm) {
		show_webhook(frm, await ask_twilio(frm, "look_at_webhook"));
	},

	async restore_webhook(frm) {
		const said = await ask_twilio(frm, "restore_webhook");
		if (said.problem) return show_webhook(frm, said);
		frappe.show_alert({ message: frappe.utils.escape_html(said.words), indicator: "green" });
		frm.reload_doc();
	},
});

async function ask_twilio(frm, endpoint, args = {}) {
	const { message } = await frm.call({
		method: `twilio_sms_channel.api.setup.${endpoint}`,
		args: { number: frm.doc.name, ...args },
		freeze: true,
		freeze_message: __("Asking Twilio…"),
	});
	return message;
}

// What stands at Twilio now, what to enter there by hand, and what stood there before.
function show_webhook(frm, { words, problem, copy, previous }) {
	// Frappe's colour of code is hard to read in the dark.
	const code = (url) => `<code style="color: inherit">${frappe.utils.escape_html(url)}</code>`;
	const row = (label, value) => `
		<dt>${label}</dt>
		<dd style="overflow-wrap: anywhere">${code(value)}
			<button class="btn btn-xs btn-default" data-copy="${frappe.utils.escape_html(value)}">${__("Copy")}</button></dd>`;
	const dialog = new frappe.ui.Dialog({
		title: __("Webhook at Twilio"),
		fields: [{ fieldtype: "HTML", fieldname: "about" }],
	});
	dialog.fields_dict.about.$wrapper.html(`
		<p>${frappe.utils.escape_html(problem || words)}</p>
		<p>${__("To set it by hand in the Twilio console, at the number under Messaging:")}</p>
		<dl>
			${row(__("Webhook, method POST"), copy.webhook)}
			${row(__("Fallback, method POST"), copy.fallback)}
			${frm.doc.messaging_service_sid ? row(__("Delivery status callback of the Messaging Service"), copy.status_callback) : ""}
			${previous ? `<dt>${__("Before this site took over")}</dt><dd>${code(previous)}</dd>` : ""}
		</dl>`);
	dialog.$body.on("click", "[data-copy]", ({ currentTarget }) =>
		frappe.utils.copy_to_clipboard(currentTarget.dataset.copy),
	);
	if (previous) {
		dialog.set_primary_action(__("Put Back What Was There Before"), () => {
			dialog.hide();
			frm.events.restore_webhook(frm);
		});
	}
	dialog.onhide = () => frm.reload_doc();
	dialog.show();
}
