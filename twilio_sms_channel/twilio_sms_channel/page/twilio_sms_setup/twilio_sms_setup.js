// From a Twilio login to the first ticket: credentials → numbers → webhooks and a check → the first text.
// /app/twilio-sms-setup starts with the credentials, /app/twilio-sms-setup/ACCOUNT with that account's numbers.

frappe.pages["twilio-sms-setup"].on_page_load = (wrapper) => {
	const page = frappe.ui.make_app_page({ parent: wrapper, title: __("Connect Twilio"), single_column: true });
	wrapper.setup = new TwilioSetup(page);
};

frappe.pages["twilio-sms-setup"].on_page_show = (wrapper) => {
	wrapper.setup.open(frappe.get_route()[1] || null);
};

const DOOR = "twilio_sms_channel.api.setup.";
const POLL_EVERY_MS = 3000;
const TAKEN = ["other", "elsewhere"];
const esc = (text) => frappe.utils.escape_html(text ?? "");

class TwilioSetup {
	constructor(page) {
		this.page = page;
		this.$root = $(`<div class="twilio-setup"><ol class="steps"></ol><div class="step-body"></div></div>`);
		this.$root.appendTo(page.main);
		this.$body = this.$root.find(".step-body");
	}

	open(account) {
		this.account = account;
		// What is still under way for an earlier visit shows nothing any more.
		this.visit = (this.visit || 0) + 1;
		return account ? this.show_numbers() : this.show_credentials();
	}

	async ask(door, args, freeze_message) {
		const { message } = await frappe.call({
			method: DOOR + door,
			args,
			freeze: Boolean(freeze_message),
			freeze_message,
		});
		return message;
	}

	mark(step) {
		const steps = [__("Account"), __("Numbers"), __("Check"), __("First Text")];
		const item = (label, n) =>
			`<li class="${n < step ? "past" : ""}" ${n === step ? 'aria-current="step"' : ""}>
				<span class="number">${n < step ? "✓" : n + 1}</span> ${label}</li>`;
		this.$root.find(".steps").html(steps.map(item).join(""));
	}

	show_credentials() {
		this.mark(0);
		this.detail = "";
		this.$body.html(`
			<p>${__("Open the first page of the Twilio console and copy two things from there.")}
				<a href="https://console.twilio.com" target="_blank" rel="noopener">console.twilio.com</a></p>
			<form>
				${input_html("account_sid", __("Account SID"), __("Starts with AC, followed by 32 characters."))}
				${input_html(
					"auth_token",
					__("Auth Token"),
					__("Behind Show in the console. It is stored encrypted and never shown again."),
					"password",
				)}
				<details>
					<summary>${__("Name and API key (optional)")}</summary>
					${input_html("account_name", __("Name"), __("How the account is called here. Empty: its name at Twilio."))}
					${input_html(
						"api_key_sid",
						__("API Key SID"),
						__("Sends with this key instead of the auth token. Starts with SK."),
					)}
					${input_html("api_key_secret", __("API Key Secret"), "", "password")}
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
		const $inputs = this.$body.find("input");
		const missing = $inputs.slice(0, 2).filter((_n, { value }) => !value.trim());
		if (missing.length) return missing.first().trigger("focus");
		const values = Object.fromEntries($inputs.toArray().map(({ name, value }) => [name, value]));
		const { account, detail } = await this.ask("connect", values, __("Asking Twilio…"));
		this.detail = detail;
		frappe.set_route("twilio-sms-setup", account);
	}

	async show_numbers() {
		this.mark(1);
		this.$body.html(`<p class="text-muted">${__("Reading your numbers from Twilio…")}</p>`);
		const { visit, account } = this;
		this.address = this.team = null;
		const found = await this.ask("available_numbers", { account });
		if (visit !== this.visit) return;
		this.offers = found.numbers;
		this.$body.html(`
			${this.detail ? `<div class="note" role="status">${esc(this.detail)}</div>` : ""}
			<h4>${esc(account)}</h4>
			<div class="address"></div>
			<div class="offers"></div>
			<div class="team"></div>
			<p class="text-muted">${__("Twilio is then told to post their texts to this site.")}</p>
			<button class="btn btn-primary btn-sm go"></button>`);
		if (!this.offers.length) return this.show_nothing();
		this.$body.find(".offers").html(this.offers.map((offer, n) => this.offer_html(offer, n)).join(""));
		this.$body.find(".offers input").on("change", () => this.count());
		this.$body.find(".go").on("click", () => this.take_over());
		if (found.trouble) this.ask_for_address(found);
		if (found.teams) {
			this.team = name_input(frappe.ui.form.make_control({
				parent: this.$body.find(".team"),
				df: {
					fieldtype: "Link",
					options: found.teams,
					fieldname: "team",
					label: __("Team"),
					description: __("Gets the new tickets from these numbers. Empty: assignment rules decide."),
				},
				render_input: true,
			}));
		}
		this.count();
	}

	show_nothing() {
		this.$body.find(".offers").html(`
			<p>${__("This account owns no number yet. Buy one in the Twilio console, then look again.")}
				<a href="https://console.twilio.com/us1/develop/phone-numbers/manage/search" target="_blank"
					rel="noopener">${__("Buy a number")}</a></p>`);
		this.$body.find(".go").text(__("Look Again")).on("click", () => this.show_numbers());
	}

	offer_html(offer, n) {
		const facts = [__(offer.kind), offer.country_name];
		const can = [offer.sms && __("SMS"), offer.mms && __("MMS")].filter(Boolean);
		const name = offer.name && offer.name !== offer.display && offer.name !== offer.address ? offer.name : "";
		const state = offer.refused || offer.words;
		const look = offer.refused ? "bad" : { ours: "good", other: "wait", elsewhere: "wait" }[offer.whose] || "";
		const replace = TAKEN.includes(offer.whose) && !offer.refused;
		return `
			<div class="offer">
				<input type="checkbox" class="take" id="take-${n}" data-n="${n}"
					${offer.suggested ? "checked" : ""} ${offer.refused ? "disabled" : ""}>
				<label for="take-${n}">
					<b>${esc(offer.kind === "Messaging Service" ? offer.name || offer.address : offer.display)}</b>
					${offer.kind === "Messaging Service" ? "" : `<span class="text-muted">${esc(name)}</span>`}
					${offer.here ? `<span class="badge">${__("Here already")}</span>` : ""}
				</label>
				<div class="facts text-muted">${esc(facts.concat(can).filter(Boolean).join(" · "))}</div>
				<div class="state ${look}">${esc(state)}</div>
				${
					replace
						? `<label class="replace"><input type="checkbox" data-replace="${n}">
							${__("Post them here instead")}</label>`
						: ""
				}
			</div>`;
	}

	chosen() {
		return this.$body
			.find(".take:checked")
			.toArray()
			.map(({ dataset }) => this.offers[dataset.n]);
	}

	count() {
		const count = this.chosen().length;
		const label = count === 1 ? __("Import 1 Number") : __("Import {0} Numbers", [count]);
		this.$body.find(".go").text(label).prop("disabled", !count || Boolean(this.address));
	}

	ask_for_address({ trouble, public_base_url }) {
		const $address = this.$body.find(".address");
		$address.html(`<div class="note wait">${esc(trouble)}</div><div class="field"></div>
			<button class="btn btn-default btn-sm">${__("Save Address")}</button>`);
		this.address = name_input(frappe.ui.form.make_control({
			parent: $address.find(".field"),
			df: {
				fieldtype: "Data",
				fieldname: "public_base_url",
				label: __("Public Base URL"),
				placeholder: "https://help.example.com",
				description: __("Where Twilio reaches this site. Now: {0}", [esc(public_base_url)]),
			},
			render_input: true,
		}));
		$address.find(".btn").on("click", async () => {
			await frappe.call("frappe.client.set_value", {
				doctype: "Twilio SMS Settings",
				name: "Twilio SMS Settings",
				fieldname: "public_base_url",
				value: this.address.get_value(),
			});
			this.address = null;
			this.show_numbers();
		});
	}

	async take_over() {
		const chosen = this.chosen();
		const replaced = this.$body.find("[data-replace]:checked").toArray().map(({ dataset }) => dataset.replace);
		const imported = await this.ask(
			"import_numbers",
			{
				account: this.account,
				numbers: chosen.map(({ address }) => address),
				team: this.team?.get_value() || null,
			},
			__("Importing…"),
		);
		const here = chosen.filter(({ address }) => !(address in imported.refused));
		const numbers = {};
		for (const offer of here) numbers[offer.address] = replaced.includes(String(this.offers.indexOf(offer)));
		const webhooks = await this.ask(
			"configure_numbers",
			{ account: this.account, numbers },
			__("Telling Twilio where this site is…"),
		);
		this.show_results(imported, webhooks);
	}

	show_results(imported, webhooks) {
		this.reached = {};
		this.progress({});
		const lines = webhooks.map(
			({ number, words, problem, replaced }) =>
				`<li class="${replaced ? "good" : "wait"}"><b>${esc(this.display(number))}</b> ${esc(problem || words)}</li>`,
		);
		for (const [number, reason] of Object.entries(imported.refused))
			lines.push(`<li class="bad"><b>${esc(this.display(number))}</b> ${esc(reason)}</li>`);
		for (const number of imported.released)
			lines.push(
				`<li class="bad"><b>${esc(number)}</b> ${__("No longer in the account: marked as released.")}</li>`,
			);
		const problem = webhooks.find(({ problem }) => problem);
		this.$body.html(`
			<h4>${__("Imported")}</h4>
			<ul class="results">${lines.join("")}</ul>
			${problem ? urls_html(problem.copy) : ""}
			<div class="first"></div>
			<div class="check"></div>`);
		this.check();
		const open = webhooks.find(({ replaced }) => replaced);
		if (open) this.wait_for_text(open.number);
	}

	display(number) {
		const offer = this.offers.find(({ address }) => address === number);
		return offer?.kind === "Messaging Service" ? offer.name || number : offer?.display || number;
	}

	async check() {
		const { visit } = this;
		await frappe.require("twilio_sms_doctor.bundle.js");
		await twilio_sms_doctor.show(this.$body.find(".check")[0], { account: this.account });
		if (visit === this.visit) this.progress({ checked: true });
	}

	// The check and the first text can be done in either order.
	progress(step) {
		Object.assign(this.reached, step);
		const { checked, arrived } = this.reached;
		this.mark(checked ? (arrived ? 4 : 3) : 2);
	}

	async wait_for_text(number) {
		const { visit } = this;
		const before = (await this.latest()).message;
		const $first = this.$body.find(".first");
		$first.html(`
			<h4>${__("Text {0} now", [`<bdi>${esc(this.display(number))}</bdi>`])}</h4>
			<p class="waiting" role="status"><span class="pulse"></span>
				${__("Waiting for the first text. It appears here, and as a ticket.")}</p>`);
		const look = async () => {
			if (visit !== this.visit) return;
			if (frappe.get_route()[0] === "twilio-sms-setup") {
				const text = await this.latest();
				if (text.message && text.message !== before) return this.show_first($first, text);
			}
			setTimeout(look, POLL_EVERY_MS);
		};
		setTimeout(look, POLL_EVERY_MS);
	}

	async latest() {
		const { message } = await frappe.call({
			method: DOOR + "latest_text",
			type: "GET",
			args: { account: this.account },
		});
		return message || {};
	}

	show_first($first, { customer_number, ticket_doctype, ticket, may_read }) {
		this.progress({ arrived: true });
		$first.html(`
			<h4>${__("It works")}</h4>
			<p role="status">${__("The text of {0} is ticket {1}.", [`<bdi>${esc(customer_number)}</bdi>`, esc(ticket)])}</p>
			${
				may_read
					? `<button class="btn btn-primary btn-sm">${__("Open the Ticket")}</button>`
					: `<p class="text-muted">${__("You are no agent yourself: agents find it among their tickets.")}</p>`
			}`);
		$first.find(".btn").on("click", () => frappe.set_route("Form", ticket_doctype, ticket));
	}
}

function input_html(name, label, help = "", type = "text") {
	return `<div class="form-group">
		<label for="setup-${name}">${label}</label>
		<input class="form-control input-sm" id="setup-${name}" name="${name}" type="${type}" autocomplete="off"
			spellcheck="false" aria-describedby="setup-${name}-help">
		<p class="help-box text-muted" id="setup-${name}-help">${help}</p></div>`;
}

// Not every Frappe ties a label to its input.
function name_input(control) {
	control.$input?.attr("aria-label", control.df.label);
	return control;
}

function urls_html({ webhook, fallback, method }) {
	const rows = [
		[__("Webhook"), `${webhook} (${method})`],
		[__("Fallback"), `${fallback} (${method})`],
	];
	return `<p>${__("Enter these in the Twilio console, at the number under Messaging:")}</p>
		<dl class="urls">${rows.map(([name, url]) => `<dt>${name}</dt><dd><code>${esc(url)}</code></dd>`).join("")}</dl>`;
}
