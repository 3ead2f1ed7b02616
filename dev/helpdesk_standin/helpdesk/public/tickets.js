// The list of tickets, and making one by hand.

const FIELDS = ["name", "subject", "customer", "contact", "agent_group", "status", "modified"];
const NEWEST = 100;
const ago = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const UNITS = [
	["day", 86400],
	["hour", 3600],
	["minute", 60],
];

// `make` and `call` are the page's, `app` is where the list goes. Returns what draws it anew.
window.ticket_list = ({ make, call, app, say }) => {
	const rows = make("tbody");
	const make_one = make("button", { className: "primary" }, "New Ticket");
	const heads = ["Ticket", "Subject", "Customer", "Team", "Status", "Updated"].map((text) => make("th", {}, text));
	const table = make("table", { className: "tickets" }, make("thead", {}, make("tr", {}, ...heads)), rows);
	app.replaceChildren(
		make("header", { id: "app-header" }, make("h1", {}, "Tickets"), make_one),
		make("div", { className: "list" }, table),
	);
	make_one.onclick = () => new_ticket({ make, call, say });

	return async () => {
		const found = await call("frappe.client.get_list", {
			doctype: "HD Ticket",
			fields: FIELDS,
			order_by: "modified desc",
			limit_page_length: NEWEST,
		});
		rows.replaceChildren(...found.map((ticket) => row(make, ticket)));
	};
};

function row(make, ticket) {
	const link = make("a", { href: `/helpdesk/tickets/${encodeURIComponent(ticket.name)}` }, ticket.subject);
	const cells = [
		`#${ticket.name}`,
		link,
		ticket.customer || ticket.contact || "",
		ticket.agent_group || "",
		make("span", { className: `status ${ticket.status.toLowerCase()}` }, ticket.status),
		since(ticket.modified),
	];
	return make("tr", { onclick: () => link.click() }, ...cells.map((cell) => make("td", {}, cell)));
}

// Times are in the zone of the site, which is UTC.
function since(text) {
	const seconds = (new Date(`${text.slice(0, 19).replace(" ", "T")}Z`) - Date.now()) / 1000;
	const [unit, length] = UNITS.find(([, length]) => -seconds >= length) || ["second", 1];
	return unit === "second" ? "just now" : ago.format(Math.round(seconds / length), unit);
}

async function new_ticket({ make, call, say }) {
	const contacts = await call("frappe.client.get_list", { doctype: "Contact", fields: ["name"], limit_page_length: 0 });
	const teams = await call("frappe.client.get_list", { doctype: "HD Team", fields: ["name"], limit_page_length: 0 });
	const option = ({ name }) => make("option", { value: name }, name);
	const none = () => make("option", { value: "" }, "");
	const field = (label, control) => make("label", {}, label, control);
	const subject = make("input", { name: "subject", required: true });
	const contact = make("select", { name: "contact" }, none(), ...contacts.map(option));
	const team = make("select", { name: "agent_group" }, none(), ...teams.map(option));
	const description = make("textarea", { name: "description", rows: 4 });
	const cancel = make("button", { type: "button" }, "Cancel");
	const form = make(
		"form",
		{ method: "dialog" },
		make("h2", {}, "New Ticket"),
		field("Subject", subject),
		field("Contact", contact),
		field("Team", team),
		field("Description", description),
		make("div", { className: "bar" }, cancel, make("button", { className: "primary" }, "Create")),
	);
	const dialog = make("dialog", {}, form);
	cancel.onclick = () => dialog.close();
	dialog.onclose = () => dialog.remove();
	form.onsubmit = async (event) => {
		event.preventDefault();
		const values = Object.fromEntries([...new FormData(form)].filter(([, value]) => value));
		try {
			const made = await call("frappe.client.insert", { doc: { doctype: "HD Ticket", ...values } });
			location.assign(`/helpdesk/tickets/${encodeURIComponent(made.name)}`);
		} catch (error) {
			say(error.message);
		}
	};
	document.body.append(dialog);
	dialog.showModal();
}
