"""How the pages of the throwaway site itself look: the start page and the mailbox."""

STYLE = """
	:root { color-scheme: light dark; --bg: #eef1f6; --card: #fff; --line: #dfe4ec; --text: #141a24; --soft: #5a6678;
		--accent: #155cc4; --bad: #c02525;
		font: 15px/1.5 Inter, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
	@media (prefers-color-scheme: dark) { :root { --bg: #0c0f14; --card: #151920; --line: #2a313c; --text: #e8ecf2;
		--soft: #9aa6b8; --accent: #6aa6ff; --bad: #ff8a80; } }
	* { box-sizing: border-box; }
	body { margin: 0; background: var(--bg); color: var(--text); }
	main { max-width: 980px; margin: 0 auto; padding: 40px 20px 60px; }
	h1 { margin: 0; font-size: 26px; line-height: 1.25; letter-spacing: -.015em; }
	h2 { margin: 0 0 4px; font-size: 16px; }
	p { margin: 0 0 10px; }
	a { color: var(--accent); }
	.lead { max-width: 70ch; margin: 8px 0 26px; color: var(--soft); }
	.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(270px, 1fr)); gap: 16px; }
	.card { padding: 20px; background: var(--card); border: 1px solid var(--line); border-radius: 14px; }
	.card > p { color: var(--soft); }
	.button { display: block; width: 100%; padding: 9px 14px; border: 1px solid var(--line); border-radius: 9px; background: none;
		color: var(--accent); font: inherit; font-weight: 600; text-align: left; text-decoration: none; cursor: pointer; }
	.button:hover, .button:focus-visible { border-color: var(--accent); }
	.button.first { background: var(--accent); border-color: var(--accent); color: var(--card); }
	form, .card .button { margin: 8px 0 0; }
	.wide { margin-top: 16px; }
	table { width: 100%; border-collapse: collapse; }
	td, th { padding: 6px 12px 6px 0; border-top: 1px solid var(--line); text-align: left; vertical-align: top; font-weight: 400; }
	tr:first-child td, tr:first-child th { border-top: 0; }
	th { color: var(--soft); white-space: nowrap; }
	code { font: 13px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
	.meta { color: var(--soft); font-size: 13px; }
	article { margin-bottom: 14px; }
	iframe { width: 100%; height: 60px; border: 1px solid var(--line); border-radius: 9px; background: #fff; }
	.empty { padding: 40px 0; color: var(--soft); text-align: center; }
	@media (max-width: 640px) {
		tr { display: block; padding: 8px 0; border-top: 1px solid var(--line); }
		tr:first-child { border-top: 0; }
		td, th { display: block; padding: 0; border: 0; }
	}
	#problem { color: var(--bad); }
	#problem:empty { display: none; }
"""
