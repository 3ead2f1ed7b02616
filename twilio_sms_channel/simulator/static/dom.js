// Drawing helpers. Everything typed by people is set as textContent.

export const $ = (id) => document.getElementById(id)

export function el(tag, attributes = {}, ...children) {
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
export function sync(parent, items, keyOf, draw) {
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

export function spell(number) {
	const us = /^\+1(\d{3})(\d{3})(\d{4})$/.exec(number)
	if (us) return `+1 ${us[1]} ${us[2]} ${us[3]}`
	const uk = /^\+44(\d{4})(\d{6})$/.exec(number)
	if (uk) return `+44 ${uk[1]} ${uk[2]}`
	return number
}

export const clockTime = (iso) => new Date(iso).toLocaleTimeString([], { hour: "numeric", minute: "2-digit" })
export const isToday = (iso) => new Date(iso).toDateString() === new Date().toDateString()
export const exactTime = (iso) => new Date(iso).toLocaleTimeString([], { hour: "numeric", minute: "2-digit", second: "2-digit" })

export function size(bytes) {
	return bytes < 1024 * 1024 ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`
}

export function initials(name) {
	const words = name.replace(/[^\p{L}\p{N} ]/gu, "").trim().split(/\s+/)
	return /^\d/.test(words[0]) ? "#" : words.slice(0, 2).map((w) => [...w][0] ?? "").join("").toUpperCase()
}
