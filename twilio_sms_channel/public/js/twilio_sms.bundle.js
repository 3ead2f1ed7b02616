// The ticket's SMS conversation as Web Components. A page loads this, says by `set_host` what is around them, and
// puts the elements where it wants them.

import "./twilio_sms/history.js";
import "./twilio_sms/panel.js";
import "./twilio_sms/start.js";

import { desk_host } from "./twilio_sms/desk_host.js";
import { helpdesk } from "./twilio_sms/helpdesk_screen.js";
import { host, set_host } from "./twilio_sms/host.js";
import { http_host } from "./twilio_sms/http_host.js";
import { mount } from "./twilio_sms/mount.js";
import { start_in_desk } from "./twilio_sms/start_in_desk.js";
import { store } from "./twilio_sms/store.js";

// Lists and reports may have put helpers of theirs there before.
if (!window.twilio_sms?.version) {
	const parts = { version: 1, host, set_host, desk_host, helpdesk, http_host, mount, start_in_desk, store };
	window.twilio_sms = { ...window.twilio_sms, ...parts };
}
