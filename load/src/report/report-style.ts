/** The report's looks: no font, script or image from elsewhere; light and dark; prints well. */
export const REPORT_STYLE = `
:root { color-scheme: light dark; --ink: #1c2330; --soft: #5c6675; --line: #e3e7ee; --paper: #ffffff; --back: #f5f7fa;
  --c1: #2563eb; --c2: #d97706; --c3: #0d9488; --c4: #9333ea; --c5: #dc2626; --c6: #64748b; --c7: #db2777; --good: #15803d; --bad: #b91c1c; }
@media screen and (prefers-color-scheme: dark) { :root { --ink: #e6eaf2; --soft: #9aa5b5; --line: #2b3442; --paper: #161c26;
  --back: #0f141c; --c1: #60a5fa; --c2: #fbbf24; --c3: #2dd4bf; --c4: #c084fc; --c5: #f87171; --c6: #94a3b8; --c7: #f472b6;
  --good: #4ade80; --bad: #f87171; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink); font: 15px/1.5 system-ui, "Segoe UI", "Liberation Sans", sans-serif; }
main { max-width: 960px; margin: 0 auto; padding: 32px 24px 64px; }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 4px; letter-spacing: -0.01em; }
h2 { font-size: 17px; margin: 36px 0 12px; }
p { margin: 0 0 8px; } table + p, svg + p { margin-top: 8px; } .soft { color: var(--soft); }
header { display: flex; gap: 24px; align-items: flex-start; justify-content: space-between; }
.verdict { flex: none; padding: 6px 14px; border-radius: 999px; font-weight: 600; color: #fff; background: #15803d; }
.verdict.missed { background: #b91c1c; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(148px, 1fr)); gap: 12px; margin: 24px 0 0; }
.card { background: var(--paper); border: 1px solid var(--line); border-radius: 8px; padding: 12px 14px; }
.card b { display: block; font-size: 21px; line-height: 1.3; font-variant-numeric: tabular-nums; }
.card span { color: var(--soft); font-size: 13px; }
.panel, figure { background: var(--paper); border: 1px solid var(--line); border-radius: 8px; margin: 0 0 16px; padding: 14px 16px; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { text-align: right; color: var(--soft); font-weight: 500; font-size: 13px; padding: 4px 8px; }
td { text-align: right; padding: 6px 8px; border-top: 1px solid var(--line); white-space: nowrap; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
.met { color: var(--good); } .missed-cell, .worse { color: var(--bad); font-weight: 600; } .better { color: var(--good); }
figcaption { display: flex; flex-wrap: wrap; gap: 4px 16px; justify-content: space-between; margin-bottom: 6px; }
.keys { display: flex; flex-wrap: wrap; gap: 2px 14px; } .key { color: var(--soft); font-size: 13px; }
.key::before { content: ""; display: inline-block; width: 14px; height: 3px; margin: 0 6px 3px 0; border-radius: 2px; background: var(--stroke); }
svg { display: block; width: 100%; height: auto; } .grid { stroke: var(--line); }
.tick { fill: var(--soft); font-size: 12px; font-variant-numeric: tabular-nums; }
.line { fill: none; stroke: var(--stroke); stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; } .area { fill: var(--stroke); opacity: 0.14; }
.limit { stroke: var(--bad); stroke-dasharray: 5 4; } .limit-label { fill: var(--bad); font-size: 12px; paint-order: stroke; stroke: var(--paper); stroke-width: 4px; }
.absent { color: var(--soft); padding: 20px 0; text-align: center; }
.c1 { --stroke: var(--c1); } .c2 { --stroke: var(--c2); } .c3 { --stroke: var(--c3); }
.c4 { --stroke: var(--c4); } .c5 { --stroke: var(--c5); } .c6 { --stroke: var(--c6); }
.c7 { --stroke: var(--c7); }
footer { margin-top: 32px; color: var(--soft); font-size: 13px; }
@media print { :root { color-scheme: light; } body { background: #fff; font-size: 12px; } main { max-width: none; padding: 0; }
  figure, tr, .card { break-inside: avoid; } figure, .panel { overflow: visible; } h2 { break-after: avoid; } th, td { padding: 3px 5px; font-size: 11px; }
  .verdict, .key::before { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
`;
