// /app/twilio-sms-setup starts with the credentials, /app/twilio-sms-setup/ACCOUNT with that account's numbers.

frappe.pages["twilio-sms-setup"].on_page_load = (wrapper) => {
	frappe.ui.make_app_page({ parent: wrapper, title: __("Connect Twilio"), single_column: true });
};

frappe.pages["twilio-sms-setup"].on_page_show = async (wrapper) => {
	await frappe.require("twilio_sms_setup.bundle.js");
	wrapper.setup ||= new twilio_sms_setup.Setup(wrapper.page.main);
	wrapper.setup.open(frappe.get_route()[1] || null);
};
