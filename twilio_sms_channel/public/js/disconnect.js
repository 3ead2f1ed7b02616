// Taking a number or an account out of this site: first what will happen, then doing it. Forms include this file.

const SETUP = "twilio_sms_channel.api.setup.";

// `scope`: {number} or {account}.
async function twilio_sms_disconnect(frm, scope) {
	const esc = frappe.utils.escape_html;
	const { message: outlook } = await frappe.call({ method: `${SETUP}before_disconnect`, args: scope });
	const shown = scope.number ? outlook.numbers[0].display : scope.account;
	const dialog = new frappe.ui.Dialog({
		title: __("Disconnect {0}", [esc(shown)]),
		fields: [
			{ fieldtype: "HTML", fieldname: "about" },
			{
				fieldtype: "Check",
				fieldname: "delete",
				label: scope.account ? __("Delete it and its numbers here") : __("Delete it here"),
				description: __("There are no conversations and no opt-outs: nothing is lost."),
				hidden: outlook.may_delete ? 0 : 1,
			},
		],
		primary_action_label: __("Disconnect"),
		async primary_action(values) {
			dialog.hide();
			const { message: left } = await frappe.call({
				method: `${SETUP}disconnect`,
				args: { ...scope, delete: outlook.may_delete && values.delete ? 1 : 0 },
				freeze: true,
				freeze_message: __("Asking Twilio…"),
			});
			tell_what_became(left);
			if (left.deleted) frappe.set_route("List", frm.doctype);
			else frm.reload_doc();
		},
	});
	dialog.fields_dict.about.$wrapper.html(
		`<ul>${what_happens(outlook)
			.map((line) => `<li>${esc(line)}</li>`)
			.join("")}</ul>`,
	);
	dialog.show();
}

function what_happens({ numbers, may_delete }) {
	const total = (field) => numbers.reduce((sum, number) => sum + number[field], 0);
	const put_back = numbers.filter(({ previous }) => previous);
	const lines = [__("Nothing is sent any more.")];
	if (numbers.length) lines.push(__("Twilio no longer posts messages to this site."));
	for (const { display, previous } of put_back)
		lines.push(__("The webhook of {0} is what it was before: {1}", [display, previous]));
	const waiting = total("waiting");
	if (waiting) lines.push(__("Messages that wait are canceled: {0}. Their tickets say so.", [waiting]));
	const conversations = total("conversations");
	if (conversations)
		lines.push(
			__("Conversations stay in their tickets: {0}. Agents can answer by e-mail.", [conversations]),
		);
	if (!may_delete) lines.push(__("Opt-outs stay on record."));
	lines.push(__("Findings about it are removed."));
	return lines;
}

// Only what is left for somebody to do.
function tell_what_became({ numbers, deleted }) {
	const esc = frappe.utils.escape_html;
	const left = numbers.filter(({ still_here }) => still_here);
	if (!left.length) {
		const message = deleted ? __("Disconnected and deleted.") : __("Disconnected.");
		return frappe.show_alert({ message, indicator: "green" });
	}
	const lines = left.map(({ display, problem, words }) => `<li><b>${esc(display)}</b>: ${esc(problem || words)}</li>`);
	frappe.msgprint({
		title: __("Disconnected here, but Twilio still posts messages to this site"),
		indicator: "orange",
		message: `<ul>${lines.join("")}</ul><p>${__("Change the webhook in the Twilio console. Until then, these messages still become tickets here.")}</p>`,
	});
}
