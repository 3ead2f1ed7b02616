// Colours and controls. Surfaces are those of the page (Helpdesk: --surface-*, Desk: --fg-color …) where it has them;
// ink is our own, since the pages' muted greys have too little contrast for small print.

import { css } from "lit";

export const base = css`
	:host {
		--surface: var(--surface-white, var(--fg-color, #ffffff));
		--surface-soft: var(--surface-gray-2, var(--control-bg, #f3f3f3));
		--surface-softer: var(--surface-gray-1, var(--subtle-fg, #f8f8f8));
		--surface-raised: var(--surface-modal, var(--modal-bg, var(--surface)));
		--line: var(--outline-gray-2, var(--border-color, #e2e2e2));
		--line-strong: #8d8d8d;
		--ink: #171717;
		--ink-soft: #383838;
		--ink-muted: #595959;
		--focus: #0b6bcb;
		--primary: #171717;
		--on-primary: #ffffff;
		--good: #17603a;
		--wait: #8f4700;
		--bad: #b3261e;
		--good-soft: #e4f5e9;
		--wait-soft: #fff3e0;
		--bad-soft: #fdeceb;
		--bubble-in: var(--surface-soft);
		--bubble-out: #e4f1ff;
		--info: #07559e;
		--info-soft: #e4f1ff;
		--shadow: 0 6px 24px rgb(0 0 0 / 14%), 0 1px 3px rgb(0 0 0 / 10%);
		--radius: 8px;

		display: block;
		box-sizing: border-box;
		min-width: 0;
		color: var(--ink);
		font-size: 14px;
		line-height: 1.5;
		text-align: start;
		letter-spacing: normal;
	}
	:host([dark]) {
		--surface: var(--surface-white, var(--fg-color, #1c1c1c));
		--surface-soft: var(--surface-gray-2, var(--control-bg, #2b2b2b));
		--surface-softer: var(--surface-gray-1, var(--subtle-fg, #232323));
		--line: var(--outline-gray-2, var(--border-color, #3d3d3d));
		--line-strong: #8a8a8a;
		--ink: #f2f2f2;
		--ink-soft: #dedede;
		--ink-muted: #b5b5b5;
		--focus: #6cb4ff;
		--primary: #f2f2f2;
		--on-primary: #171717;
		--good: #6fd394;
		--wait: #ffb560;
		--bad: #ff9a92;
		--good-soft: #16301f;
		--wait-soft: #36260f;
		--bad-soft: #3b1d1b;
		--bubble-out: #17324d;
		--info: #8cc5ff;
		--info-soft: #17324d;
		--shadow: 0 6px 24px rgb(0 0 0 / 55%), 0 0 0 1px #3d3d3d;
	}
	*,
	*::before,
	*::after {
		box-sizing: border-box;
	}
	[hidden] {
		display: none !important;
	}
	button,
	input,
	textarea {
		margin: 0;
		font: inherit;
		color: inherit;
		letter-spacing: inherit;
	}
	button {
		display: inline-flex;
		align-items: center;
		justify-content: center;
		gap: 6px;
		min-height: 28px;
		padding: 3px 10px;
		border: 0;
		border-radius: var(--radius);
		background: var(--surface-soft);
		color: var(--ink-soft);
		font-size: 13px;
		font-weight: 500;
		line-height: 1.4;
		text-align: start;
		cursor: pointer;
	}
	button:hover:not(:disabled) {
		background: color-mix(in srgb, var(--ink) 12%, var(--surface));
	}
	button:disabled {
		cursor: default;
		color: var(--ink-muted);
	}
	button.primary {
		background: var(--primary);
		color: var(--on-primary);
	}
	button.primary:hover:not(:disabled) {
		background: color-mix(in srgb, var(--primary) 84%, var(--surface));
	}
	button.primary:disabled {
		background: var(--surface-soft);
		color: var(--ink-muted);
	}
	button.quiet {
		background: transparent;
	}
	button.quiet:hover:not(:disabled),
	button.quiet[aria-expanded="true"] {
		background: var(--surface-soft);
	}
	button.icon {
		width: 30px;
		min-height: 30px;
		padding: 0;
		flex: none;
	}
	button.link {
		min-height: 24px;
		padding: 0 2px;
		background: none;
		color: var(--info);
		text-decoration: underline;
		text-underline-offset: 2px;
	}
	button svg {
		flex: none;
	}
	:focus-visible {
		outline: 2px solid var(--focus);
		outline-offset: 1px;
	}
	input {
		min-height: 30px;
		padding: 3px 10px;
		border: 1px solid var(--line-strong);
		border-radius: var(--radius);
		background: var(--surface);
	}
	input::placeholder,
	textarea::placeholder {
		color: var(--ink-muted);
		opacity: 1;
	}
	a {
		color: var(--info);
	}
	bdi {
		unicode-bidi: isolate;
	}
	bdi.number {
		white-space: nowrap;
	}
	.notice {
		display: flex;
		flex-wrap: wrap;
		align-items: center;
		gap: 6px 10px;
		padding: 8px 12px;
		border-radius: var(--radius);
		background: var(--surface-soft);
		color: var(--ink);
		font-size: 13px;
		overflow-wrap: anywhere;
		white-space: pre-line;
	}
	.notice > :first-child {
		flex: 1 1 200px;
		min-width: 0;
	}
	.notice.bad {
		background: var(--bad-soft);
		color: var(--bad);
	}
	.notice.wait {
		background: var(--wait-soft);
	}
	.notice.info {
		background: var(--info-soft);
	}
	.unseen {
		position: absolute;
		width: 1px;
		height: 1px;
		margin: -1px;
		overflow: hidden;
		clip-path: inset(50%);
		white-space: nowrap;
	}
	@media (pointer: coarse) {
		button,
		button.icon {
			min-height: 36px;
		}
		/* With smaller letters some phones zoom in on whatever is typed into. */
		input,
		textarea {
			font-size: 16px;
		}
		button.icon {
			width: 36px;
		}
	}
	@media (prefers-reduced-motion: reduce) {
		* {
			transition: none !important;
			animation: none !important;
		}
	}
`;
