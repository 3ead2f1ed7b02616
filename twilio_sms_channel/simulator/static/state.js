// What the page shows: the server's state whole, and who texts with which number.

export const API = "/simulator/api"

export let state = null
export let customer = null
export let ours = null

export function setState(fresh) {
	state = fresh
}

export function setCustomer(number) {
	customer = number
}

export function setOurs(number) {
	ours = number
}

export const handsetOf = (number) => state.handsets.find((h) => h.number === number)
export const numberOf = (number) => state.numbers.find((n) => n.number === number)

// What was read

export const seen = new Set()
export const conversation = () => state.messages.filter((m) => m.customer === customer && m.ours === ours)
export const over = (m) => m.direction === "inbound" || m.final || m.status === "sent"
export const arrived = (m) => m.direction === "outbound" && ["sent", "delivered", "read"].includes(m.status)
export const unread = (number, from = null) => state.messages.filter((m) => m.customer === number && (!from || m.ours === from) && arrived(m) && !seen.has(m.sid)).length

// Talking to the server

export async function call(path, data) {
	const options = data === undefined ? {} : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(data) }
	const response = await fetch(API + path, options)
	const answer = await response.json().catch(() => ({}))
	if (!response.ok) throw new Error(answer.error ?? `Practice mode answered ${response.status}.`)
	return answer
}
