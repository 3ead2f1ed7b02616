// The dialog in Desk that starts an SMS conversation.

import { __, set_host } from "./host.js";
import { desk_host } from "./desk_host.js";
import { mount } from "./mount.js";

// `properties` are those of <twilio-sms-start>. Returns the dialog; the ticket opens when the message is on its way, which may
// be one of another DocType.
export function start_in_desk(ticket_doctype, properties = {}) {
	set_host(desk_host(ticket_doctype));
	const title = properties.ticket ? __("Text This Customer") : __("New SMS Conversation");
	const dialog = new frappe.ui.Dialog({ title });
	const start = mount(dialog.$body[0], "twilio-sms-start", { ticket_doctype, ...properties });
	start.style.padding = "4px 0 12px";
	start.addEventListener("started", ({ detail }) => {
		dialog.hide();
		const { ticket } = detail;
		const doctype = detail.ticket_doctype || ticket_doctype;
		// Desk has no other name for the form on the screen.
		const form = cur_frm; // nosemgrep
		if (form?.doctype === doctype && String(form.docname) === ticket) form.reload_doc();
		else frappe.set_route("Form", doctype, ticket);
	});
	dialog.on_page_show = () => start.focus();
	dialog.onhide = () => dialog.$wrapper.remove();
	dialog.show();
	return dialog;
}
