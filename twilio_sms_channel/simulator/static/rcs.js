// What RCS adds to the phone: whether it takes RCS, buttons below messages, and that messages were read.

import { $, el, sync } from "./dom.js"
import { call, conversation, customer, handsetOf, numberOf, ours, state } from "./state.js"

const ABILITIES = [["rcs", "RCS", "This phone takes RCS; else messages go by SMS or MMS"], ["read_receipts", "Read receipts", "This phone tells when a message by RCS was read"]]

export const takes = (number, owner) => number?.textable && (!number.rcs || owner?.rcs)

export function drawAbilities(owner) {
	const isShown = owner?.number.startsWith("+") && state.numbers.some((n) => n.rcs)
	$("abilities").hidden = !isShown
	if (!isShown) return
	const items = ABILITIES.map(([name, label, title]) => ({ name, label, title, on: owner[name], number: owner.number })).filter((each) => each.name === "rcs" || owner.rcs)
	sync($("abilities"), items, (each) => each.name, (each) => el("button", {
		type: "button", class: "ability", "aria-pressed": String(each.on), title: each.title, "data-testid": `ability-${each.name}`, text: each.label,
		onclick: () => call("/handsets", { number: each.number, [each.name]: !each.on }),
	}))
}

export function drawButtons(m) {
	if (!m.buttons.length) return []
	return [el("div", { class: "buttons" }, ...m.buttons.map((words) => el("button", {
		type: "button", class: "tap", text: words, disabled: !m.canTap, "aria-pressed": String(m.tapped === words), "data-testid": `tap-${m.sid}-${words}`,
		onclick: () => call("/taps", { message: m.sid, button: words }).catch(problem),
	})))]
}

export function problem(error) {
	$("send-error").textContent = error.message
	$("send-error").hidden = false
}

// What the customer sees on an open phone has been read.
const told = new Set()
export function tellThatItWasRead() {
	if (!handsetOf(customer)?.read_receipts) return
	const unread = conversation().filter((m) => m.by_rcs && m.status === "delivered" && m.direction === "outbound" && !told.has(m.sid))
	if (!unread.length) return
	unread.forEach((m) => told.add(m.sid))
	call("/read", { customer, ours }).catch(problem)
}
