/** The look of a report. Colours meet WCAG AA on their grounds, and no meaning hangs on colour alone. */
export const STYLESHEET = `
:root {
  color-scheme: light dark;
  --ground: light-dark(#fbfbfa, #16181b);
  --card: light-dark(#ffffff, #1e2125);
  --text: light-dark(#1d2126, #e6e8eb);
  --soft: light-dark(#5a626c, #9ba4af);
  --line: light-dark(#e2e4e8, #33383f);
  --good: light-dark(#1a6b3c, #6fd197);
  --warn: light-dark(#8a5300, #f0b860);
  --bad: light-dark(#b3261e, #ff9a90);
}
* { box-sizing: border-box; }
body {
  margin: 0;
  background: var(--ground);
  color: var(--text);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
main { max-width: 68rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1 { margin: 0; font-size: 1.6rem; line-height: 1.25; letter-spacing: -0.01em; }
h2 { margin: 2.5rem 0 0.75rem; font-size: 1.1rem; }
p { margin: 0.5rem 0; }
.verdict {
  margin: 1rem 0 1.75rem;
  padding: 0.8rem 1rem;
  border-left: 4px solid var(--tone);
  border-radius: 4px;
  background: color-mix(in srgb, var(--tone) 9%, var(--card));
}
.verdict strong { margin-right: 0.35em; color: var(--tone); text-transform: uppercase; letter-spacing: 0.04em; }
.good { --tone: var(--good); }
.warn { --tone: var(--warn); }
.bad { --tone: var(--bad); }
.quiet { --tone: var(--soft); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.25rem 1.5rem; margin: 0; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
ul { margin: 0; padding-left: 1.2rem; }
li { margin: 0.35rem 0; overflow-wrap: anywhere; }
code {
  padding: 0.1em 0.35em;
  border-radius: 4px;
  background: color-mix(in srgb, var(--text) 8%, transparent);
  font: 0.87em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace;
}
.frame { overflow-x: auto; border: 1px solid var(--line); border-radius: 6px; background: var(--card); }
table { width: 100%; border-collapse: collapse; font-size: 0.92rem; }
th, td { padding: 0.45rem 0.8rem; text-align: left; vertical-align: top; unicode-bidi: isolate; }
th { color: var(--soft); font-weight: 600; white-space: nowrap; border-bottom: 1px solid var(--line); }
tbody tr + tr td { border-top: 1px solid var(--line); }
td:first-child { white-space: nowrap; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.mark { color: var(--tone); font-weight: 600; white-space: nowrap; }
@media print { body { background: none; } .frame { overflow: visible; } }
`;
