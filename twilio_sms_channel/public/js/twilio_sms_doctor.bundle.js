// What is wrong with text messages, why, and how to fix it: for System Managers, on any page of Desk.

import { Doctor } from "./twilio_sms/doctor.js";

const FORMS = ["Twilio SMS Account", "Twilio SMS Number"];

window.twilio_sms_doctor = {
	// Examines at once and shows what was found inside an element. `scope` is {account} or {number}, {} for the whole site;
	// `on_answer` is called with the endpoint's answer. Gives a promise of it.
	show(container, scope = {}, on_answer = null) {
		return new Doctor(container, scope, on_answer).examine();
	},

	// The same in a dialog.
	open(scope = {}, on_answer = null) {
		const dialog = new frappe.ui.Dialog({ title: __("Check Everything"), size: "large" });
		dialog.onhide = () => {
			dialog.$wrapper.remove();
			// What was fixed stands on the form behind it as well. Desk has no other name for that.
			const form = cur_frm; // nosemgrep
			if (FORMS.includes(form?.doctype) && !form.is_dirty()) form.reload_doc();
		};
		dialog.show();
		return this.show(dialog.$body[0], scope, on_answer);
	},

	// Fixes one finding, after asking where that changes something that somebody else may have set.
	// Gives a promise that ends when it was tried, with the endpoint's answer, or null when it was not wanted.
	mend(finding) {
		return Doctor.mend(finding);
	},
};
