// What the account owns: which numbers to take over, for which team, and whose messages go elsewhere so far.

import { esc, make_control } from "./html.js";
import { ResultStep } from "./result_step.js";

const TAKEN = ["other", "elsewhere"];
const BUY = "https://console.twilio.com/us1/develop/phone-numbers/manage/search";

export class NumbersStep {
	constructor(setup) {
		this.setup = setup;
		this.$body = setup.$body;
	}

	async show() {
		const { visit, account, detail } = this.setup;
		this.setup.mark(1);
		this.address = this.team = null;
		this.$body.html(`<p class="text-muted">${__("Reading your numbers from Twilio…")}</p>`);
		let found;
		try {
			found = await this.setup.ask("available_numbers", { account });
		} catch (error) {
			this.$body.html(`<p>${__("Your numbers could not be read from Twilio.")}</p>
				<button class="btn btn-default btn-sm">${__("Look Again")}</button>`);
			this.$body.find(".btn").on("click", () => this.show());
			throw error;
		}
		if (visit !== this.setup.visit) return;
		this.offers = found.numbers;
		this.$body.html(`
			${detail?.account === account && detail.detail ? `<div class="note" role="status">${esc(detail.detail)}</div>` : ""}
			<h4>${esc(account)}</h4>
			<div class="address"></div>
			<div class="offers"></div>
			<div class="team"></div>
			<p class="then text-muted">${__("Twilio is then told to post their messages to this site.")}</p>
			<button class="btn btn-primary btn-sm go"></button>`);
		if (!this.offers.length) return this.show_nothing();
		const rcs = (found.rcs_senders || []).map(rcs_html);
		this.$body.find(".offers").html([...this.offers.map(offer_html), ...rcs].join(""));
		this.$body.find(".offers input").on("change", () => this.count());
		this.$body.find(".go").on("click", () => this.take_over());
		if (found.trouble) this.ask_for_address(found);
		if (found.teams) this.ask_for_team(found.teams);
		this.count();
	}

	show_nothing() {
		this.$body.find(".then").remove();
		this.$body.find(".offers").html(`
			<p>${__("This account owns no number yet. Buy one in the Twilio console, then look again.")}
				<a href="${BUY}" target="_blank" rel="noopener">${__("Buy a number")}</a></p>`);
		this.$body.find(".go").text(__("Look Again")).on("click", () => this.show());
	}

	ask_for_team(doctype) {
		this.team = make_control(this.$body.find(".team"), {
			fieldtype: "Link",
			options: doctype,
			fieldname: "team",
			label: __("Team"),
			description: __("Gets the new tickets from these numbers. Empty: assignment rules decide."),
		});
	}

	ask_for_address({ trouble, public_base_url }) {
		const $address = this.$body.find(".address");
		$address.html(`<div class="note wait">${esc(trouble)}</div><div class="field"></div>
			<button class="btn btn-default btn-sm">${__("Save Address")}</button>`);
		this.address = make_control($address.find(".field"), {
			fieldtype: "Data",
			fieldname: "public_base_url",
			label: __("Public Base URL"),
			placeholder: "https://help.example.com",
			description: __("Where Twilio reaches this site. Now: {0}", [esc(public_base_url)]),
		});
		$address.find(".btn").on("click", async () => {
			const settings = "Twilio SMS Settings";
			await frappe.db.set_value(settings, settings, "public_base_url", this.address.get_value());
			this.show();
		});
	}

	chosen() {
		const ticked = this.$body.find(".take:checked").toArray();
		return ticked.map(({ dataset }) => this.offers[dataset.n]);
	}

	count() {
		const count = this.chosen().length;
		const label = count === 1 ? __("Import 1 Number") : __("Import {0} Numbers", [count]);
		this.$body.find(".go").text(label).prop("disabled", !count || Boolean(this.address));
	}

	async take_over() {
		const { account } = this.setup;
		const chosen = this.chosen();
		const replaced = this.$body.find("[data-replace]:checked").toArray();
		const replace = new Set(replaced.map(({ dataset }) => this.offers[dataset.replace].address));
		const args = { account, numbers: chosen.map(({ address }) => address), team: this.team?.get_value() || null };
		const imported = await this.setup.ask("import_numbers", args, __("Importing…"));
		const numbers = {};
		for (const { address } of chosen) if (!(address in imported.refused)) numbers[address] = replace.has(address);
		const webhooks = await this.setup.ask(
			"configure_numbers",
			{ account, numbers },
			__("Telling Twilio where this site is…"),
		);
		new ResultStep(this.setup, this.offers).show(imported, webhooks);
	}
}

function rcs_html({ address, name, status, is_online, service_sid, words }) {
	const look = is_online && service_sid ? "good" : "wait";
	return `
		<div class="offer rcs" data-testid="rcs-sender">
			<span></span>
			<div><b>${esc(name)}</b> <span class="text-muted">${esc(name === address ? "" : address)}</span></div>
			<div class="facts text-muted">${esc([__("RCS Sender"), status].filter(Boolean).join(" · "))}</div>
			<div class="state ${look}">${esc(words)}</div>
		</div>`;
}

function offer_html(offer, n) {
	const is_service = offer.kind === "Messaging Service";
	const can = [offer.sms && __("SMS"), offer.mms && __("MMS")];
	const facts = [__(offer.kind), offer.country_name, ...can].filter(Boolean).join(" · ");
	const name = is_service || [offer.display, offer.address].includes(offer.name) ? "" : offer.name;
	const look = offer.refused ? "bad" : { ours: "good", other: "wait", elsewhere: "wait" }[offer.whose] || "";
	const replace = TAKEN.includes(offer.whose) && !offer.refused;
	return `
		<div class="offer">
			<input type="checkbox" class="take" id="take-${n}" data-n="${n}"
				${offer.suggested ? "checked" : ""} ${offer.refused ? "disabled" : ""}>
			<label for="take-${n}">
				<b>${esc(is_service ? offer.name || offer.address : offer.display)}</b>
				<span class="text-muted">${esc(name)}</span>
				${offer.here ? `<span class="badge">${__("Here already")}</span>` : ""}
			</label>
			<div class="facts text-muted">${esc(facts)}</div>
			<div class="state ${look}">${esc(offer.refused || offer.words)}</div>
			${
				replace
					? `<label class="replace"><input type="checkbox" data-replace="${n}"> ${__("Post them here instead")}</label>`
					: ""
			}
		</div>`;
}
