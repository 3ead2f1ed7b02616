// Writing as the customer: words, files and ready-made messages.

import { $, el } from "./dom.js"
import { group } from "./group.js"
import { call, customer, ours } from "./state.js"

const MAX_MEDIA = 10
const MAX_MEDIA_BYTES = 5 * 1024 * 1024
const SAMPLES = ["Hi! My order has not arrived yet.", "Can I change my appointment to Friday?", "HELP"]

let files = []

export function drawSendButton() {
	$("send").disabled = $("body").disabled || !($("body").value.trim() || files.length)
}

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
	const [from, to, also] = [customer, ours, group()]
	$("send-error").hidden = true
	// Emptied at once: pressed again while a large file is read, nothing is sent twice.
	$("body").value = ""
	files = []
	drawFiles()
	grow()
	try {
		const media = await Promise.all(sent.map(async (file) => ({ name: file.name, data: await base64(file) })))
		await call("/texts", { from, to, body, media, group: also })
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
