// The files of a message that is being written: checked against what can go along, uploaded, removed.
//
// The server looks at what they contain when the message is sent (messaging/outbound/attachments.py); here an agent learns at
// once what is certain to be refused.

import { __ } from "./host.js";

export class Attachments {
	// `changed` is called after each change of `items`.
	constructor(element, changed) {
		this.element = element;
		this.changed = changed;
		this.items = [];
		this.refusals = [];
		this._keys = 0;
	}

	get uploading() {
		return this.items.some((item) => item.upload);
	}

	get failed() {
		return this.items.some((item) => item.error);
	}

	get names() {
		return this.items.map((item) => item.name).filter(Boolean);
	}

	// Pictures that are too large together are made smaller by the server.
	will_be_scaled(limits) {
		return total(this.items) > limits.bytes && this.items.some(is_picture);
	}

	add(files, ticket, limits) {
		this.refusals = [];
		for (const file of files) {
			const refusal = why_not(file, this.items, limits);
			if (refusal) {
				this.refusals.push(refusal);
				continue;
			}
			const item = {
				key: ++this._keys,
				file,
				file_name: file.name,
				file_size: file.size,
				type: file.type,
				as_link: goes_as_link(file, this.items, limits),
			};
			if (is_picture(item)) item.picture = URL.createObjectURL(file);
			this.items = [...this.items, item];
			this._upload(item, ticket);
		}
		this._tell();
	}

	retry(item, ticket) {
		item.error = "";
		this._upload(item, ticket);
		this._tell();
	}

	remove(item) {
		this.items = this.items.filter((other) => other !== item);
		this.refusals = [];
		this._release(item);
		item.removed = true;
		// Should it fail, the file stays attached to the ticket.
		if (item.name) this.element.host.discard(item.name).catch(() => {});
		this._tell();
	}

	// Sent: the ticket keeps the files.
	clear() {
		this.items.forEach((item) => this._release(item));
		this.items = [];
		this.refusals = [];
		this._tell();
	}

	async settled() {
		while (this.uploading) await Promise.allSettled(this.items.map((item) => item.upload));
	}

	// What a draft keeps of them, and gets back.
	saved() {
		return this.items
			.filter((item) => item.name)
			.map(({ name, file_name, file_url, file_size, type, as_link }) => ({
				name,
				file_name,
				file_url,
				file_size,
				type,
				as_link,
			}));
	}

	restore(files) {
		this.items = files.map((file) => ({
			...file,
			key: ++this._keys,
			picture: is_picture(file) ? encodeURI(file.file_url) : "",
		}));
	}

	_upload(item, ticket) {
		item.progress = 0;
		const on_progress = (share) => {
			item.progress = share;
			this.element.requestUpdate();
		};
		item.upload = this.element.host
			.upload(item.file, { ticket, on_progress })
			.then(
				({ name, file_name, file_url, file_size }) => {
					Object.assign(item, { name, file_url, file_size: file_size || item.file_size });
					item.stored_as = file_name;
					if (item.removed) this.element.host.discard(name).catch(() => {});
				},
				(error) => (item.error = error.message),
			)
			.finally(() => {
				item.upload = null;
				this._tell();
			});
	}

	_release(item) {
		if (item.picture?.startsWith("blob:")) URL.revokeObjectURL(item.picture);
	}

	_tell() {
		this.changed();
		this.element.requestUpdate();
	}
}

// "820 KB", "1.4 MB"
export function size(bytes) {
	if (bytes < 1024 ** 2) return __("{0} KB", [Math.max(1, Math.round(bytes / 1024))]);
	return __("{0} MB", [(bytes / 1024 ** 2).toFixed(1)]);
}

function why_not(file, items, limits) {
	if (limits.no_files) return limits.no_files;
	if (items.length >= limits.files) {
		return __("{0} was not attached: a message takes at most {1} files. Remove one, or use a second message.", [
			file.name,
			limits.files,
		]);
	}
	if (!file.size) return __("{0} is empty. Choose another file.", [file.name]);
	if (limits.others !== "Refuse") return "";
	if (!fits_by_type(file, limits)) {
		return __(
			"{0} cannot be sent by text message: phones take pictures, audio, video, PDF and contact cards. Send it by e-mail.",
			[file.name],
		);
	}
	if (!fits_by_size(file, items, limits)) {
		return __("{0} ({1}) is too large: all files of a message together may have {2}. Send it by e-mail.", [
			file.name,
			size(file.size),
			size(limits.bytes),
		]);
	}
	return "";
}

function goes_as_link(file, items, limits) {
	return !fits_by_type(file, limits) || !fits_by_size(file, items, limits);
}

// A browser may know no type for a file, or another name of it; the server looks into it.
function fits_by_type({ type, name }, { types = [], endings = [] }) {
	if (!types.length) return false;
	const modern = (taken) => taken.toLowerCase().replace("/x-", "/");
	const ending = name.split(".").pop().toLowerCase();
	return !type || endings.includes(ending) || types.some((taken) => modern(taken) === modern(type));
}

function fits_by_size(file, items, { bytes }) {
	return is_picture(file) || file.size + total(items.filter((item) => !is_picture(item))) <= bytes;
}

function is_picture({ type }) {
	return /^image\//.test(type || "");
}

function total(items) {
	return items.filter((item) => !item.as_link).reduce((sum, item) => sum + item.file_size, 0);
}
