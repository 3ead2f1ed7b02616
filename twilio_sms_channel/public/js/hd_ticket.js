// The text conversation inside Desk's form of HD Ticket: what was said, what became of it, and a box to answer.

frappe.ui.form.on("HD Ticket", {
	refresh(frm) {
		frm.twilio_sms_panel?.remove();
		frm.twilio_sms_panel = null;
		if (frm.is_new() || !frm.doc.twilio_sms_conversation) return;
		frm.twilio_sms_panel = new TwilioSMSPanel(frm);
	},
});

const REFRESH_EVERY_MS = 4000;
const PENDING = ["Queued", "Sending", "Accepted"];
const FAILED = ["Failed", "Undelivered", "Blocked", "Unconfirmed"];

class TwilioSMSPanel {
	constructor(frm) {
		this.frm = frm;
		this.files = [];
		this.root = document.createElement("div");
		this.root.className = "twilio-sms";
		this.root.innerHTML = `
			<style>${TwilioSMSPanel.STYLE}</style>
			<div class="tsms-head" role="status" hidden><span class="tsms-route"></span>
				<button type="button" class="btn btn-xs btn-default tsms-switch"></button></div>
			<div class="tsms-feed" role="log" aria-live="polite" tabindex="0"></div>
			<div class="tsms-wish" role="alert" hidden><span></span>
				<button type="button" class="btn btn-xs btn-default tsms-opt-out"></button></div>
			<div class="tsms-notice text-muted" hidden></div>
			<form class="tsms-form" hidden>
				<textarea class="form-control tsms-body" rows="2"></textarea>
				<div class="tsms-files"></div>
				<div class="tsms-bar">
					<button type="button" class="btn btn-xs btn-default tsms-attach"></button>
					<span class="tsms-count text-muted"></span>
					<button type="submit" class="btn btn-sm btn-primary tsms-send"></button>
				</div>
			</form>`;
		this.el = (name) => this.root.querySelector(`.tsms-${name}`);
		this.el("feed").setAttribute("aria-label", __("Text conversation"));
		this.el("body").setAttribute("aria-label", __("Text to the customer"));
		this.el("body").placeholder = __("Write a text…");
		this.el("attach").textContent = __("Attach");
		this.el("send").textContent = __("Send Text");
		this.el("form").addEventListener("submit", (event) => (event.preventDefault(), this.send()));
		this.el("body").addEventListener("input", () => {
			this.request_id = null;
			this.count();
		});
		this.el("body").addEventListener("keydown", (event) => {
			if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.send();
		});
		this.el("switch").addEventListener("click", () => this.switch_channel());
		this.el("attach").addEventListener("click", () => this.attach());
		this.el("opt-out").textContent = __("Opt Out");
		this.el("opt-out").addEventListener("click", () => this.opt_out());
		frm.dashboard.add_section(this.root, __("Text Conversation"));
		frm.dashboard.show();
		this.on_update = ({ ticket }) => String(ticket) === String(frm.doc.name) && this.load();
		frappe.realtime.on("twilio_sms_update", this.on_update);
		this.timer = setInterval(() => this.tick(), REFRESH_EVERY_MS);
		this.load();
	}

	remove() {
		clearInterval(this.timer);
		frappe.realtime.off("twilio_sms_update", this.on_update);
		this.root.closest(".form-dashboard-section")?.remove();
		this.root.remove();
	}

	// Sites without a socket.io server learn of new texts this way; others hardly need it.
	tick() {
		if (!this.root.isConnected) return this.remove();
		if (document.visibilityState === "visible" && this.root.offsetParent) this.load();
	}

	async load() {
		const { message } = await frappe.call({
			method: "twilio_sms_channel.api.ticket.state",
			type: "GET",
			args: { ticket: this.frm.doc.name },
		});
		this.draw(message);
	}

	draw(state) {
		const drawn = JSON.stringify(state);
		if (drawn === this.drawn) return;
		this.drawn = drawn;
		this.state = state;
		const by_text = state.channel === "SMS";
		this.el("head").hidden = false;
		this.el("route").textContent = by_text
			? __("Replies go by text: {0} → {1}", [state.number, state.customer])
			: __("Replies go by e-mail to {0}", [state.email || __("nobody yet")]);
		this.el("route").title = state.region ? __("The number was issued in {0}.", [state.region]) : "";
		this.el("wish").hidden = !state.may_want_to_stop;
		this.el("wish").firstChild.textContent = __(
			"{0} may want no more texts, but wrote none of the words that opt out.",
			[state.customer],
		);
		this.el("switch").textContent = by_text ? __("Switch to E-mail") : __("Switch to Text");
		const feed = this.el("feed");
		const at_end = feed.scrollTop + feed.clientHeight >= feed.scrollHeight - 40;
		feed.replaceChildren(...state.messages.map((message) => this.bubble(message)));
		if (at_end) feed.scrollTop = feed.scrollHeight;
		const blocked = by_text && !state.can_text;
		this.el("form").hidden = !by_text || blocked;
		this.el("notice").hidden = by_text && !blocked;
		this.el("notice").textContent = blocked
			? state.why_not
			: __("Use the e-mail button of this form, or switch back to text.");
		this.el("notice").classList.toggle("tsms-blocked", blocked);
	}

	bubble(message) {
		const inbound = message.direction === "Inbound";
		const bubble = this.make("div", `tsms-bubble ${inbound ? "tsms-in" : "tsms-out"}`);
		bubble.dataset.status = message.status;
		if (message.body) bubble.append(this.make("div", "tsms-text", message.body));
		for (const file of message.media) {
			bubble.append(this.file(file));
			if (file.file_url && file.remark) bubble.append(this.make("div", "tsms-lost", file.remark));
		}
		const who = inbound ? this.state.customer : message.by;
		const when = frappe.datetime.prettyDate(message.received_at || message.creation);
		const foot = this.make("div", "tsms-foot", [who, when].filter(Boolean).join(" · "));
		if (!inbound) {
			foot.append(" · ", this.make("span", `tsms-fate ${this.colour(message.status)}`, message.fate));
		}
		if (inbound && message.can_retry) foot.append(" ", this.button(__("Fetch Again"), message, "retry"));
		bubble.append(foot);
		if (message.error) bubble.append(this.trouble(message.error));
		if (!inbound) bubble.append(...this.buttons(message));
		return bubble;
	}

	colour(status) {
		if (FAILED.includes(status)) return "tsms-bad";
		if (PENDING.includes(status)) return "tsms-wait";
		return status === "Canceled" ? "" : "tsms-good";
	}

	// What to do about a text that waits or did not arrive, and who can; what happened stands beside the time.
	trouble({ code, do: todo, who, link }) {
		const box = this.make("div", "tsms-trouble");
		if (todo) {
			const for_whom = {
				Agent: __("For the agent"),
				Admin: __("For an admin"),
				Customer: __("For the customer"),
				Twilio: __("For Twilio"),
			}[who];
			if (for_whom) box.append(this.make("span", "tsms-who", for_whom), " ");
			box.append(this.make("span", "tsms-do", todo));
		}
		if (link) {
			const page = this.make("a", "tsms-page", __("Twilio on error {0}", [code]));
			page.href = link;
			page.target = "_blank";
			page.rel = "noopener";
			box.append(" ", page);
		}
		return box;
	}

	buttons(message) {
		const actions = message.error?.actions;
		const fits = (action) => !actions || actions.includes(action);
		const buttons = [];
		if (message.can_retry && fits("retry")) buttons.push(this.button(__("Send Again"), message, "retry"));
		if (message.can_email && fits("email"))
			buttons.push(this.button(__("Send as E-mail"), message, "send_as_email"));
		if (message.can_cancel) buttons.push(this.button(__("Cancel"), message, "cancel"));
		if (actions?.includes("number"))
			buttons.push(this.opener(__("Open Number's Settings"), "Twilio SMS Number", message.number));
		if (actions?.includes("account"))
			buttons.push(this.opener(__("Open Account's Settings"), "Twilio SMS Account", message.account));
		if (!buttons.length) return [];
		const bar = this.make("div", "tsms-buttons");
		bar.append(...buttons);
		return [bar];
	}

	// A button that calls a door of api/ticket.py with the message.
	button(label, message, method) {
		const button = this.make("button", "btn btn-xs btn-default", label);
		button.type = "button";
		button.dataset.does = method;
		button.addEventListener("click", async () => {
			button.disabled = true;
			try {
				await frappe.call(`twilio_sms_channel.api.ticket.${method}`, { message: message.name });
			} finally {
				button.disabled = false;
				this.load();
			}
		});
		return button;
	}

	opener(label, doctype, name) {
		const button = this.make("button", "btn btn-xs btn-default", label);
		button.type = "button";
		button.addEventListener("click", () => frappe.set_route("Form", doctype, name));
		return button;
	}

	file(file) {
		if (!file.file_url) return this.make("div", "tsms-lost", file.remark);
		const link = this.make("a", "tsms-file");
		link.href = encodeURI(file.file_url);
		link.target = "_blank";
		link.rel = "noopener";
		if (/^image\/(jpeg|png|gif|webp)$/.test(file.content_type)) {
			const picture = this.make("img");
			picture.src = link.href;
			picture.alt = file.file_name || __("Picture");
			picture.loading = "lazy";
			link.append(picture);
		} else {
			link.textContent = `📎 ${file.file_name}`;
			link.download = file.file_name;
		}
		return link;
	}

	async send() {
		const body = this.el("body").value.trim();
		if ((!body && !this.files.length) || this.sending) return;
		this.sending = true;
		this.el("send").disabled = true;
		try {
			await frappe.call("twilio_sms_channel.api.ticket.reply", {
				ticket: this.frm.doc.name,
				message: body,
				attachments: this.files.map((file) => file.name),
				// Should the answer get lost, pressing again sends nothing twice.
				request_id: (this.request_id ||= frappe.utils.get_random(20)),
			});
			this.request_id = null;
			this.el("body").value = "";
			this.files = [];
			this.draw_files();
			this.el("count").textContent = "";
			await this.load();
			this.el("feed").scrollTop = this.el("feed").scrollHeight;
		} finally {
			this.sending = false;
			this.el("send").disabled = false;
		}
	}

	count() {
		clearTimeout(this.counting);
		this.counting = setTimeout(async () => {
			const { message } = await frappe.call({
				method: "twilio_sms_channel.api.ticket.preview",
				args: { message: this.el("body").value, ticket: this.frm.doc.name },
			});
			this.draw_count(message);
		}, 250);
	}

	draw_count({ characters, left, segments, encoding, forcing, plain, replaced }) {
		const count = this.el("count");
		count.replaceChildren();
		count.classList.toggle("tsms-bad", left < 0);
		if (!characters) return;
		const segments_of = (number) => (number === 1 ? __("1 segment") : __("{0} segments", [number]));
		count.append(__("{0} left", [left]), " · ", segments_of(segments), " · ", encoding);
		if (forcing.length) count.title = __("Not in the GSM alphabet: {0}", [forcing.join(" ")]);
		else count.removeAttribute("title");
		if (!plain) return;
		if (replaced) {
			count.append(" · ", __("sent with plain characters: {0}", [segments_of(plain.segments)]));
			return;
		}
		const use = this.make("button", "btn btn-xs btn-default tsms-plain");
		use.type = "button";
		use.textContent = __("Plain characters: {0}", [segments_of(plain.segments)]);
		use.title = plain.text;
		use.addEventListener("click", () => {
			this.el("body").value = plain.text;
			this.el("body").focus();
			this.count();
		});
		count.append(" ", use);
	}

	attach() {
		new frappe.ui.FileUploader({
			doctype: this.frm.doctype,
			docname: this.frm.docname,
			make_attachments_public: false,
			on_success: (file) => {
				this.files.push(file);
				this.draw_files();
			},
		});
	}

	draw_files() {
		this.request_id = null;
		this.el("files").replaceChildren(
			...this.files.map((file) => {
				const chip = this.make("button", "btn btn-xs btn-default", `${file.file_name} ✕`);
				chip.type = "button";
				chip.title = __("Remove");
				chip.addEventListener("click", () => {
					this.files = this.files.filter((other) => other !== file);
					this.draw_files();
				});
				return chip;
			}),
		);
	}

	switch_channel() {
		if (this.state.channel !== "SMS") return this.switch_to("SMS");
		if (this.state.email) return this.switch_to("Email");
		frappe.prompt(
			{ fieldname: "email", fieldtype: "Data", options: "Email", label: __("E-mail Address"), reqd: 1 },
			({ email }) => this.switch_to("Email", email),
			__("{0} has no e-mail address yet", [frappe.utils.escape_html(this.state.customer)]),
			__("Add and Switch"),
		);
	}

	async switch_to(channel, email) {
		const { message } = await frappe.call("twilio_sms_channel.api.ticket.switch_channel", {
			ticket: this.frm.doc.name,
			channel,
			email,
		});
		this.draw(message);
		this.frm.reload_doc();
	}

	opt_out() {
		frappe.confirm(
			__("Send {0} no more texts? Only they can lift this, by texting START.", [
				frappe.utils.escape_html(this.state.customer),
			]),
			async () => {
				const { message } = await frappe.call("twilio_sms_channel.api.ticket.opt_out", {
					ticket: this.frm.doc.name,
				});
				this.draw(message);
			},
		);
	}

	make(tag, classes = "", text = "") {
		const element = document.createElement(tag);
		if (classes) element.className = classes;
		if (text) element.textContent = text;
		return element;
	}
}

TwilioSMSPanel.STYLE = `
	.twilio-sms { max-width: 760px; }
	.twilio-sms [hidden] { display: none !important; }
	.tsms-head { display: flex; gap: 8px; align-items: center; justify-content: space-between; flex-wrap: wrap; margin-bottom: 8px; }
	.tsms-route { font-weight: 500; color: var(--text-color); }
	.tsms-feed { display: flex; flex-direction: column; gap: 8px; max-height: 420px; overflow-y: auto; padding: 12px;
		border: 1px solid var(--border-color); border-radius: var(--border-radius-md, 8px); background: var(--bg-color); }
	.tsms-bubble { max-width: 78%; padding: 8px 12px; border-radius: 14px; overflow-wrap: anywhere; }
	.tsms-in { align-self: flex-start; background: var(--card-bg, var(--fg-color)); border: 1px solid var(--border-color); border-end-start-radius: 4px; }
	.tsms-out { align-self: flex-end; background: var(--bg-blue, #e7f1fd); color: var(--text-color); border-end-end-radius: 4px; }
	.tsms-text { white-space: pre-wrap; }
	.tsms-foot { margin-top: 3px; font-size: var(--text-xs, 11px); color: var(--text-muted); }
	.tsms-good { color: var(--green-600, #2a7d4f); font-weight: 500; }
	.tsms-wait { color: var(--orange-600, #b35f00); }
	.tsms-bad { color: var(--red-600, #c0362c) !important; font-weight: 500; }
	.tsms-trouble { margin-top: 4px; font-size: var(--text-sm, 12px); color: var(--text-color); }
	.tsms-who { display: inline-block; padding: 0 7px; border-radius: 999px; background: var(--control-bg, #f3f3f3);
		font-size: var(--text-xs, 11px); color: var(--text-muted); }
	.tsms-page { font-size: var(--text-xs, 11px); text-decoration: underline; white-space: nowrap; }
	.tsms-buttons { display: flex; gap: 6px; flex-wrap: wrap; margin-top: 6px; }
	.tsms-file img { display: block; max-width: 220px; max-height: 220px; border-radius: 8px; margin-top: 4px; }
	.tsms-lost { font-style: italic; color: var(--text-muted); }
	.tsms-wish { display: flex; gap: 8px; align-items: center; justify-content: space-between; flex-wrap: wrap; margin-top: 8px;
		padding: 8px 12px; border-radius: var(--border-radius-md, 8px); background: var(--bg-orange, #fff1e0); color: var(--text-color); }
	.tsms-notice { padding: 10px 2px 0; }
	.tsms-blocked { color: var(--red-600, #c0362c) !important; }
	.tsms-form { margin-top: 8px; }
	.twilio-sms .tsms-body { resize: vertical; height: 64px; min-height: 48px; }
	.tsms-bar { display: flex; gap: 8px; align-items: center; margin-top: 6px; }
	.tsms-count { flex: 1; font-size: var(--text-sm, 12px); }
	.tsms-files { display: flex; gap: 4px; flex-wrap: wrap; margin-top: 4px; }
`;
