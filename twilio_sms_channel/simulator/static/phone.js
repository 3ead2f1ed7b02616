// The phone, in the middle: the conversation of one customer with one number.

import { drawSendButton } from "./compose.js"
import { $, clockTime, el, exactTime, isToday, size, spell, sync } from "./dom.js"
import { drawGroup, inGroup, whenGroupChanges } from "./group.js"
import { drawAbilities, drawButtons, takes, tellThatItWasRead } from "./rcs.js"
import { API, arrived, conversation, customer, handsetOf, numberOf, ours, over, seen, setOurs, state, unread } from "./state.js"
import { visible } from "./tabs.js"

const TIME_GAP_MS = 15 * 60 * 1000
const FATES = { accepted: "Accepted…", queued: "Queued…", scheduled: "Scheduled", sending: "Sending…", sent: "Sent", delivered: "Delivered ✓", read: "Read ✓✓", canceled: "Canceled" }

export function drawPhone() {
	const owner = handsetOf(customer)
	const senders = [...new Set(state.messages.filter((m) => m.customer === customer).map((m) => m.ours))]
	const choices = [...state.numbers.filter((n) => takes(n, owner) || senders.includes(n.number)), ...senders.filter((s) => !numberOf(s)).map((s) => ({ number: s, name: s, kind: "" }))]
	if (!choices.some((n) => n.number === ours)) setOurs(choices[0]?.number ?? null)
	$("phone-title").textContent = owner ? `${owner.name}’s phone` : "No customer yet"
	drawChat()
	sync($("ours"), choices.map((n) => ({ number: n.number, name: n.name, rcs: n.rcs, news: unread(customer, n.number) })), (n) => n.number, (n) =>
		el("option", { value: n.number, text: [nameOf(n), n.news ? ` (${n.news} new)` : ""].join("") }))
	$("ours").value = ours ?? ""
	const number = numberOf(ours)
	const optedOut = number?.opted_out.includes(customer)
	$("opted-out").hidden = !optedOut
	if (optedOut) $("opted-out").textContent = `${owner.name} opted out of ${calledBy(ours)}. Text START to be reachable again.`
	drawAbilities(owner)
	const ready = Boolean(owner && takes(number, owner))
	$("body").placeholder = number?.rcs ? (ready ? "RCS message" : "Not on RCS") : "Text message"
	for (const id of ["body", "attach"]) $(id).disabled = !ready
	drawGroup()
	drawSendButton()
}
whenGroupChanges(drawGroup)

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
		items.push(m.buttons.length ? { ...m, canTap: takes(numberOf(ours), handsetOf(customer)) } : m)
	}
	sync(chat, items, (m) => m.sid, (m, old) => (m.time ? el("div", { class: "time", text: timeLabel(m.time) }) : drawBubble(m, old)))
	if (!document.hidden && visible("phone")) {
		messages.filter(arrived).forEach((m) => seen.add(m.sid))
		tellThatItWasRead()
	}
	if (atEnd) chat.scrollTop = chat.scrollHeight
	$("empty").hidden = messages.length > 0
	$("empty-words").textContent = !state.numbers.length
		? "Practice mode has no number of yours yet. Add a number in the helpdesk’s settings, or start with --number."
		: ours ? `Type a message as the customer; it goes to ${calledBy(ours)} of your helpdesk.` : "Choose a customer."
	$("samples").hidden = !takes(numberOf(ours), handsetOf(customer))
}

const calledBy = (number) => (numberOf(number)?.rcs ? numberOf(number).name : spell(number))
const nameOf = (n) => (n.rcs ? `${n.name} · RCS` : n.name && n.name !== n.number ? `${spell(n.number)} · ${n.name}` : spell(n.number))

function timeLabel(iso) {
	const day = new Date(iso)
	return `${isToday(iso) ? "Today" : day.toLocaleDateString([], { weekday: "short", day: "numeric", month: "short" })} ${clockTime(iso)}`
}

function drawBubble(m, old) {
	const lost = ["failed", "undelivered", "canceled"].includes(m.status)
	const classes = ["bubble", lost && "lost", m.automatic && "auto", !over(m) && "underway"].filter(Boolean).join(" ")
	const [words, bad] = fate(m)
	const node = el("div", { class: classes, "data-testid": "bubble", "data-direction": m.direction, "data-status": m.status, "data-sid": m.sid, title: `${exactTime(m.at)} · ${m.sid}` },
		...m.media.map((file) => oldMedia(old, file) ?? drawMedia(file)),
		...(m.title || m.body ? [el("div", { class: "text" }, m.title ? el("strong", { class: "title", text: m.title }) : "", m.body)] : []),
		...drawButtons(m),
		...inGroup(m),
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
