// Pictures of buttons. Their words stand in the buttons' labels.

import { svg } from "lit";

const icon = (shape) => svg`<svg width="16" height="16" viewBox="0 0 16 16" fill="none" stroke="currentColor"
	stroke-width="1.4" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${shape}</svg>`;

export const icons = {
	attach: icon(svg`<path d="M13 7.4 7.9 12.5a3.1 3.1 0 0 1-4.4-4.4l5.3-5.3a2.1 2.1 0 0 1 3 3L6.5 11a1 1 0 0 1-1.5-1.4l4.7-4.7" />`),
	emoji: icon(svg`<circle cx="8" cy="8" r="6" /><path d="M5.6 9.6a2.9 2.9 0 0 0 4.8 0M6 6.2v.2M10 6.2v.2" />`),
	saved_reply: icon(svg`<path d="M8.8 1.8 3.5 9h4L6.9 14.2 12.5 7H8.4z" />`),
	close: icon(svg`<path d="m4.2 4.2 7.6 7.6m0-7.6-7.6 7.6" />`),
	file: icon(svg`<path d="M9 2H4.5a1 1 0 0 0-1 1v10a1 1 0 0 0 1 1h7a1 1 0 0 0 1-1V5.5zm0 0v3.5h3.5" />`),
	sms: icon(svg`<path d="M13.5 9.5a1.5 1.5 0 0 1-1.5 1.5H6.5L3.5 13.6V11H4a1.5 1.5 0 0 1-1.5-1.5v-5A1.5 1.5 0 0 1 4 3h8a1.5 1.5 0 0 1 1.5 1.5zM5.5 6h5M5.5 8.2h3" />`),
	email: icon(svg`<rect x="2" y="3.5" width="12" height="9" rx="1.4" /><path d="m2.6 4.5 5.4 4 5.4-4" />`),
	down: icon(svg`<path d="M8 3v9.5m-4-4 4 4 4-4" />`),
};
