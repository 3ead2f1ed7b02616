// Twilio SMS Channel: SMS conversations in the ticket's screen.
// Updates of the app write this script anew. To do without it, untick "Enabled".

function setupForm(form) {
	// Helpdesk calls this at each change of the ticket; an exception would take every script's buttons away.
	try {
		window.twilio_sms_screen ||= twilio_sms_load();
		window.twilio_sms_screen.then((screen) => screen?.show(form));
		if (!form.doc?.twilio_sms_conversation) return { actions: [] };
		const label = window.__?.("SMS Conversation") || "SMS Conversation";
		return { actions: [{ label, onClick: () => twilio_sms_open(form.doc.name) }] };
	} catch (error) {
		console.warn("Twilio SMS Channel:", error);
		return { actions: [] };
	}
}

async function twilio_sms_load() {
	try {
		const answer = await fetch("/api/method/twilio_sms_channel.api.screen.boot", {
			headers: { Accept: "application/json", "X-Frappe-Site-Name": window.site_name || location.hostname },
		});
		const boot = (await answer.json()).message;
		window.twilio_sms_desk = boot?.desk;
		if (!boot?.script) return null;
		await import(boot.script);
		return window.twilio_sms.helpdesk(boot);
	} catch (error) {
		console.warn("Twilio SMS Channel:", error);
		return null;
	}
}

async function twilio_sms_open(ticket) {
	const screen = await window.twilio_sms_screen;
	if (screen) return screen.open(ticket);
	// Without this app's own part of the screen, Desk's form has everything.
	window.open(`${window.twilio_sms_desk || "/app"}/hd-ticket/${encodeURIComponent(ticket)}`, "_blank");
}
