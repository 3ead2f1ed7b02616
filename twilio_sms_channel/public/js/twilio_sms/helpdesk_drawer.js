// A drawer at the side of the page for one of the app's elements.

import { element } from "./dom.js";
import { __ } from "./host.js";

export class Drawer {
	// Shows an element of the given tag, in place of what was there. Returns it.
	open(title, tag, properties) {
		this.close();
		this.returns_to = document.activeElement;
		this.root = element("div", { className: "twilio-sms-drawer", tabIndex: -1 });
		// Helpdesk closes its reply box at clicks outside of it, but for those into dialogs.
		this.root.setAttribute("role", "dialog");
		this.root.setAttribute("aria-label", title);
		this.root.dataset.testid = "helpdesk-drawer";
		const head = element("div", { className: "twilio-sms-drawer-head" });
		const close = element("button", { type: "button", className: "twilio-sms-button", textContent: "✕" });
		close.setAttribute("aria-label", __("Close"));
		close.dataset.testid = "helpdesk-drawer-close";
		close.addEventListener("click", () => this.close());
		head.append(element("h2", { textContent: title }), close);
		const shown = element(tag, properties);
		this.root.append(head, shown);
		this.root.addEventListener("keydown", (event) => event.key === "Escape" && this.close());
		document.body.append(this.root);
		this.root.focus();
		return shown;
	}

	close() {
		if (!this.root) return;
		this.root.remove();
		this.root = null;
		if (this.returns_to?.isConnected) this.returns_to.focus();
	}
}
