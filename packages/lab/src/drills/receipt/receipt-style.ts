// How a receipt looks: one column that fits a phone, tables that scroll by themselves, dark where the reader wants it,
// black on white on paper. Verdicts are words first and colours second.
export const STYLE = `
:root { color-scheme: light dark;
  --ink: #1c2430; --muted: #5b6674; --paper: #ffffff; --panel: #f4f6f8; --line: #d5dbe1;
  --good: #17703b; --bad: #b3261e; --warn: #8a5a00; --done: #4a7fb5; --fault: #f0b429; --down: #9aa5b1; }
@media (prefers-color-scheme: dark) { :root {
  --ink: #e6eaef; --muted: #9aa5b1; --paper: #14181d; --panel: #1d232a; --line: #343d47;
  --good: #5fcf8a; --bad: #ff8a80; --warn: #ffc95c; --done: #6aa6de; --fault: #c28b00; --down: #5b6674; } }
@media print { :root { color-scheme: light;
  --ink: #000; --muted: #444; --paper: #fff; --panel: #fff; --line: #bbb;
  --good: #17703b; --bad: #b3261e; --warn: #8a5a00; --done: #4a7fb5; --fault: #f0b429; --down: #9aa5b1; }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 52rem; background: var(--paper); color: var(--ink);
  font: 16px/1.45 system-ui, sans-serif; }
header { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.1rem; margin: 1.8rem 0 .6rem; }
h3 { font-size: 1rem; margin: 1.2rem 0 .3rem; overflow-wrap: anywhere; }
p { margin: .3rem 0; overflow-wrap: anywhere; } .muted { color: var(--muted); }
.verdict { font-weight: 700; padding: .1rem .7rem; border: 2px solid currentColor; border-radius: .4rem; }
.good { color: var(--good); } .bad { color: var(--bad); } .warn { color: var(--warn); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .6rem; margin: 1rem 0; }
.tile { background: var(--panel); border: 1px solid var(--line); border-radius: .5rem; padding: .6rem .8rem; }
.tile b { display: block; font-size: 1.35rem; font-variant-numeric: tabular-nums; }
.tile span { color: var(--muted); font-size: .85rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem .9rem; margin: .6rem 0; }
dt { color: var(--muted); } dd { margin: 0; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; min-width: 38rem; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .3rem .7rem .3rem 0; border-bottom: 1px solid var(--line); }
th { color: var(--muted); font-weight: 600; } td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.wide > svg { display: block; width: 100%; min-width: 34rem; height: auto; }
svg text { fill: var(--ink); font: 12px system-ui, sans-serif; } svg .tick-label { fill: var(--muted); font-size: 11px; }
svg .fault-label { fill: var(--warn); font-size: 11px; font-weight: 700; }
svg .row { fill: none; stroke: var(--line); } svg .tick { stroke: var(--line); stroke-dasharray: 2 3; }
svg .done { fill: var(--done); } svg .fault { fill: var(--fault); fill-opacity: .22; }
svg .stall { fill: var(--bad); fill-opacity: .8; } svg .down { fill: var(--down); fill-opacity: .35; }
svg .whole { stroke: var(--good); stroke-width: 2; }
.key { display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; font-size: .85rem; color: var(--muted); }
.key i { display: inline-block; width: .8rem; height: .8rem; margin-right: .35rem; border-radius: 2px; vertical-align: -1px; }
@media print { section, tr, .tile { break-inside: avoid; } .wide { overflow: visible; }
  .wide > svg, .wide > table { min-width: 0; } }
`;
