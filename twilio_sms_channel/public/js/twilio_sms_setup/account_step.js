// The credentials, which Twilio is asked about before anything is saved.

import { input_html, mark_field, practice_html, said_in, select_html } from "./html.js";

export class AccountStep {
	constructor(setup) {
		this.setup = setup;
		this.$body = setup.$body;
	}

	show() {
		this.setup.mark(0);
		const where = practice_html(__("Practice mode is running. Copy the SID and token from its page with the phones."));
		const encrypted = __("It is stored encrypted and never shown again.");
		this.$body.html(`
			${
				where ||
				`<p>${__("Open the first page of the Twilio console and copy two things from there.")}
					<a href="https://console.twilio.com" target="_blank" rel="noopener">console.twilio.com</a></p>`
			}
			<form novalidate>
				${input_html("account_sid", __("Account SID"), __("Starts with AC, followed by 32 characters."))}
				${input_html(
					"auth_token",
					__("Auth Token"),
					where
						? encrypted
						: __("Behind Show in the console. It is stored encrypted and never shown again."),
					"password",
				)}
				<details>
					<summary>${__("Name, region and API key (optional)")}</summary>
					${input_html("account_name", __("Name"), __("What the account is called here. Empty: its name at Twilio."))}
					${select_html(
						"region",
						__("Region"),
						[["US1", __("US1, United States (usual)")], ["IE1", __("IE1, Ireland")], ["AU1", __("AU1, Australia")]],
						__("Where Twilio processes your messages. IE1 and AU1 have their own auth tokens: choose the region in the console before you copy the token."),
					)}
					${input_html(
						"api_key_sid",
						__("API Key SID"),
						__("Sends with this key instead of the auth token. Starts with SK."),
					)}
					${input_html("api_key_secret", __("API Key Secret"), "", "password")}
				</details>
				<details>
					<summary>${__("Shared key (advanced)")}</summary>
					<p class="text-muted small">${__("Only if your Twilio account signs webhooks with a shared key.")}</p>
					${input_html("shared_key_id", __("Shared Key ID"), __("Starts with webhooks_sharedkey_."))}
					${input_html(
						"shared_key",
						__("Shared Key"),
						__("Twilio returns the secret once, when the key is created."),
						"password",
					)}
				</details>
				<button class="btn btn-primary btn-sm go" type="submit">${__("Connect")}</button>
				<a class="by-hand" href="#">${__("Enter everything by hand")}</a>
			</form>`);
		this.$body.find("form").on("submit", (event) => {
			event.preventDefault();
			this.connect();
		});
		this.$body.find(".by-hand").on("click", (event) => {
			event.preventDefault();
			frappe.new_doc("Twilio SMS Account");
		});
		this.$body.find("input").first().trigger("focus");
	}

	async connect() {
		const $inputs = this.$body.find("input, select");
		const values = Object.fromEntries($inputs.toArray().map(({ name, value }) => [name, value.trim()]));
		for (const name in values) this.mark(name, "");
		const missing = { account_sid: __("Enter the Account SID."), auth_token: __("Enter the Auth Token.") };
		const empty = Object.keys(missing).filter((name) => !values[name]);
		// The first one is marked last: it gets the cursor.
		for (const name of empty.reverse()) this.mark(name, missing[name]);
		if (empty.length) return;
		let connected;
		try {
			connected = await this.setup.ask("connect", values, __("Asking Twilio…"), true);
		} catch (refused) {
			const answer = refused?.responseJSON;
			if (answer?.field) return this.mark(answer.field, said_in(answer));
			if (answer?._server_messages) frappe.msgprint({ title: __("Not Connected"), message: frappe.utils.escape_html(said_in(answer)), indicator: "red" });
			return;
		}
		const { account, detail } = connected;
		this.setup.detail = { account, detail };
		frappe.set_route("twilio-sms-setup", account);
	}

	mark(name, problem) {
		mark_field(this.$body.find("form"), name, problem);
	}
}
