// The handsets. State comes whole from the server and is drawn anew; everything typed by people is set as textContent.

const API = "/simulator/api"
const MAX_MEDIA = 10
const MAX_MEDIA_BYTES = 5 * 1024 * 1024
const TIME_GAP_MS = 15 * 60 * 1000
const RECONNECT_WORDS = "Not connected: is practice mode still running?"
const SAMPLES = ["Hi! My order has not arrived yet.", "Can I change my appointment to Friday?", "HELP"]

const FAULT_GROUPS = {
	"Every API request": ["rate_limit", "outage", "connection_closed", "slow_api"],
	"Sending a text": ["error_before", "error_after", "timeout_before", "timeout_after", "smart_encoding", "redaction", "region_disabled"],
	"Delivery reports": ["callback_first", "callback_lost", "callback_doubled", "callback_reordered"],
	"Incoming texts": ["webhook_lost", "webhook_doubled", "bad_signature", "media_missing"],
}
const FAULT_MODES = { off: "Off", "next:1": "Next time", "next:3": "Next 3 times", "sometimes:0.5": "Half the time", always: "Always" }
const KINDS = { webhook: "Webhook", callback: "Callback", request: "API", notice: "Notice" }
const FATES = { accepted: "Accepted…", queued: "Queued…", scheduled: "Scheduled", sending: "Sending…", sent: "Sent", delivered: "Delivered ✓", read: "Read ✓", canceled: "Canceled" }

const $ = (id) => document.getElementById(id)
let state = null
let customer = null
let ours = null
let files = []
let known = null

// Drawing helpers

function el(tag, attributes = {}, ...children) {
	const node = document.createElement(tag)
	for (const [name, value] of Object.entries(attributes)) {
		if (name === "text") node.textContent = value
		else if (name.startsWith("on")) node.addEventListener(name.slice(2), value)
		else if (value === true) node.setAttribute(name, "")
		else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value)
	}
	node.append(...children)
	return node
}

// Keeps nodes whose item did not change, so that focus, open details and selected text survive a redraw.
function sync(parent, items, keyOf, draw) {
	let refocus = null
	const before = new Map([...parent.children].map((node) => [node.dataset.key, node]))
	const nodes = items.map((item) => {
		const key = String(keyOf(item))
		const signature = JSON.stringify(item)
		const old = before.get(key)
		if (old?.signature === signature) return old
		const node = draw(item, old)
		node.dataset.key = key
		node.signature = signature
		if (old?.contains(document.activeElement)) refocus = { node, testid: document.activeElement.dataset.testid }
		return node
	})
	nodes.forEach((node, i) => {
		if (parent.children[i] !== node) parent.insertBefore(node, parent.children[i] ?? null)
	})
	while (parent.children.length > nodes.length) parent.lastElementChild.remove()
	refocus?.node.querySelector(`[data-testid="${refocus.testid}"]`)?.focus()
}

function spell(number) {
	const us = /^\+1(\d{3})(\d{3})(\d{4})$/.exec(number)
	if (us) return `+1 ${us[1]} ${us[2]} ${us[3]}`
	const uk = /^\+44(\d{4})(\d{6})$/.exec(number)
	if (uk) return `+44 ${uk[1]} ${uk[2]}`
	return number
}

const clockTime = (iso) => new Date(iso).toLocaleTimeString([], { hour: "numeric", minute: "2-digit" })
const exactTime = (iso) => new Date(iso).toLocaleTimeString([], { hour: "numeric", minute: "2-digit", second: "2-digit" })

function size(bytes) {
	return bytes < 1024 * 1024 ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`
}

function initials(name) {
	const words = name.replace(/[^\p{L}\p{N} ]/gu, "").trim().split(/\s+/)
	return /^\d/.test(words[0]) ? "#" : words.slice(0, 2).map((w) => [...w][0] ?? "").join("").toUpperCase()
}

const AVATAR_HUES = 6
const handsetOf = (number) => state.handsets.find((h) => h.number === number)
const numberOf = (number) => state.numbers.find((n) => n.number === number)

// What was read

const seen = new Set()
const conversation = () => state.messages.filter((m) => m.customer === customer && m.ours === ours)
const over = (m) => m.direction === "inbound" || m.final || m.status === "sent"
const arrived = (m) => m.direction === "outbound" && ["sent", "delivered", "read"].includes(m.status)
const unread = (number, from = null) => state.messages.filter((m) => m.customer === number && (!from || m.ours === from) && arrived(m) && !seen.has(m.sid)).length

// Left: customers

function drawHandsets() {
	const items = state.handsets.map((h, i) => {
		const last = state.messages.findLast((m) => m.customer === h.number)
		const words = last ? last.body || "Picture or file" : spell(h.number)
		return { ...h, at: last?.at ?? "", last: last?.direction === "inbound" ? `You: ${words}` : words, unread: unread(h.number), current: h.number === customer, hue: i % AVATAR_HUES }
	})
	sync($("handsets"), items, (h) => h.number, (h) =>
		el("li", {}, el("button", { type: "button", class: "handset", "aria-current": String(h.current), "data-testid": `handset-${h.number}`, title: spell(h.number), onclick: () => choose(h.number) },
			el("span", { class: `avatar hue-${h.hue}`, "aria-hidden": "true", text: initials(h.name) }),
			el("span", { class: "name", text: h.name === h.number ? spell(h.number) : h.name }),
			el("span", { class: "when", text: h.at ? clockTime(h.at) : "" }),
			el("span", { class: "last", text: h.last }),
			h.unread ? el("span", { class: "unread", "aria-label": `${h.unread} unread`, text: h.unread }) : "",
		)),
	)
	const total = items.reduce((sum, h) => sum + h.unread, 0)
	$("tab-unread").hidden = !total
	$("tab-unread").textContent = total
}

function choose(number) {
	customer = number
	// The number this customer last wrote with, as on a real phone.
	ours = state.messages.findLast((m) => m.customer === number && numberOf(m.ours)?.textable)?.ours ?? ours
	$("send-error").hidden = true
	show("phone")
	draw()
	$("chat").scrollTop = $("chat").scrollHeight
	if (matchMedia("(min-width: 1081px)").matches) $("body").focus()
}

// Middle: the phone

function drawPhone() {
	const owner = handsetOf(customer)
	const senders = [...new Set(state.messages.filter((m) => m.customer === customer).map((m) => m.ours))]
	const choices = [...state.numbers.filter((n) => n.textable || senders.includes(n.number)), ...senders.filter((s) => !numberOf(s)).map((s) => ({ number: s, name: s, kind: "" }))]
	if (!choices.some((n) => n.number === ours)) ours = choices[0]?.number ?? null
	$("phone-title").textContent = owner ? `${owner.name}’s phone` : "No customer yet"
	drawChat()
	sync($("ours"), choices.map((n) => ({ number: n.number, name: n.name, news: unread(customer, n.number) })), (n) => n.number, (n) =>
		el("option", { value: n.number, text: [spell(n.number), n.name && n.name !== n.number ? ` · ${n.name}` : "", n.news ? ` (${n.news} new)` : ""].join("") }))
	$("ours").value = ours ?? ""
	const number = numberOf(ours)
	const optedOut = number?.opted_out.includes(customer)
	$("opted-out").hidden = !optedOut
	if (optedOut) $("opted-out").textContent = `${owner.name} opted out of ${spell(ours)}. Text START to be reachable again.`
	const ready = Boolean(owner && number?.textable)
	for (const id of ["body", "attach"]) $(id).disabled = !ready
	drawSendButton()
}

function drawSendButton() {
	$("send").disabled = $("body").disabled || !($("body").value.trim() || files.length)
}

function drawChat() {
	const messages = conversation()
	const chat = $("chat")
	const atEnd = chat.scrollHeight - chat.scrollTop - chat.clientHeight < 80
	const items = []
	let previous = 0
	for (const m of messages) {
		const at = Date.parse(m.at)
		if (at - previous > TIME_GAP_MS) items.push({ sid: `time-${m.sid}`, time: m.at })
		previous = at
		items.push(m)
	}
	sync(chat, items, (m) => m.sid, (m, old) => (m.time ? el("div", { class: "time", text: timeLabel(m.time) }) : drawBubble(m, old)))
	if (!document.hidden && visible("phone")) messages.filter(arrived).forEach((m) => seen.add(m.sid))
	if (atEnd) chat.scrollTop = chat.scrollHeight
	$("empty").hidden = messages.length > 0
	$("empty-words").textContent = !state.numbers.length
		? "Practice mode has no number of yours yet. Add a number in the helpdesk’s settings, or start with --number."
		: ours ? `Type a message as the customer; it goes to ${spell(ours)} of your helpdesk.` : "Choose a customer."
	$("samples").hidden = !numberOf(ours)?.textable
}

function timeLabel(iso) {
	const day = new Date(iso)
	const today = new Date().toDateString() === day.toDateString()
	return `${today ? "Today" : day.toLocaleDateString([], { weekday: "short", day: "numeric", month: "short" })} ${clockTime(iso)}`
}

function drawBubble(m, old) {
	const lost = ["failed", "undelivered", "canceled"].includes(m.status)
	const classes = ["bubble", lost && "lost", m.automatic && "auto", !over(m) && "underway"].filter(Boolean).join(" ")
	const [words, bad] = fate(m)
	const node = el("div", { class: classes, "data-testid": "bubble", "data-direction": m.direction, "data-status": m.status, "data-sid": m.sid, title: `${exactTime(m.at)} · ${m.sid}` },
		...m.media.map((file) => oldMedia(old, file) ?? drawMedia(file)),
		...(m.body ? [el("div", { class: "text", text: m.body })] : []),
		el("div", { class: `fate${bad ? " bad" : ""}`, text: words }),
	)
	if (old) node.style.animation = "none"
	return node
}

// A picture that is drawn anew would flicker at every change of status.
const oldMedia = (old, file) => old && [...old.children].find((child) => child.dataset.media === file.sid)

function drawMedia(file) {
	const url = `${API}/media/${encodeURIComponent(file.sid)}`
	if (/^image\/(jpeg|jpg|png|gif|webp)$/.test(file.type)) return el("img", { class: "picture", src: url, alt: file.name, "data-media": file.sid, onload: keepAtEnd })
	if (file.type.startsWith("video/")) return el("video", { class: "picture", src: url, controls: true, preload: "metadata", "aria-label": file.name, "data-media": file.sid })
	if (file.type.startsWith("audio/")) return el("audio", { class: "chip", src: url, controls: true, preload: "metadata", "aria-label": file.name, "data-media": file.sid })
	return el("a", { class: "chip", href: url, download: file.name, "data-media": file.sid }, el("span", { "aria-hidden": "true", text: "📄" }), el("span", { class: "chip-name", text: file.name }), el("span", { class: "chip-size", text: size(file.size) }))
}

function keepAtEnd() {
	const chat = $("chat")
	if (chat.scrollHeight - chat.scrollTop - chat.clientHeight < 360) chat.scrollTop = chat.scrollHeight
}

// What became of a message, and whether that is bad.
function fate(m) {
	if (m.direction === "inbound") {
		if (m.announced === null) return ["Sent", false]
		return m.announced ? ["Reached the helpdesk ✓", false] : ["Sent, but the helpdesk did not take it", true]
	}
	if (m.automatic) return ["Answered by Twilio, not by the helpdesk", false]
	if (m.error_code) return [`${m.status === "failed" ? "Failed" : "Never arrived"}: ${m.error_code} ${m.error_message}`, true]
	return [FATES[m.status] ?? m.status, false]
}

// Right: behind the scenes

function drawNumbers() {
	$("no-numbers").hidden = state.numbers.length > 0
	sync($("numbers"), state.numbers, (n) => n.number, (n) => {
		const health = n.dropped ? ["bad", "The service drops texts to this number: it has no inbound URL"]
			: n.kind === "alphanumeric sender" ? ["", "Sends only"]
			: n.application ? ["bad", `The application ${n.application} takes the texts to this number`]
			: !n.webhook ? ["bad", "No webhook URL: texts to this number reach nobody"]
			: !n.last ? ["", "No webhook sent yet"]
			: n.last.ok ? ["good", `Last webhook answered ${n.last.status}`]
			: ["bad", n.last.error || `Last webhook answered ${n.last.status}`]
		return el("li", { class: "number" },
			el("div", { class: "head" }, el("strong", { text: spell(n.number) }), el("span", { class: "kind", text: n.service ? `${n.kind}, in ${n.service}` : n.kind })),
			...(n.webhook ? [el("code", { title: n.webhook, text: `${n.method} ${n.webhook}` })] : []),
			el("div", { class: `health ${health[0]}`, text: health[1] }),
		)
	})
}

function drawLog() {
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

function drawFaults() {
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

// Talking to the server

async function call(path, data) {
	const options = data === undefined ? {} : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(data) }
	const response = await fetch(API + path, options)
	const answer = await response.json().catch(() => ({}))
	if (!response.ok) throw new Error(answer.error ?? `Practice mode answered ${response.status}.`)
	return answer
}

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
			state = await call("/state")
		} catch {
			return connected(false)
		}
		if (!customer || !handsetOf(customer)) customer = state.handsets[0]?.number ?? null
		if (!known) {
			state.messages.forEach((m) => seen.add(m.sid))
			ours = state.messages.findLast((m) => m.customer === customer)?.ours ?? ours
		}
		announce()
		draw()
	}
}

// The conversation on screen announces itself (role=log); texts to other handsets would go unheard.
function announce() {
	const all = state.messages.filter(arrived)
	if (known) {
		const elsewhere = all.findLast((m) => !known.has(m.sid) && !(m.customer === customer && m.ours === ours))
		if (elsewhere) $("announce").textContent = `Text for ${handsetOf(elsewhere.customer)?.name ?? elsewhere.customer}: ${elsewhere.body}`
	}
	known = new Set(all.map((m) => m.sid))
}

function draw() {
	if (!state) return
	drawPhone()
	drawHandsets()
	drawNumbers()
	drawLog()
	drawFaults()
}

function connected(yes) {
	$("live").className = `live ${yes ? "on" : "off"}`
	$("live").textContent = yes ? "Live" : RECONNECT_WORDS
}

const changes = new EventSource(`${API}/changes`)
changes.onopen = () => connected(true)
changes.onerror = () => connected(false)
changes.onmessage = load

// Writing

function attach(list) {
	const added = [...list]
	const total = [...files, ...added].reduce((sum, f) => sum + f.size, 0)
	if (files.length + added.length > MAX_MEDIA) return problem(`At most ${MAX_MEDIA} files fit in a message.`)
	if (total > MAX_MEDIA_BYTES) return problem("The files are larger than 5 MB together.")
	$("send-error").hidden = true
	files.push(...added)
	drawFiles()
}

function drawFiles() {
	$("files").querySelectorAll("img").forEach((img) => URL.revokeObjectURL(img.src))
	$("files").replaceChildren(...files.map((file) => el("li", { class: "file" },
		file.type.startsWith("image/") ? el("img", { src: URL.createObjectURL(file), alt: "" }) : el("span", { "aria-hidden": "true", text: "📄" }),
		el("span", { text: file.name }),
		el("button", { type: "button", "aria-label": `Remove ${file.name}`, text: "✕", onclick: () => { files = files.filter((f) => f !== file); drawFiles() } }),
	)))
	drawSendButton()
}

function problem(words) {
	$("send-error").textContent = words
	$("send-error").hidden = false
}

async function base64(file) {
	const url = await new Promise((resolve, reject) => {
		const reader = new FileReader()
		reader.onload = () => resolve(reader.result)
		reader.onerror = () => reject(new Error(`${file.name} could not be read.`))
		reader.readAsDataURL(file)
	})
	return url.slice(url.indexOf(",") + 1)
}

$("compose").addEventListener("submit", async (event) => {
	event.preventDefault()
	const body = $("body").value
	if ($("send").disabled) return
	const sent = files
	$("send").disabled = true
	$("send-error").hidden = true
	try {
		const media = await Promise.all(sent.map(async (file) => ({ name: file.name, data: await base64(file) })))
		$("body").value = ""
		files = []
		drawFiles()
		grow()
		await call("/texts", { from: customer, to: ours, body, media })
		$("chat").scrollTop = $("chat").scrollHeight
	} catch (error) {
		problem(error.message)
		$("body").value ||= body
		if (!files.length) files = sent
		drawFiles()
		grow()
	}
})

function grow() {
	$("body").style.height = "auto"
	$("body").style.height = `${$("body").scrollHeight + 2}px`
	drawSendButton()
}

$("body").addEventListener("input", grow)
$("body").addEventListener("keydown", (event) => {
	if (event.key !== "Enter" || event.shiftKey || event.isComposing) return
	event.preventDefault()
	$("compose").requestSubmit()
})
$("body").addEventListener("paste", (event) => {
	if (!event.clipboardData.files.length) return
	event.preventDefault()
	attach(event.clipboardData.files)
})
$("attach").addEventListener("click", () => $("file").click())
$("file").addEventListener("change", () => {
	attach($("file").files)
	$("file").value = ""
})
for (const [name, over] of [["dragenter", true], ["dragover", true], ["dragleave", false], ["drop", false]]) {
	$("device").addEventListener(name, (event) => {
		if (!event.dataTransfer?.types.includes("Files")) return
		event.preventDefault()
		$("device").classList.toggle("dropping", over)
		if (name === "drop") attach(event.dataTransfer.files)
	})
}
$("samples").append(...SAMPLES.map((text) => el("button", { type: "button", text, onclick: () => {
	$("body").value = text
	grow()
	$("body").focus()
} })))

$("ours").addEventListener("change", () => {
	ours = $("ours").value
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
	if (confirm("Forget all texts, opt-outs and the log, and switch all faults off?")) await call("/reset", {})
})

// Parts of the page

const visible = (part) => matchMedia("(min-width: 1081px)").matches || document.body.dataset.tab === part

function show(part) {
	document.body.dataset.tab = part
	document.querySelectorAll(".tabs button").forEach((b) => b.setAttribute("aria-current", String(b.dataset.show === part)))
}
document.querySelectorAll(".tabs button").forEach((b) => b.addEventListener("click", () => {
	show(b.dataset.show)
	draw()
}))
show("phone")

const panels = [["tab-log", "log-panel"], ["tab-faults", "faults-panel"]]
function open(tab) {
	for (const [button, panel] of panels) {
		$(button).setAttribute("aria-selected", String(button === tab))
		$(button).tabIndex = button === tab ? 0 : -1
		$(panel).hidden = button !== tab
	}
}
for (const [tab] of panels) {
	$(tab).addEventListener("click", () => open(tab))
	$(tab).addEventListener("keydown", (event) => {
		if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return
		const other = panels.find(([button]) => button !== tab)[0]
		open(other)
		$(other).focus()
	})
}

function tick() {
	$("clock").textContent = clockTime(new Date()).replace(/\s.*/, "")
}
tick()
setInterval(tick, 10_000)
document.addEventListener("visibilitychange", draw)
