frappe.ui.form.on("Twilio SMS Message", {
	refresh(frm) {
		const { status, direction, communication } = frm.doc;
		const { error, can_retry, can_email, can_cancel, has_email } = frm.doc.__onload || {};
		const fits = (action) => !error || error.actions.includes(action);
		const call = (method, args = {}) =>
			frappe
				.call({
					method: `twilio_sms_channel.api.ticket.${method}`,
					args: { message: frm.doc.name, ...args },
					freeze: true,
				})
				.then(() => frm.reload_doc());
		const open = (label, action) => frm.add_custom_button(label, action, __("Go To"));
		const button = (label, method, args) => frm.add_custom_button(label, () => call(method, args));
		const ask_address = () =>
			frappe.prompt(
				{ fieldname: "email", fieldtype: "Data", options: "Email", reqd: 1, label: __("The customer's e-mail address") },
				({ email }) => call("send_as_email", { email }),
				__("Send as E-mail"),
				__("Add and Send"),
			);
		if (direction === "Outbound") {
			if (can_retry && fits("retry")) button(__("Send Again"), "retry");
			if (error?.actions.includes("link")) button(__("Send as Link"), "retry", { as_links: 1 });
			if (communication && can_email && fits("email")) {
				if (has_email) button(__("Send as E-mail"), "send_as_email");
				else frm.add_custom_button(__("Send as E-mail"), ask_address);
			}
			if (can_cancel) button(__("Cancel Message"), "cancel");
		} else if (status === "Failed" || (frm.doc.media || []).some((row) => row.status === "Failed")) {
			button(__("Try Again"), "retry");
		}
		if (error) {
			frm.events.show_error(frm, error);
			const settings_of = (doctype, name) => () => frappe.set_route("Form", doctype, name);
			if (error.actions.includes("number")) {
				open(__("Number's Settings"), settings_of("Twilio SMS Number", frm.doc.number));
			}
			if (error.actions.includes("account")) {
				open(__("Account's Settings"), settings_of("Twilio SMS Account", frm.doc.account));
			}
		}
		if (frm.doc.__onload?.exchanges) {
			open(__("Exchanges With Twilio"), () => {
				frappe.route_options = { message: frm.doc.name };
				frappe.set_route("List", "Twilio SMS Exchange");
			});
		}
		if (communication) {
			open(__("Ticket"), async () => {
				const { message } = await frappe.db.get_value("Communication", communication, [
					"reference_doctype",
					"reference_name",
				]);
				frappe.set_route("Form", message.reference_doctype, message.reference_name);
			});
		}
	},

	show_error(frm, { code, what, do: todo, who, link }) {
		const escape = frappe.utils.escape_html;
		const lines = [`<b>${escape(what)}</b> ${escape(todo)}`];
		if (who) lines.push(__("Who can fix it: {0}", [__(who)]));
		if (link) {
			lines.push(
				`<a href="${encodeURI(link)}" target="_blank" rel="noopener" style="text-decoration: underline">${__("Twilio on error {0}", [
					escape(code),
				])}</a>`,
			);
		}
		frm.set_intro(lines.join("<br>"), ["Queued", "Unconfirmed", "Accepted"].includes(frm.doc.status) ? "orange" : "red");
	},
});
