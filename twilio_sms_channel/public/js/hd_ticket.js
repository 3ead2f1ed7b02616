// The SMS conversation inside Desk's form of HD Ticket.

frappe.ui.form.on("HD Ticket", {
	async refresh(frm) {
		show_who_texted(frm);
		if (frm.is_new() || !frm.doc.twilio_sms_conversation) return;
		const ticket = String(frm.doc.name);
		await frappe.require("twilio_sms.bundle.js");
		if (String(frm.doc.name) !== ticket) return;
		twilio_sms.set_host(twilio_sms.desk_host(frm.doctype));
		// A refresh empties the dashboard: the same panel is put back, with all that is being done in it.
		if (frm.twilio_sms_panel?.ticket !== ticket) {
			frm.twilio_sms_panel = document.createElement("twilio-sms-panel");
			frm.twilio_sms_panel.ticket = ticket;
			frm.twilio_sms_panel.ticket_doctype = frm.doctype;
			frm.twilio_sms_panel.email_hint = __("Write with the e-mail button of this form, or switch back to SMS.");
			frm.twilio_sms_panel.addEventListener("channel-changed", () => frm.reload_doc());
		}
		frm.twilio_sms_panel.closest(".form-dashboard-section")?.remove();
		frm.dashboard.add_section(frm.twilio_sms_panel, __("SMS Conversation"));
		frm.dashboard.show();
	},
});

// Frappe's timeline gives an entry without an e-mail address the picture of whoever looks at it.
function show_who_texted(frm) {
	const { timeline } = frm;
	if (!timeline?.get_communication_timeline_content || timeline.twilio_sms_shows_who) return;
	timeline.twilio_sms_shows_who = true;
	const drawn = timeline.get_communication_timeline_content;
	timeline.get_communication_timeline_content = function (doc, ...rest) {
		const entry = drawn.call(this, doc, ...rest);
		if (doc.communication_medium === "SMS" && !doc.sender) entry.find(".avatar").first().replaceWith(avatar_of(doc));
		return entry;
	};
	timeline.refresh();
}

function avatar_of({ sender_full_name }) {
	const name = sender_full_name || __("Customer");
	// Of a number the last two digits say more than its plus sign.
	const letters = /\p{L}/u.test(name) ? frappe.get_abbr(name) : name.replace(/\D/g, "").slice(-2);
	const [background, ink] = frappe.get_palette(name);
	const frame = $('<span class="avatar-frame standard-image">').text(letters);
	frame.css({ backgroundColor: `var(${background})`, color: `var(${ink})` });
	return $('<span class="avatar avatar-medium">').attr("title", name).append(frame);
}
