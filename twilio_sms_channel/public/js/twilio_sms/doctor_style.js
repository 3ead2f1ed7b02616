// How the doctor's answer looks: Desk's own colours, in light and dark; but its muted grey is too pale for small print.

const STYLE = `
.twilio-doctor { --quiet: #595959; color: var(--text-color); overflow-wrap: anywhere; }
[data-theme="dark"] .twilio-doctor { --quiet: #b5b5b5; }
.twilio-doctor .text-muted { color: var(--quiet) !important; }
.twilio-doctor .head { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; justify-content: space-between; }
.twilio-doctor .summary { margin: 0 0 var(--margin-sm); font-size: var(--text-lg); font-weight: 600; }
.twilio-doctor .head .summary { margin: 0; }
.twilio-doctor .progress { height: 6px; margin-bottom: var(--margin-md); }
.twilio-doctor ul { margin: var(--margin-md) 0 0; padding: 0; list-style: none; }
.twilio-doctor .finding { margin-bottom: var(--margin-sm); padding: var(--padding-md);
	border: 1px solid var(--border-color); border-radius: var(--border-radius-md); }
.twilio-doctor .finding p { margin: 0 0 6px; }
.twilio-doctor .what .indicator-pill { margin-inline-end: 4px; }
.twilio-doctor .how .label { color: var(--quiet); }
.twilio-doctor .actions { display: flex; flex-wrap: wrap; gap: 8px; margin-top: var(--margin-sm); }
.twilio-doctor .checked { margin-top: var(--margin-md); color: var(--quiet); font-size: var(--text-sm); }
.twilio-doctor .checked summary { cursor: pointer; }
.twilio-doctor .checked ul { margin-top: var(--margin-sm); }
.twilio-doctor .checked li { display: flex; gap: 8px; padding: 2px 0; }
.twilio-doctor .checked .not-done { color: var(--text-color); }
.twilio-doctor .reason { display: block; color: var(--quiet); }
`;

export function add_style() {
	if (document.querySelector("style[data-twilio-doctor]")) return;
	const style = document.createElement("style");
	style.dataset.twilioDoctor = "";
	style.textContent = STYLE;
	document.head.append(style);
}
