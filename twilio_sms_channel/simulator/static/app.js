// The handsets. State comes whole from the server and is drawn anew.

import { drawAccounts } from "./accounts.js"
import { drawLog, drawNumbers } from "./behind_the_scenes.js"
import "./compose.js"
import { drawHandsets } from "./customers.js"
import { $, clockTime } from "./dom.js"
import { drawFaults } from "./faults.js"
import { drawPhone } from "./phone.js"
import { takes } from "./rcs.js"
import { API, arrived, call, customer, handsetOf, numberOf, ours, seen, setCustomer, setOurs, setState, state } from "./state.js"
import { show } from "./tabs.js"

const RECONNECT_WORDS = "Not connected: is practice mode still running?"

function draw() {
	if (!state) return
	drawPhone()
	drawHandsets(choose)
	drawAccounts()
	drawNumbers()
	drawLog()
	drawFaults()
}

function choose(number) {
	setCustomer(number)
	// The number this customer last wrote with, as on a real phone.
	setOurs(state.messages.findLast((m) => m.customer === number && takes(numberOf(m.ours), handsetOf(number)))?.ours ?? ours)
	$("send-error").hidden = true
	show("phone")
	draw()
	$("chat").scrollTop = $("chat").scrollHeight
	readyToType()
}

// On a narrow screen a keyboard would cover the conversation.
function readyToType() {
	if (matchMedia("(min-width: 1081px)").matches) $("body").focus()
}

// Changes

let known = null
let loading = null
let stale = false

// Changes come in bursts: one request at a time, and one more when something changed meanwhile.
function load() {
	stale = true
	loading ??= fetchState().finally(() => { loading = null })
	return loading
}

async function fetchState() {
	while (stale) {
		stale = false
		try {
			setState(await call("/state"))
		} catch {
			return connected(false)
		}
		if (!customer || !handsetOf(customer)) setCustomer(state.handsets[0]?.number ?? null)
		const isFirst = !known
		if (isFirst) {
			state.messages.forEach((m) => seen.add(m.sid))
			setOurs(state.messages.findLast((m) => m.customer === customer)?.ours ?? ours)
		}
		announce()
		draw()
		if (isFirst) readyToType()
	}
}

// The conversation on screen announces itself (role=log); messages to other handsets would go unheard.
function announce() {
	const all = state.messages.filter(arrived)
	if (known) {
		const elsewhere = all.findLast((m) => !known.has(m.sid) && !(m.customer === customer && m.ours === ours))
		if (elsewhere) $("announce").textContent = `Message for ${handsetOf(elsewhere.customer)?.name ?? elsewhere.customer}: ${elsewhere.body}`
	}
	known = new Set(all.map((m) => m.sid))
}

function connected(yes) {
	$("live").className = `live ${yes ? "on" : "off"}`
	$("live").textContent = yes ? "Live" : RECONNECT_WORDS
}

const changes = new EventSource(`${API}/changes`)
changes.onopen = () => connected(true)
changes.onerror = () => connected(false)
changes.onmessage = load

// What people do

$("ours").addEventListener("change", () => {
	setOurs($("ours").value)
	draw()
	$("chat").scrollTop = $("chat").scrollHeight
})

$("add").addEventListener("submit", async (event) => {
	event.preventDefault()
	const form = event.target
	try {
		const { number } = await call("/handsets", { name: form.name.value, number: form.number.value })
		$("add-error").hidden = true
		form.reset()
		await load()
		if (handsetOf(number)) choose(number)
	} catch (error) {
		$("add-error").textContent = error.message
		$("add-error").hidden = false
	}
})

$("reset").addEventListener("click", async () => {
	if (confirm("Forget all messages, opt-outs and the log, and switch all faults off?")) await call("/reset", {})
})

document.querySelectorAll(".tabs button").forEach((b) => b.addEventListener("click", () => {
	show(b.dataset.show)
	draw()
}))
show("phone")

function tick() {
	$("clock").textContent = clockTime(new Date()).replace(/\s.*/, "")
}
tick()
setInterval(tick, 10_000)
document.addEventListener("visibilitychange", draw)
