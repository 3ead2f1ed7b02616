// {% include "twilio_sms_channel/public/js/disconnect.js" %}
const SECRETS = ["auth_token", "next_auth_token", "api_key_secret", "shared_key", "second_shared_key"];

frappe.ui.form.on("Twilio SMS Account", {
	onload(frm) {
		// Twilio's tokens are no passwords that somebody thought of.
		for (const field of SECRETS) frm.get_field(field).disable_password_checks();
	},

	refresh(frm) {
		frm.api_key_sid_before = frm.doc.api_key_sid;
		frm.region_before = frm.doc.region;
		if (frm.is_new()) {
			frm.add_custom_button(__("Let Me Be Guided"), () => frappe.set_route("twilio-sms-setup"));
			return;
		}
		// A copy of another site's data sends nothing: said here, since this is where its admin looks first.
		if (frm.doc.__onload?.copy) frm.set_intro(frappe.utils.escape_html(frm.doc.__onload.copy), "red");
		frm.add_custom_button(__("Check Credentials"), () => frm.events.check(frm), "Twilio");
		if (frm.doc.enabled) {
			const disconnect = () => twilio_sms_disconnect(frm, { account: frm.doc.name });
			frm.add_custom_button(__("Disconnect"), disconnect, "Twilio");
		}
		frm.add_custom_button(__("Check Everything"), async () => {
			await frappe.require("twilio_sms_doctor.bundle.js");
			twilio_sms_doctor.open({ account: frm.doc.name });
		});
		frm.add_custom_button(__("Import Numbers"), () => frappe.set_route("twilio-sms-setup", frm.doc.name));
		if (frm.doc.next_auth_token) frm.events.offer_next_token(frm);
	},

	// Twilio is asked before wrong credentials are saved. While it cannot be reached, an admin can save all the same.
	async validate(frm) {
		if (!credentials_changed(frm)) return;
		const { account_sid, auth_token, api_key_sid, api_key_secret, region } = frm.doc;
		const account = frm.is_new() ? null : frm.doc.name;
		let said;
		try {
			({ message: said } = await frappe.call({
				method: "twilio_sms_channel.api.setup.check_credentials",
				args: { account_sid, auth_token, api_key_sid, api_key_secret, account, region },
				freeze: true,
				freeze_message: __("Asking Twilio…"),
			}));
		} catch (refused) {
			// What is wrong was shown already.
			frappe.validated = false;
			mark_field(frm, refused?.responseJSON?.field);
			return;
		}
		const detail = frappe.utils.escape_html(said.detail);
		if (said.status === "Wrong Credentials") {
			frappe.validated = false;
			mark_field(frm, said.field);
			frappe.msgprint({ title: __("Not Saved: Wrong Credentials"), message: detail, indicator: "red" });
			return;
		}
		frm.doc.status = said.status;
		frm.doc.status_detail = said.detail;
		frm.doc.account_type = said.account_type;
		frm.doc.last_checked = frappe.datetime.now_datetime();
		if (said.status !== "Active") frappe.msgprint({ title: __(said.status), message: detail, indicator: "orange" });
		else if (detail) frappe.show_alert({ message: detail, indicator: "blue" }, 10);
	},

	offer_next_token(frm) {
		frm.add_custom_button(__("Promote Next Token"), () => frm.events.promote_token(frm));
		const { auth_token_used, next_auth_token_used } = frm.doc;
		const in_use = next_auth_token_used && (!auth_token_used || next_auth_token_used > auth_token_used);
		frm.dashboard.set_headline_alert(
			in_use
				? __("Twilio signs with the next token now. Promote it, so that messages can go on being sent.")
				: __("Webhooks signed with either token are accepted. Promote the next one after promoting it at Twilio."),
			in_use ? "orange" : "blue",
		);
	},

	promote_token(frm) {
		frappe.confirm(
			__("Make the next auth token the current one? The old one is forgotten. Promote it in Twilio's console first."),
			async () => {
				const answer = await ask_twilio(frm, "promote_token", __("Asking Twilio…"));
				const detail = __("Promoted, but Twilio says: {0}", [frappe.utils.escape_html(answer.detail)]);
				tell(frm, answer.status === "Active", __("Promoted. Twilio accepts it."), detail);
			},
		);
	},

	async check(frm) {
		const answer = await ask_twilio(frm, "verify", __("Asking Twilio…"));
		const detail = frappe.utils.escape_html(answer.detail);
		tell(frm, answer.status === "Active", __("Twilio accepts these credentials."), detail);
	},
});

async function ask_twilio(frm, endpoint, freeze_message) {
	const { message } = await frm.call({
		method: `twilio_sms_channel.api.setup.${endpoint}`,
		args: { account: frm.doc.name },
		freeze: true,
		freeze_message,
	});
	return message;
}

// The field that a refusal is about.
function mark_field(frm, name) {
	const field = name && frm.get_field(name);
	if (!field) return;
	field.$wrapper.addClass("has-error");
	field.$input?.one("input", () => field.$wrapper.removeClass("has-error"));
	frm.scroll_to_field(name);
}

function tell(frm, good, good_news, bad_news) {
	frappe.show_alert({ message: good ? good_news : bad_news, indicator: good ? "green" : "red" });
	return frm.reload_doc();
}

function credentials_changed(frm) {
	const typed = (field) => frm.doc[field] && !/^\*+$/.test(frm.doc[field]);
	const key_changed = (frm.doc.api_key_sid || "") !== (frm.api_key_sid_before || "");
	const region_changed = frm.doc.region !== frm.region_before;
	return frm.is_new() || typed("auth_token") || typed("api_key_secret") || key_changed || region_changed;
}
