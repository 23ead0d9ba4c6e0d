// The style sheet of report.html: light and dark, wide and narrow, screen and paper.

export const STYLE = `
:root { color-scheme: light dark; --ink: #1c1e21; --soft: #5b6067; --line: #dcdfe4; --back: #fff; --panel: #f6f7f9; --warn: #8a5300; --bad: #b3261e; --good: #1a6e3c; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8eb; --soft: #a0a6ae; --line: #3a3f46; --back: #16181b; --panel: #1f2226; --warn: #e5a94e; --bad: #f2857d; --good: #6fcf97; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1240px; padding: 24px 20px 60px; font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; color: var(--ink); background: var(--back); }
h1 { font-size: 26px; margin: 0 0 4px; } h2 { font-size: 19px; margin: 36px 0 10px; }
p { margin: 6px 0; } .soft { color: var(--soft); } code { font: 13px ui-monospace, Consolas, monospace; overflow-wrap: anywhere; }
ul { padding-left: 20px; margin: 8px 0; }
.badge { display: inline-block; border-radius: 4px; padding: 1px 8px; font-weight: 600; border: 1px solid currentColor; }
.pass { color: var(--good); } .fail { color: var(--bad); } .inconclusive { color: var(--warn); }
.problems { border-left: 4px solid var(--warn); background: var(--panel); padding: 8px 14px; margin: 14px 0; }
.filters { display: flex; flex-wrap: wrap; gap: 8px 18px; margin: 10px 0; align-items: center; }
.filters label { display: inline-flex; align-items: center; gap: 5px; cursor: pointer; }
.swatch { width: 11px; height: 11px; border-radius: 2px; display: inline-block; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 6px; }
table { border-collapse: collapse; width: 100%; font-size: 13.5px; font-variant-numeric: tabular-nums; }
th, td { padding: 5px 10px; white-space: nowrap; text-align: left; border-bottom: 1px solid var(--line); }
td.right, th.right { text-align: right; }
thead th { position: sticky; top: 0; background: var(--panel); }
th button { all: unset; cursor: pointer; font-weight: 600; } th button:focus-visible { outline: 2px solid currentColor; }
th[aria-sort=ascending] button::after { content: " ▲"; } th[aria-sort=descending] button::after { content: " ▼"; }
tbody tr:hover { background: var(--panel); } tr.flagged td:first-child { box-shadow: inset 3px 0 var(--warn); }
td.wrap { white-space: normal; min-width: 260px; }
figure { margin: 18px 0; background: #fff; border: 1px solid var(--line); border-radius: 6px; overflow-x: auto; }
figure svg { display: block; max-width: 100%; height: auto; margin: 0 auto; }
@media (max-width: 640px) { body { padding: 16px 12px 40px; } figure svg { max-width: none; } }
@media print { body { max-width: none; padding: 0; font-size: 11px; color: #000; background: #fff; } .filters { display: none; } .scroll { overflow: visible; border: 0; } table { font-size: 9px; } th, td { padding: 2px 5px; } figure, tr { break-inside: avoid; } }
`.trim()
