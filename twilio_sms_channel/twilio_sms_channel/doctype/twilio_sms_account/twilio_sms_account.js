frappe.ui.form.on("Twilio SMS Account", {
	refresh(frm) {
		if (frm.is_new()) return;
		frm.add_custom_button(__("Check Credentials"), () => frm.events.check(frm));
		frm.add_custom_button(__("Import Numbers"), () => frm.events.import_numbers(frm));
		if (frm.doc.next_auth_token) frm.events.offer_next_token(frm);
	},

	offer_next_token(frm) {
		frm.add_custom_button(__("Promote Next Token"), () => frm.events.promote_token(frm));
		const { auth_token_used, next_auth_token_used } = frm.doc;
		const in_use = next_auth_token_used && (!auth_token_used || next_auth_token_used > auth_token_used);
		frm.dashboard.set_headline_alert(
			in_use
				? __("Twilio signs with the next token now. Promote it, so that texts can go on being sent.")
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

	async import_numbers(frm) {
		const { added, updated } = await ask_twilio(frm, "import_numbers", __("Reading your numbers from Twilio…"));
		tell(frm, true, __("{0} numbers added, {1} brought up to date.", [added.length, updated.length]));
	},
});

async function ask_twilio(frm, door, freeze_message) {
	const { message } = await frm.call({
		method: `twilio_sms_channel.api.setup.${door}`,
		args: { account: frm.doc.name },
		freeze: true,
		freeze_message,
	});
	return message;
}

function tell(frm, good, good_news, bad_news) {
	frappe.show_alert({ message: good ? good_news : bad_news, indicator: good ? "green" : "red" });
	return frm.reload_doc();
}
