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
			() =>
				frm
					.call({
						method: "twilio_sms_channel.api.setup.promote_token",
						args: { account: frm.doc.name },
						freeze: true,
						freeze_message: __("Asking Twilio…"),
					})
					.then(({ message }) => {
						const good = message.status === "Active";
						frappe.show_alert({
							message: good
								? __("Promoted. Twilio accepts it.")
								: __("Promoted, but Twilio says: {0}", [frappe.utils.escape_html(message.detail)]),
							indicator: good ? "green" : "red",
						});
						return frm.reload_doc();
					}),
		);
	},

	check(frm) {
		return frm
			.call({
				method: "twilio_sms_channel.api.setup.verify",
				args: { account: frm.doc.name },
				freeze: true,
				freeze_message: __("Asking Twilio…"),
			})
			.then(({ message }) => {
				const good = message.status === "Active";
				frappe.show_alert({
					message: good ? __("Twilio accepts these credentials.") : frappe.utils.escape_html(message.detail),
					indicator: good ? "green" : "red",
				});
				return frm.reload_doc();
			});
	},

	import_numbers(frm) {
		return frm
			.call({
				method: "twilio_sms_channel.api.setup.import_numbers",
				args: { account: frm.doc.name },
				freeze: true,
				freeze_message: __("Reading your numbers from Twilio…"),
			})
			.then(({ message }) => {
				frappe.show_alert({
					message: __("{0} numbers added, {1} brought up to date.", [
						message.added.length,
						message.updated.length,
					]),
					indicator: "green",
				});
				return frm.reload_doc();
			});
	},
});
