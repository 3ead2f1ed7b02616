import { css } from "lit";

export const start_styles = css`
	form {
		display: grid;
		gap: 14px;
	}
	label,
	.field {
		display: grid;
		gap: 4px;
	}
	.name {
		font-size: 13px;
		color: var(--ink-muted);
	}
	input,
	select,
	textarea {
		width: 100%;
		min-height: 34px;
		padding: 5px 10px;
		border: 1px solid var(--line-strong);
		border-radius: var(--radius);
		background: var(--surface);
		color: var(--ink);
		font: inherit;
	}
	textarea {
		min-height: 96px;
		resize: vertical;
	}
	details {
		font-size: 12px;
		color: var(--ink-muted);
	}
	summary {
		width: fit-content;
		cursor: pointer;
	}
	ul {
		display: grid;
		gap: 2px;
		margin: 0;
		padding-inline-start: 18px;
		font-size: 12px;
		color: var(--ink-muted);
	}
	.people {
		gap: 0;
		padding: 4px;
		border: 1px solid var(--line);
		border-radius: var(--radius);
		background: var(--surface-raised);
		color: var(--ink);
		font-size: 14px;
		list-style: none;
		box-shadow: var(--shadow);
	}
	.people li {
		display: flex;
		flex-wrap: wrap;
		gap: 2px 10px;
		padding: 6px 8px;
		border-radius: 6px;
		cursor: pointer;
	}
	.people .number {
		color: var(--ink-muted);
	}
	.people [aria-selected="true"] {
		background: var(--surface-soft);
	}
	[hidden] {
		display: none;
	}
	.files {
		padding: 0;
		margin: 0;
		list-style: none;
	}
	.files li {
		display: flex;
		align-items: center;
		gap: 8px;
		overflow-wrap: anywhere;
	}
	.bar {
		display: flex;
		align-items: center;
		gap: 8px;
	}
	.bar .count {
		flex: 1;
	}
	.count {
		font-size: 12px;
		color: var(--ink-muted);
	}
	.lookup {
		display: flex;
		flex-wrap: wrap;
		align-items: center;
		gap: 4px 10px;
	}
	.question {
		display: inline-flex;
		flex-wrap: wrap;
		align-items: center;
		gap: 4px 10px;
	}
	.warning {
		color: var(--wait);
		font-size: 13px;
	}
	.count.bad,
	.doubt {
		color: var(--bad);
		font-size: 13px;
	}
`;
