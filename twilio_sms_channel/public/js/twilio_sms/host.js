// What the components need of the page around them. Desk and Helpdesk each hand in an object of their own:
//
//   call(method, args, {get}) → Promise     an endpoint; short names are of twilio_sms_channel.api.ticket. Rejects with an
//                                           Error: .message for people, .exc_type the server's class, .status of HTTP
//   upload(file, {ticket, on_progress}) → Promise<{name, file_name, file_url, file_size}>
//                                           a private File attached to the ticket; on_progress gets 0…1
//   discard(file_name)                      delete such a File again, by its name
//   __(text, args)                          translate
//   toast(text, kind)                       say something in passing; kind: success, warning, error
//   ticket_doctype                          the DocType of the page's tickets; calls that name a ticket name it as well
//   open(doctype, name)
//   open_ticket(name, doctype)              without a DocType one of the page's own
//   on_update(ticket, fn) → off()           told of each change of the ticket's conversation
//   live()                                  whether such news comes by itself at the moment
//   date(text) → Date                       of a time as Frappe writes it; without it the browser's time zone is taken
//   user                                    who is logged in
//   is_rtl

let given = null;
const given_for = new Map();

export function set_host(object) {
	given = object;
	given_for.set(object.ticket_doctype, object);
}

// The one that tickets of this DocType were shown with: Desk keeps their form while that of another DocType is open.
export function host_of(ticket_doctype) {
	return given_for.get(ticket_doctype) || host;
}

// Whether news of the site are about a ticket. A worker that has not been restarted since an update leaves the DocType out.
export function is_about(news, ticket_doctype, ticket) {
	return String(news?.ticket) === String(ticket) && (news.ticket_doctype ?? ticket_doctype) === ticket_doctype;
}

// The components import this one, whatever was or will be handed in.
export const host = new Proxy(
	{},
	{
		get(_target, name) {
			if (!given) throw new Error("twilio_sms: call set_host first");
			const value = given[name];
			return typeof value === "function" ? value.bind(given) : value;
		},
	},
);

export function __(text, args) {
	return given ? given.__(text, args) : filled(text, args);
}

export function filled(text, args = []) {
	return text.replace(/\{(\d+)\}/g, (hole, place) => args[place] ?? hole);
}
