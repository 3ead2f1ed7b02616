import { css } from "lit";

export const thread_styles = css`
	.frame {
		position: relative;
	}
	.feed {
		max-height: var(--twilio-sms-thread-height, 440px);
		overflow-y: auto;
		overscroll-behavior: contain;
		border: 1px solid var(--line);
		border-radius: 10px;
		background: var(--surface);
	}
	.entries {
		display: flex;
		flex-direction: column;
		gap: 8px;
		padding: 12px;
	}
	.day,
	.event {
		align-self: center;
		max-width: 90%;
		font-size: 12px;
		color: var(--ink-muted);
		text-align: center;
	}
	.day {
		display: flex;
		align-items: center;
		align-self: stretch;
		gap: 10px;
		max-width: none;
	}
	.day::before,
	.day::after {
		content: "";
		flex: 1;
		height: 1px;
		background: var(--line);
	}
	.bubble {
		max-width: min(78%, 560px);
		padding: 8px 12px;
		border-radius: 14px;
		overflow-wrap: anywhere;
	}
	.in {
		align-self: flex-start;
		background: var(--bubble-in);
		border-end-start-radius: 4px;
	}
	.out {
		align-self: flex-end;
		background: var(--bubble-out);
		border-end-end-radius: 4px;
	}
	.sender {
		margin-bottom: 2px;
		font-size: 12px;
		font-weight: 600;
		color: var(--ink-soft);
	}
	.number {
		font-weight: 400;
		color: var(--ink-muted);
	}
	.text {
		white-space: pre-wrap;
	}
	.foot {
		margin-top: 3px;
		font-size: 12px;
		color: var(--ink-muted);
	}
	.fate.good {
		color: var(--good);
		font-weight: 500;
	}
	.fate.wait {
		color: var(--wait);
	}
	.fate.bad {
		color: var(--bad);
		font-weight: 500;
	}
	.trouble {
		display: flex;
		flex-wrap: wrap;
		align-items: baseline;
		gap: 2px 8px;
		margin-top: 4px;
		font-size: 13px;
	}
	.trouble a {
		font-size: 12px;
		white-space: nowrap;
	}
	.who {
		padding: 0 8px;
		border-radius: 999px;
		background: var(--surface);
		font-size: 12px;
		color: var(--ink-muted);
	}
	.buttons {
		display: flex;
		flex-wrap: wrap;
		gap: 6px;
		margin-top: 6px;
	}
	.buttons button {
		background: var(--surface);
		box-shadow: inset 0 0 0 1px var(--line);
	}
	.bubble .notice {
		margin-top: 6px;
	}
	.picture {
		display: inline-block;
		margin-top: 4px;
	}
	.picture img,
	video {
		display: block;
		max-width: min(240px, 100%);
		max-height: 240px;
		border-radius: 8px;
		background: var(--surface-soft);
	}
	audio {
		display: block;
		max-width: 100%;
		margin-top: 4px;
	}
	.file {
		display: flex;
		align-items: center;
		gap: 6px;
		margin-top: 4px;
	}
	.file svg {
		flex: none;
	}
	.remark {
		font-size: 13px;
		font-style: italic;
		color: var(--ink-muted);
	}
	.newest {
		position: absolute;
		inset-block-end: 12px;
		inset-inline-start: 50%;
		translate: -50% 0;
		box-shadow: var(--shadow);
	}
	:host(:dir(rtl)) .newest {
		translate: 50% 0;
	}
	@media (max-width: 480px) {
		.bubble {
			max-width: 88%;
		}
	}
`;
