// Puts an element into the page: mount(place, "twilio-sms-panel", { ticket: "12" }) → the element.

export function mount(place, tag, properties = {}) {
	const element = Object.assign(document.createElement(tag), properties);
	place.append(element);
	return element;
}
