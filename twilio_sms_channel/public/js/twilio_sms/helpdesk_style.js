// Rules for Helpdesk's screen. Those that change what Helpdesk draws hold only beside an element of this app.

// The reply box, as long as it sends messages.
const BOX = ".comm-area > div:has(.twilio-sms-line)";

// Reds and greys of our own: Helpdesk's have other shades in each version, some too pale for small print.
export const STYLE = `
:root { --twilio-sms-bad: #b3261e; --twilio-sms-muted: #595959; }
[data-theme=dark] { --twilio-sms-bad: #ff9a92; --twilio-sms-muted: #b5b5b5; }
.comm-area > div > :has(> .twilio-sms-button) { flex-wrap: wrap; }
.twilio-sms-strip { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 12px; padding-block: 8px 0;
	border-top: 1px solid var(--outline-gray-1, #ededed); }
.twilio-sms-strip + div { border-top: 0; }
.twilio-sms-strip twilio-sms-channel { flex: 1 1 300px; }
.twilio-sms-why-not { flex: 1 1 100%; padding-bottom: 8px; font-size: 13px; font-weight: 500; color: var(--twilio-sms-bad); }
.twilio-sms-why-not:empty, .comm-area:has(> .twilio-sms-composer, > div:not([hidden], [style*="display: none"]) .twilio-sms-line)
	.twilio-sms-why-not { display: none; }
.twilio-sms-button { display: inline-flex; align-items: center; height: 28px; padding: 0 8px; border-radius: 8px; font-size: 14px;
	line-height: 1; white-space: nowrap; color: var(--ink-gray-8, #383838); background: transparent; cursor: pointer; }
.twilio-sms-button[hidden] { display: none; }
.twilio-sms-button:hover { background: var(--surface-gray-3, #ededed); }
.twilio-sms-button[aria-expanded=true] { background: var(--surface-gray-4, #e2e2e2); }
.twilio-sms-button:focus-visible { outline: 2px solid var(--outline-gray-4, #999); }
.twilio-sms-button[data-testid=helpdesk-write]::before, .twilio-sms-button[data-testid=helpdesk-start]::before {
	content: ""; width: 16px; height: 16px; margin-inline-end: 6px; background: currentColor;
	mask: url("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16' fill='none' stroke='%23000' stroke-linecap='round' stroke-linejoin='round'%3E%3Cpath d='M2.5 3.5h11v7.5h-6l-3 2.5V11h-2z'/%3E%3Cpath d='M5 6.2h6M5 8.4h4'/%3E%3C/svg%3E") center / contain no-repeat; }
.twilio-sms-composer { padding-block: 10px 16px; border-top: 1px solid var(--outline-gray-1, #ededed); max-height: 70vh; overflow-y: auto; }

.border-y:has(> .twilio-sms-line) > :not(.twilio-sms-line) { display: none !important; }
.twilio-sms-line { display: flex; flex: 1; flex-wrap: wrap; gap: 2px 12px; align-items: baseline; min-height: 28px; align-content: center;
	font-size: 13px; color: var(--ink-gray-8, #383838); }
.twilio-sms-route { font-weight: 500; }
.twilio-sms-why { color: var(--twilio-sms-bad); font-weight: 500; }
.twilio-sms-medium { font-size: 13px; font-weight: 500; white-space: nowrap; color: var(--ink-gray-8, #383838); }
.border-y:has(> .twilio-sms-medium) { flex-wrap: wrap; }
.twilio-sms-unicode { color: var(--twilio-sms-muted); }
.twilio-sms-count { margin-inline-start: auto; color: var(--twilio-sms-muted); font-variant-numeric: tabular-nums; }
.twilio-sms-line[data-blocked] :is(.twilio-sms-count, .twilio-sms-unicode) { display: none; }
.twilio-sms-count[data-bad] { color: var(--twilio-sms-bad); font-weight: 500; }
.twilio-sms-email { display: inline-flex; align-items: center; height: 24px; padding: 0 8px; border-radius: 999px; font-size: 13px;
	background: var(--surface-gray-2, #f3f3f3); color: var(--ink-gray-8, #383838); white-space: nowrap; }
.border-y:has(> .twilio-sms-email) [data-twilio-sms-nobody] { display: none; }

${BOX} div:has(+ .border-y > .twilio-sms-line) { display: none; }
${BOX} .border-y ~ .items-center.gap-2 { display: none; }
${BOX} .overflow-x-auto.items-center > :nth-child(2) { display: none; }
${BOX} .overflow-x-auto.items-center::after { content: var(--twilio-sms-plain); margin-inline-start: 8px; font-size: 12px;
	white-space: nowrap; color: var(--twilio-sms-muted); }
@media (max-width: 640px) { ${BOX} .overflow-x-auto.items-center::after { content: none; } }
${BOX} .ProseMirror p.is-editor-empty:first-child::before { content: var(--twilio-sms-placeholder); }
.comm-area > div:has(.twilio-sms-line[data-blocked]) .justify-end > :last-child { opacity: 0.45; pointer-events: none; }

[data-twilio-sms-phone] { font-size: 0 !important; }
[data-twilio-sms-phone]::before { content: ""; width: 55%; height: 55%; background: currentColor;
	mask: url("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16' fill='none' stroke='%23000' stroke-width='1.3' stroke-linecap='round' stroke-linejoin='round'%3E%3Crect x='4.2' y='1.6' width='7.6' height='12.8' rx='1.6'/%3E%3Cpath d='M7.2 12h1.6'/%3E%3C/svg%3E") center / contain no-repeat; }

.twilio-sms-drawer { position: fixed; inset-block: 0; inset-inline-end: 0; z-index: 60; display: flex; flex-direction: column;
	width: min(440px, 100vw); overflow-y: auto; padding: 0 16px 16px; background: var(--surface-white, var(--surface-base, #fff));
	color: var(--ink-gray-9, #171717); border-inline-start: 1px solid var(--outline-gray-2, #e2e2e2);
	box-shadow: 0 0 32px rgb(0 0 0 / 16%); outline: none; }
.twilio-sms-drawer-head { position: sticky; top: 0; z-index: 1; display: flex; align-items: center; justify-content: space-between;
	padding: 12px 0; background: inherit; }
.twilio-sms-drawer h2 { font-size: 16px; font-weight: 600; margin: 0; }
`;
