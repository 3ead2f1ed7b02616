// The server's times for people.

import { host } from "./host.js";

// Frappe writes "2026-03-14 15:09:26.535897" in the site's time zone; a host that knows it makes a Date of that.
export function date_of(text) {
	return host.date?.(text) || new Date(String(text).replace(" ", "T"));
}

export function day_key(date) {
	return `${date.getFullYear()}-${date.getMonth()}-${date.getDate()}`;
}

export function clock(date) {
	return format({ hour: "numeric", minute: "2-digit" }, date);
}

export function day(date, now = new Date()) {
	const days_ago = Math.round((new Date(now).setHours(0, 0, 0, 0) - new Date(date).setHours(0, 0, 0, 0)) / 86400000);
	if (days_ago === 0 || days_ago === 1) {
		const words = new Intl.RelativeTimeFormat(language(), { numeric: "auto" }).format(-days_ago, "day");
		return words.charAt(0).toLocaleUpperCase(language()) + words.slice(1);
	}
	const this_year = date.getFullYear() === now.getFullYear();
	return format(
		{ weekday: "short", day: "numeric", month: "short", ...(this_year ? {} : { year: "numeric" }) },
		date,
	);
}

export function in_full(date) {
	return format({ dateStyle: "full", timeStyle: "medium" }, date);
}

function format(options, date) {
	return Number.isNaN(date.getTime()) ? "" : new Intl.DateTimeFormat(language(), options).format(date);
}

function language() {
	try {
		return new Intl.Locale(document.documentElement.lang || navigator.language).toString();
	} catch {
		return undefined;
	}
}
