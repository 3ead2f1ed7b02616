// Small help with plain elements, for pages that are not this app's own.

export function element(tag, properties = {}) {
	return Object.assign(document.createElement(tag), properties);
}

// Sets a text only where it differs: each change wakes whoever watches the page.
export function say(where, text) {
	if (where.textContent !== text) where.textContent = text;
}
