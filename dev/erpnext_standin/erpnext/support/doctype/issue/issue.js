// As in ERPNext 15.45.0: who is mailed, closing and reopening, and splitting at a message of the timeline.
frappe.ui.form.on("Issue", {
	onload(frm) {
		frm.email_field = "raised_by";
		// Early Frappe v15 drops parts of a second where a time can be edited, and takes the form for changed.
		frm.set_df_property("first_responded_on", "read_only", 1);
		const closed = frm.doc.status === "Closed";
		frm.add_custom_button(closed ? __("Reopen") : __("Close"), () => {
			frm.set_value("status", closed ? "Open" : "Closed");
			frm.save();
		});
	},

	timeline_refresh(frm) {
		const wrapper = frm.timeline.wrapper;
		if (wrapper.find(".btn-split-issue").length) return;
		const button = `<a class="action-btn btn-split-issue" title="${__("Split Issue")}">${frappe.utils.icon("branch", "sm")}</a>`;
		wrapper.find('.timeline-item[data-doctype="Communication"] .actions').prepend(button);
		if (wrapper.data("split-issue-event-attached")) return;
		wrapper.data("split-issue-event-attached", true);
		wrapper.on("click", ".btn-split-issue", (event) => {
			const communication = event.currentTarget.closest(".timeline-item").getAttribute("data-name");
			ask_for_subject(frm, communication);
		});
	},
});

function ask_for_subject(frm, communication_id) {
	frappe.prompt(
		{ fieldname: "subject", fieldtype: "Data", reqd: 1, label: __("Subject") },
		({ subject }) =>
			frm.call("split_issue", { subject, communication_id }, (answer) => {
				frappe.msgprint(`<a href="/app/issue/${answer.message}">${answer.message}</a>`);
				frm.reload_doc();
			}),
		__("Split Issue"),
		__("Split")
	);
}
