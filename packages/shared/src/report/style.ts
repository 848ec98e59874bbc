import { createHash } from 'node:crypto';

/** The page's only style sheet. Paper is black on white, whatever the screen is. */
export const STYLE = `
:root { color-scheme: light dark; --paper: #fff; --ink: #1a1d21; --soft: #5b636d; --line: #d5dae0; --wash: #f4f6f8;
  --good: #17714a; --warn: #8a5a00; --bad: #b3261e; --one: #2f6db5; --two: #b3261e; --pale: #a9c7ea; --aim: #8a5a00; }
@media screen and (prefers-color-scheme: dark) { :root { --paper: #14171a; --ink: #e6e9ec; --soft: #9aa4ae; --line: #343b42;
  --wash: #1d2226; --good: #5fc795; --warn: #e3b341; --bad: #ff8a80; --one: #6aa5e8; --two: #ff8a80; --pale: #36587d; --aim: #e3b341; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 62rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.25rem; margin: 2.5rem 0 .75rem; border-bottom: 2px solid var(--line); padding-bottom: .25rem; }
h3 { font-size: 1.05rem; margin: 1.5rem 0 .5rem; } p { margin: .5rem 0; } a { color: inherit; }
.soft, caption, figcaption, .unit { color: var(--soft); } .soft { font-size: .9rem; }
.banner { border: 1px solid var(--line); border-left: .5rem solid var(--good); background: var(--wash); padding: 1rem 1.25rem; margin: 1.25rem 0; border-radius: .25rem; }
.banner.attention { border-left-color: var(--warn); } .banner.unprotected { border-left-color: var(--bad); }
.banner p { font-size: 1.15rem; font-weight: 600; margin: 0; }
.tiles { display: grid; grid-template-columns: repeat(4, 1fr); gap: .75rem; margin: 1rem 0 0; }
.tiles div { border-top: 1px solid var(--line); padding-top: .5rem; } .tiles dt { color: var(--soft); font-size: .85rem; } .tiles dd { margin: 0; font-size: 1.3rem; font-weight: 600; }
ul.points { list-style: none; padding: 0; margin: 0; } ul.points li { border-left: .3rem solid var(--warn); padding: .35rem .75rem; margin: .5rem 0; background: var(--wash); overflow-wrap: anywhere; }
ul.points li.critical { border-left-color: var(--bad); } ul.points .soft { display: block; }
.badge { font-weight: 600; white-space: nowrap; } .verdict { font-weight: 600; } .met, .passed { color: var(--good); } .badge.warning, .people { color: var(--warn); } .badge.critical, .missing, .failed { color: var(--bad); }
table { border-collapse: collapse; width: 100%; font-size: .9rem; } caption { text-align: left; font-size: .85rem; padding-bottom: .25rem; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; } th { font-weight: 600; overflow-wrap: normal; } .when { white-space: nowrap; }
.wide { overflow-x: auto; margin: .75rem 0; } code { font: .85em/1.4 ui-monospace, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
.checklist td:nth-child(1) { width: 24%; } .checklist td:nth-child(2) { width: 8rem; } .checklist td .soft { display: block; }
dl.facts { display: grid; grid-template-columns: 12rem 1fr; gap: .2rem 1rem; margin: .75rem 0; } dl.facts dt { color: var(--soft); } dl.facts dd { margin: 0; overflow-wrap: anywhere; }
.charts { display: grid; grid-template-columns: 1fr 1fr; gap: 1rem 1.5rem; margin: 1rem 0; } figure { margin: 0; } figcaption { font-size: .85rem; }
svg { width: 100%; height: auto; display: block; } svg text { font-size: 9.5px; fill: var(--soft); } svg .grid { stroke: var(--line); stroke-width: .7; } svg .axis { stroke: var(--soft); stroke-width: 1; }
rect.series-1 { fill: var(--one); } rect.series-2 { fill: var(--pale); } .outcomes rect.series-2 { fill: var(--two); } line.target { stroke: var(--aim); stroke-width: 1.5; stroke-dasharray: 5 3; }
.legend { margin-left: .5rem; white-space: nowrap; } .key { display: inline-block; width: .7rem; height: .7rem; margin: 0 .25rem 0 .5rem; } .key.series-1 { background: var(--one); } .key.series-2 { background: var(--pale); } .outcomes .key.series-2 { background: var(--two); } .key.target { height: 0; border-top: 2px dashed var(--aim); vertical-align: middle; width: 1rem; }
details { margin: .5rem 0; } summary { cursor: pointer; color: var(--soft); font-size: .9rem; } details td, details th { white-space: nowrap; }
footer { margin-top: 3rem; border-top: 1px solid var(--line); padding-top: .75rem; color: var(--soft); font-size: .85rem; }
@media (max-width: 40rem) { .tiles, .charts { grid-template-columns: 1fr 1fr; } .charts, dl.facts { grid-template-columns: 1fr; } dl.facts dd { margin-bottom: .4rem; } }
@page { size: A4; margin: 16mm 14mm; }
@media print { :root { --paper: #fff; --ink: #000; --soft: #333; --line: #999; --wash: #fff; --good: #000; --warn: #000; --bad: #000; --one: #888; --two: #000; --pale: #ccc; --aim: #000; font-size: 9.5pt; }
  body { padding: 0; max-width: none; line-height: 1.4; } h2 { margin-top: 1.5rem; } h2, h3, caption, p.verdict { break-after: avoid; }
  .page { break-before: page; } thead { break-after: avoid; } .banner, figure, tr, li, dl.facts, .tiles { break-inside: avoid; } thead { display: table-header-group; } details:not([open]) { display: none; }
  .charts { gap: .5rem 2.5rem; } .wide { overflow: visible; } * { print-color-adjust: exact; } }
`;

const hash = createHash('sha256').update(STYLE).digest('base64');

/** What a browser may do with the page: show it with its own style. Nothing is loaded, run or sent. */
export const CONTENT_POLICY = `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
