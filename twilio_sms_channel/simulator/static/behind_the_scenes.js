// Behind the scenes, on the right: our numbers and the event log.

import { $, el, exactTime, spell, sync } from "./dom.js"
import { problem } from "./rcs.js"
import { call, customer, handsetOf, state } from "./state.js"

const KINDS = { webhook: "Webhook", callback: "Callback", request: "API", notice: "Notice" }

export function drawNumbers() {
	$("no-numbers").hidden = state.numbers.length > 0
	const owner = handsetOf(customer)
	sync($("numbers"), state.numbers.map((n) => (n.rcs ? { ...n, to: owner } : n)), (n) => n.number, (n) => {
		const health = n.rcs && !n.online ? ["bad", `${n.status}: messages go by SMS or MMS`]
			: n.dropped ? ["bad", "The service drops messages to this number: it has no inbound URL"]
			: n.kind === "alphanumeric sender" ? ["", "Sends only"]
			: n.application ? ["bad", `The application ${n.application} takes the messages to this number`]
			: !n.webhook ? ["bad", "No webhook URL: messages to this number reach nobody"]
			: !n.last ? ["", "No webhook sent yet"]
			: n.last.ok ? ["good", `Last webhook answered ${n.last.status}`]
			: ["bad", n.last.error || `Last webhook answered ${n.last.status}`]
		return el("li", { class: "number" },
			el("div", { class: "head" }, el("strong", { text: spell(n.number), title: n.number }), el("span", { class: "kind", text: n.service ? `${n.kind}, in ${n.service}` : n.kind })),
			...(n.webhook ? [el("code", { title: n.webhook, text: `${n.method} ${n.webhook}` })] : []),
			el("div", { class: `health ${health[0]}`, text: health[1] }),
			...(n.rcs && n.service && n.to ? [el("button", { type: "button", class: "quiet card", text: `Send ${n.to.name} a card`, title: "A message with buttons, as another program of yours sends it", "data-testid": `card-${n.number}`, onclick: () => call("/cards", { from: n.number, to: n.to.number }).catch(problem) })] : []),
		)
	})
}

export function drawLog() {
	$("log-empty").hidden = state.events.length > 0
	sync($("log"), [...state.events].reverse(), (e) => e.seq, (e) =>
		el("li", { class: `event kind-is-${e.kind}`, "data-testid": "event", "data-kind": e.kind }, el("details", { ontoggle: (toggled) => openEvent(toggled.target, e.seq) },
			el("summary", {},
				el("span", { class: `kind-tag kind-${e.kind}`, text: KINDS[e.kind] }),
				el("span", { class: "title" }, e.title, e.who ? el("span", { class: "who", text: ` · ${handsetOf(e.who)?.name ?? spell(e.who)}` }) : ""),
				e.kind === "notice" ? "" : el("span", { class: `code${e.ok ? "" : " bad"}`, text: e.status ?? "no answer" }),
				el("span", { class: "meta" }, exactTime(e.at), e.latency_ms === null ? "" : ` · ${e.latency_ms} ms`, e.note ? " · " : "", e.note ? el("span", { class: "bad", text: e.note }) : ""),
			))))
}

async function openEvent(details, seq) {
	if (!details.open || details.querySelector(".details")) return
	const box = el("div", { class: "details" })
	details.append(box)
	const found = await call(`/events/${seq}`).catch((error) => ({ Problem: error.message }))
	for (const [heading, content] of Object.entries(found)) {
		if (!content || (typeof content === "object" && !Object.keys(content).length)) continue
		box.append(el("h4", { text: heading }))
		if (typeof content === "string") box.append(el("pre", { text: content }))
		else box.append(el("table", {}, el("tbody", {}, ...Object.entries(content).map(([k, v]) => el("tr", {}, el("th", { scope: "row", text: k }), el("td", { text: v }))))))
	}
}
