frappe.ui.form.on("Twilio SMS Finding", {
	refresh(frm) {
		const colour = { Broken: "red", "At Risk": "orange" }[frm.doc.severity] || "blue";
		frm.page.set_indicator(__(frm.doc.severity), colour);
		frm.disable_save();
		if (!frm.doc.remedy) return;
		frm.page.set_primary_action(__("Fix It"), async () => {
			await frappe.require("twilio_sms_doctor.bundle.js");
			const done = await twilio_sms_doctor.mend(frm.doc);
			if (done?.mended) frappe.set_route("List", "Twilio SMS Finding");
			else if (done) frm.reload_doc();
		});
	},
});
