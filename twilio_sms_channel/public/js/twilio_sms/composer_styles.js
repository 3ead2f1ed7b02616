import { css } from "lit";

export const composer_styles = css`
	form {
		position: relative;
		border: 1px solid var(--line-strong);
		border-radius: 10px;
		background: var(--surface);
	}
	form:has(textarea:focus-visible) {
		border-color: var(--focus);
		box-shadow: 0 0 0 3px color-mix(in srgb, var(--focus) 22%, transparent);
	}
	:host > .notice,
	.notice + form {
		margin-block-end: 8px;
	}
	textarea {
		display: block;
		width: 100%;
		min-height: 56px;
		padding: 10px 12px 8px;
		border: 0;
		background: transparent;
		line-height: 1.5;
		resize: none;
		overflow-y: auto;
	}
	textarea:focus-visible {
		outline: none;
	}
	textarea:disabled {
		color: var(--ink-muted);
	}
	form > [role="alert"] .notice {
		margin: 0 8px 8px;
	}
	.files {
		display: flex;
		flex-wrap: wrap;
		gap: 6px;
		margin: 0;
		padding: 0 8px 8px;
		list-style: none;
	}
	.files li {
		display: flex;
		align-items: center;
		gap: 8px;
		max-width: 100%;
		padding: 4px;
		border: 1px solid var(--line);
		border-radius: var(--radius);
		background: var(--surface-softer);
		font-size: 12px;
	}
	.files img,
	.kind {
		flex: none;
		width: 44px;
		height: 44px;
		border-radius: 6px;
		object-fit: cover;
	}
	.kind {
		display: grid;
		place-items: center;
		background: var(--surface-soft);
	}
	.about {
		display: grid;
		min-width: 0;
		max-width: 240px;
	}
	.name {
		overflow: hidden;
		text-overflow: ellipsis;
		white-space: nowrap;
		font-weight: 500;
	}
	.size,
	.remark {
		color: var(--ink-muted);
	}
	.bad .size {
		color: var(--bad);
	}
	.remark {
		padding: 0 12px 8px;
		font-size: 12px;
	}
	progress {
		width: 100%;
		height: 4px;
		margin-top: 3px;
		accent-color: var(--focus);
	}
	.room {
		display: flex;
		flex-wrap: wrap;
		align-items: center;
		gap: 4px 6px;
		padding: 0 12px 8px;
		font-size: 12px;
		color: var(--ink-muted);
	}
	.chip {
		display: inline-flex;
		align-items: center;
		gap: 5px;
		min-height: 24px;
		padding: 0;
		padding-inline: 2px 8px;
		border-radius: 999px;
		background: var(--surface-soft);
		color: var(--ink-soft);
		font-size: 12px;
		font-weight: 400;
	}
	mark {
		min-width: 20px;
		padding: 0 5px;
		border-radius: 999px;
		background: var(--wait-soft);
		color: var(--wait);
		text-align: center;
		font-weight: 600;
	}
	.bar {
		display: flex;
		align-items: center;
		gap: 4px 8px;
		padding: 0 8px 8px;
	}
	.tools {
		display: flex;
		gap: 2px;
	}
	.count {
		flex: 1;
		min-width: 0;
		text-align: end;
		font-size: 12px;
		font-variant-numeric: tabular-nums;
		color: var(--ink-muted);
	}
	.count.bad {
		color: var(--bad);
		font-weight: 500;
	}
	.actions {
		display: flex;
		flex-wrap: wrap;
		gap: 6px;
	}
	.drop {
		position: absolute;
		inset: 0;
		display: grid;
		place-items: center;
		border: 2px dashed var(--focus);
		border-radius: 9px;
		background: color-mix(in srgb, var(--surface) 88%, var(--focus));
		color: var(--ink);
		font-weight: 500;
		pointer-events: none;
	}
	@container (max-width: 420px) {
		.bar {
			flex-wrap: wrap;
		}
		.count {
			order: -1;
			flex-basis: 100%;
			padding-inline: 4px;
			text-align: start;
		}
		.count:empty {
			display: none;
		}
		.tools {
			flex: 1;
		}
	}
	:host {
		container-type: inline-size;
	}
`;
