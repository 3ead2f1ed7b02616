// The list of tickets, and making one by hand: for agents, and for customers on their portal.

const FIELDS = ["name", "subject", "customer", "contact", "agent_group", "status", "modified"];
const NEWEST = 100;
const ago = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const UNITS = [
	["day", 86400],
	["hour", 3600],
	["minute", 60],
];

// `make` and `call` are the page's, `app` is where the list goes, `base` where its tickets are. Returns what draws it anew.
window.ticket_list = ({ make, call, app, say, base, is_portal }) => {
	const rows = make("tbody");
	const make_one = make("button", { className: "primary" }, "New Ticket");
	const heads = ["Ticket", "Subject", "Customer", "Team", "Status", "Updated"].map((text) => make("th", {}, text));
	const table = make("table", { className: "tickets" }, make("thead", {}, make("tr", {}, ...heads)), rows);
	app.replaceChildren(
		make("header", { id: "app-header" }, make("h1", {}, is_portal ? "My Tickets" : "Tickets"), make_one),
		make("div", { className: "list" }, table),
	);
	make_one.onclick = () => new_ticket({ make, call, say, base, is_portal });

	return async () => {
		const found = await call("frappe.client.get_list", {
			doctype: "HD Ticket",
			fields: FIELDS,
			order_by: "modified desc",
			limit_page_length: NEWEST,
		});
		rows.replaceChildren(...found.map((ticket) => row(make, ticket, base)));
	};
};

function row(make, ticket, base) {
	const link = make("a", { href: `${base}/${encodeURIComponent(ticket.name)}` }, ticket.subject);
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

async function new_ticket({ make, call, say, base, is_portal }) {
	const all = { fields: ["name"], limit_page_length: 0 };
	const choice = async (name, doctype) => {
		const found = await call("frappe.client.get_list", { doctype, ...all });
		const options = ["", ...found.map((one) => one.name)].map((value) => make("option", { value }, value));
		return make("select", { name }, ...options);
	};
	const field = (label, control) => make("label", {}, label, control);
	const subject = make("input", { name: "subject", required: true });
	// Of a customer's own ticket the contact is clear, and the team is for the helpdesk to choose.
	const for_agents = is_portal
		? []
		: [field("Contact", await choice("contact", "Contact")), field("Team", await choice("agent_group", "HD Team"))];
	const description = make("textarea", { name: "description", rows: 4 });
	const cancel = make("button", { type: "button" }, "Cancel");
	const form = make(
		"form",
		{ method: "dialog" },
		make("h2", {}, "New Ticket"),
		field("Subject", subject),
		...for_agents,
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
			const made = is_portal
				? await call("helpdesk.helpdesk.doctype.hd_ticket.api.new", { doc: values })
				: await call("frappe.client.insert", { doc: { doctype: "HD Ticket", ...values } });
			location.assign(`${base}/${encodeURIComponent(made.name)}`);
		} catch (error) {
			say(error.message);
		}
	};
	document.body.append(dialog);
	dialog.showModal();
}
