// Faults, on the right.

import { $, el, sync } from "./dom.js"
import { call, state } from "./state.js"

const FAULT_GROUPS = {
	"Every API request": ["rate_limit", "outage", "connection_closed", "slow_api"],
	"Message list": ["list_cut", "list_broken"],
	"Sending a message": ["error_before", "error_after", "timeout_before", "timeout_after", "smart_encoding", "link_shortening", "redaction", "compliance_hold", "hold_fails", "region_disabled"],
	"Delivery reports": ["callback_first", "callback_lost", "callback_doubled", "callback_reordered"],
	"Incoming messages": ["webhook_lost", "webhook_doubled", "bad_signature", "media_missing"],
}
const FAULT_MODES = { off: "Off", "next:1": "Next time", "next:3": "Next 3 times", "sometimes:0.5": "Half the time", always: "Always" }

export function drawFaults() {
	const byName = new Map(state.faults.map((f) => [f.name, f]))
	sync($("faults"), Object.entries(FAULT_GROUPS).map(([title, names]) => ({ title, faults: names.map((n) => byName.get(n)) })), (g) => g.title, (group) =>
		el("div", { class: "fault-group" }, el("h3", { text: group.title }), ...group.faults.map(drawFault)))
	const on = state.faults.filter((f) => f.on).length
	$("faults-on").hidden = !on
	$("faults-on").textContent = on
}

function drawFault(fault) {
	const mode = !fault.on ? "off" : fault.remaining !== null ? `next:${fault.remaining}` : fault.probability < 1 ? `sometimes:${fault.probability}` : "always"
	const modes = FAULT_MODES[mode] ? FAULT_MODES : { ...FAULT_MODES, [mode]: fault.remaining ? `Next ${fault.remaining} times` : `${Math.round(fault.probability * 100)} % of times` }
	const id = `fault-${fault.name}`
	const select = el("select", { id, "data-testid": id, "aria-describedby": `${id}-words`, onchange: (e) => setFault(fault.name, e.target.value) },
		...Object.entries(modes).map(([value, text]) => el("option", { value, text, selected: value === mode })))
	const title = fault.name.replaceAll("_", " ").replace(/^./, (c) => c.toUpperCase()).replace("api", "API")
	return el("div", { class: `fault${fault.on ? " on" : ""}` }, el("div", {}, el("label", { for: id, text: title }), el("p", { id: `${id}-words`, text: fault.description })), select)
}

async function setFault(name, choice) {
	const [mode, amount] = choice.split(":")
	await call("/faults", { name, mode, times: Number(amount ?? 1), probability: Number(amount ?? 1) })
}
