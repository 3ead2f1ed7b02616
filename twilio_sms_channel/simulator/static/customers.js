// Customers, on the left.

import { $, clockTime, el, initials, isToday, spell, sync } from "./dom.js"
import { customer, state, unread } from "./state.js"

const AVATAR_HUES = 6

export function drawHandsets(choose) {
	const items = state.handsets.map((h, i) => {
		const last = state.messages.findLast((m) => m.customer === h.number)
		const words = last ? last.body || "Picture or file" : spell(h.number)
		return { ...h, at: last?.at ?? "", last: last?.direction === "inbound" ? `You: ${words}` : words, unread: unread(h.number), current: h.number === customer, hue: i % AVATAR_HUES }
	})
	sync($("handsets"), items, (h) => h.number, (h) =>
		el("li", {}, el("button", { type: "button", class: "handset", "aria-current": String(h.current), "data-testid": `handset-${h.number}`, title: h.rcs ? `${spell(h.number)}, on RCS` : spell(h.number), onclick: () => choose(h.number) },
			el("span", { class: `avatar hue-${h.hue}`, "aria-hidden": "true" }, initials(h.name), h.rcs ? el("span", { class: "tag", text: "RCS" }) : ""),
			el("span", { class: "name", text: h.name === h.number ? spell(h.number) : h.name }),
			el("span", { class: "when", text: h.at ? when(h.at) : "" }),
			el("span", { class: "last", text: h.last }),
			h.unread ? el("span", { class: "unread", "aria-label": `${h.unread} unread`, text: h.unread }) : "",
		)),
	)
	const total = items.reduce((sum, h) => sum + h.unread, 0)
	$("tab-unread").hidden = !total
	$("tab-unread").textContent = total
}

const when = (iso) => (isToday(iso) ? clockTime(iso) : new Date(iso).toLocaleDateString([], { day: "numeric", month: "short" }))
