// Behind the scenes: the account whose SID and auth token are copied into the guided page.

import { $, el, sync } from "./dom.js"
import { state } from "./state.js"

const COPIED_FOR_MS = 1500

export function drawAccounts() {
	const shown = state.accounts.filter((account) => account.auth_token)
	$("accounts-title").hidden = !shown.length
	sync($("accounts"), shown, (account) => account.sid, (account) => el("li", { class: "account" },
		el("p", { class: "hint", text: "Connect Twilio in the helpdesk asks for these two. They are made up, and good for practice mode alone." }),
		credential("Account SID", account.sid, "account-sid"),
		credential("Auth token", account.auth_token, "auth-token"),
	))
}

function credential(label, value, testid) {
	const code = el("code", { text: value, "data-testid": testid })
	const copy = el("button", { type: "button", class: "quiet", text: "Copy", "aria-label": `Copy ${label}`, "data-testid": `copy-${testid}` })
	copy.addEventListener("click", async () => {
		try {
			await navigator.clipboard.writeText(value)
		} catch {
			// The browser does not let the page: what is marked, its user copies.
			return getSelection().selectAllChildren(code)
		}
		copy.textContent = "Copied"
		$("announce").textContent = `${label} copied`
		setTimeout(() => { copy.textContent = "Copy" }, COPIED_FOR_MS)
	})
	return el("div", { class: "credential" }, el("span", { text: label }), code, copy)
}
