// A message to several people: who else gets what this customer sends.

import { $, el, spell, sync } from "./dom.js"
import { customer, handsetOf, numberOf, ours, state } from "./state.js"

const chosen = new Map()
let redraw = () => {}

// Group messages are MMS of the United States and Canada.
const canGroup = () => customer?.startsWith("+1") && ours?.startsWith("+1") && numberOf(ours)?.textable
const others = () => state.handsets.filter((h) => h.number.startsWith("+1") && h.number !== customer)

export const group = () => (canGroup() ? others().map((h) => h.number).filter((number) => chosen.get(customer)?.has(number)) : [])
export const whenGroupChanges = (draw) => { redraw = draw }
const nameOf = (number) => handsetOf(number)?.name ?? spell(number)
export const inGroup = (m) => (m.group.length ? [el("div", { class: "fate", text: `Also to ${m.group.map(nameOf).join(", ")}` })] : [])

export function drawGroup() {
	$("group").hidden = !canGroup() || !others().length
	const members = group()
	$("group-title").textContent = members.length ? `Group: also to ${members.map(nameOf).join(", ")}` : "Send to a group"
	sync($("members"), others().map((h) => ({ number: h.number, name: h.name, of: customer, on: members.includes(h.number) })), (h) => h.number, (h) => el("label", {},
		el("input", { type: "checkbox", checked: h.on, "data-testid": `member-${h.number}`, onchange: (event) => choose(h.number, event.target.checked) }), ` ${h.name}`))
}

function choose(number, isIn) {
	const members = chosen.get(customer) ?? new Set()
	chosen.set(customer, members)
	members[isIn ? "add" : "delete"](number)
	redraw()
}
