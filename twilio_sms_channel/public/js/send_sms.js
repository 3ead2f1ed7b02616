// Desk's forms of people and customers: text them.
//
// Each of these forms loads this anew, so it only declares functions.

// `whom()` gives the properties of <twilio-sms-start>, or nothing when the agent changed their mind.
function twilio_sms_offer(frm, whom) {
	// Into which ticket a message goes, the number of ours that it leaves from decides.
	const doctypes = frappe.boot.twilio_sms?.ticket_doctypes || [];
	const ticket_doctype = doctypes.find((doctype) => frappe.model.can_create(doctype));
	if (frm.is_new() || !ticket_doctype) return;
	frm.add_custom_button(__("Send SMS"), async () => {
		const properties = await whom();
		if (!properties) return;
		await frappe.require("twilio_sms.bundle.js");
		twilio_sms.start_in_desk(ticket_doctype, properties);
	});
}

function twilio_sms_numbers(...phones) {
	return [...new Set(phones.filter(Boolean))].map((phone) => ({ number: phone, display: phone }));
}

// A person of a customer, lead …; the document's own numbers where it has none.
async function twilio_sms_person_of({ doctype, doc }, ...phones) {
	const people = frappe.model.can_read("Contact") ? await twilio_sms_people(doctype, doc.name) : [];
	if (!people.length) return { numbers: twilio_sms_numbers(...phones) };
	const chosen = people.length === 1 ? people[0] : await twilio_sms_choose(people);
	return chosen && { contact: chosen.name, numbers: twilio_sms_numbers(chosen.mobile_no, chosen.phone, ...phones) };
}

function twilio_sms_people(doctype, name) {
	return frappe.db.get_list("Contact", {
		filters: [
			["Dynamic Link", "link_doctype", "=", doctype],
			["Dynamic Link", "link_name", "=", name],
		],
		fields: ["name", "full_name", "mobile_no", "phone"],
		limit: 50,
	});
}

function twilio_sms_choose(people) {
	return new Promise((resolve) => {
		const dialog = frappe.prompt(
			{
				fieldname: "contact",
				fieldtype: "Select",
				label: __("Contact"),
				// Frappe draws the labels of a choice as HTML.
				options: people.map(({ name, full_name }) => ({
					value: name,
					label: frappe.utils.escape_html(full_name || name),
				})),
				default: people[0].name,
				reqd: 1,
			},
			({ contact }) => resolve(people.find(({ name }) => name === contact)),
			__("Send SMS"),
			__("Next"),
		);
		// Whoever chose is answered first.
		dialog.onhide = () => setTimeout(() => resolve(null));
	});
}
