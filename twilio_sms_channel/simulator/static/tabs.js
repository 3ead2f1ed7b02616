// Which part of the page is shown.

import { $ } from "./dom.js"

export const visible = (part) => matchMedia("(min-width: 1081px)").matches || document.body.dataset.tab === part

export function show(part) {
	document.body.dataset.tab = part
	document.querySelectorAll(".tabs button").forEach((b) => b.setAttribute("aria-current", String(b.dataset.show === part)))
}

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
