// Desk's forms of tickets, whichever ticket system they are of: the SMS conversation, or a button to start one.
//
// Each ticket's form loads this anew, so it only declares functions.

async function twilio_sms_show_ticket(frm) {
	twilio_sms_show_who_texted(frm);
	if (!twilio_sms_is_answered_here(frm) || frm.is_new()) return;
	if (!frm.doc.twilio_sms_conversation) return twilio_sms_offer_start(frm);
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
}

// By this user. And a DocType of another app can have a ticket's name.
function twilio_sms_is_answered_here({ doctype }) {
	return Boolean(frappe.boot.twilio_sms?.ticket_doctypes?.includes(doctype));
}

function twilio_sms_offer_start(frm) {
	if (!frm.perm[0]?.write) return;
	frm.add_custom_button(__("Text This Customer"), async () => {
		await frappe.require("twilio_sms.bundle.js");
		twilio_sms.start_in_desk(frm.doctype, { ticket: String(frm.doc.name) });
	});
}

// Where agents reply in Desk's form, the composer is in the place of the e-mail dialog while the ticket replies by SMS.
function twilio_sms_reply_in_form(frm) {
	const { timeline } = frm;
	if (!timeline?.compose_mail || !twilio_sms_is_answered_here(frm)) return;
	if (!timeline.twilio_sms_replies) {
		timeline.twilio_sms_replies = true;
		const { compose_mail } = timeline;
		timeline.compose_mail = function (...about) {
			return twilio_sms_replies_by_text(frm) ? twilio_sms_write(frm) : compose_mail.apply(this, about);
		};
		// The form's menu opens the dialog all the same, for e-mails to others.
		const { email_doc } = frm;
		frm.email_doc = function (message) {
			if (!twilio_sms_replies_by_text(frm)) return email_doc.call(this, message);
			// As Frappe's own, without a print of the form, which no message can take along.
			const { doc, docname } = frm;
			const recipients = doc.email || doc.email_id || doc.contact_email;
			const subject = `${__(frm.meta.name)}: ${docname}`;
			new frappe.views.CommunicationComposer({ doc, frm, subject, recipients, message });
			frappe.show_alert({ message: __("To the customer this goes as an SMS, to others as an e-mail."), indicator: "blue" });
		};
	}
	const names = [__("New Email"), __("Write an SMS")];
	const buttons = [...timeline.timeline_actions_wrapper.find(".action-btn")];
	const button = buttons.find(({ textContent }) => names.includes(textContent.trim()));
	const label = [...(button?.childNodes || [])].find(
		(node) => node.nodeType === Node.TEXT_NODE && names.includes(node.textContent.trim()),
	);
	if (label) label.textContent = ` ${names[Number(twilio_sms_replies_by_text(frm))]} `;
}

// Whoever may not change the ticket neither texts nor switches: what they write is an e-mail, as on the server.
function twilio_sms_replies_by_text({ doc, perm }) {
	const by_text = Boolean(doc.twilio_sms_conversation) && doc.twilio_sms_reply_channel === "SMS";
	return by_text && Boolean(perm?.[0]?.write);
}

function twilio_sms_write(frm) {
	frm.twilio_sms_panel?.write();
	frappe.show_alert({
		message: __("This ticket replies by SMS. For an e-mail, change how it replies in the box first."),
		indicator: "blue",
	});
}

// Frappe's timeline gives an entry without an e-mail address the picture of whoever looks at it.
function twilio_sms_show_who_texted({ timeline }) {
	if (!timeline?.get_communication_timeline_content || timeline.twilio_sms_shows_who) return;
	timeline.twilio_sms_shows_who = true;
	const drawn = timeline.get_communication_timeline_content;
	timeline.get_communication_timeline_content = function (doc, ...rest) {
		const entry = drawn.call(this, doc, ...rest);
		if (doc.communication_medium === "SMS" && !doc.sender) {
			entry.find(".avatar").first().replaceWith(twilio_sms_avatar_of(doc));
		}
		return entry;
	};
	timeline.refresh();
}

function twilio_sms_avatar_of({ sender_full_name }) {
	const name = sender_full_name || __("Customer");
	// Of a number the last two digits say more than its plus sign.
	const letters = /\p{L}/u.test(name) ? frappe.get_abbr(name) : name.replace(/\D/g, "").slice(-2);
	const [background, ink] = frappe.get_palette(name);
	const frame = $('<span class="avatar-frame standard-image">').text(letters);
	frame.css({ backgroundColor: `var(${background})`, color: `var(${ink})` });
	return $('<span class="avatar avatar-medium">').attr("title", name).append(frame);
}
