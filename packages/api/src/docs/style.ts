export const DOCS_STYLE = `
:root { color-scheme: light dark; --ground: #fff; --side: #f3f6f7; --ink: #17212b; --quiet: #51606e; --line: #d5dee4; --code: #f3f6f7;
  --accent: #0f766e; --get: #0b6b8a; --post: #0f766e; --patch: #8a5a00; --delete: #9f1d1d; }
@media (prefers-color-scheme: dark) { :root { --ground: #12191f; --side: #182129; --ink: #e6edf2; --quiet: #a3b3bf; --line: #2c3943; --code: #1a242d;
  --accent: #2dd4bf; --get: #67c5e6; --post: #2dd4bf; --patch: #f2c66d; --delete: #ffb4ab; } }
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body { margin: 0; display: grid; grid-template-columns: minmax(15rem, 19rem) minmax(0, 1fr); background: var(--ground); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
nav { position: sticky; top: 0; height: 100vh; overflow-y: auto; padding: 1.5rem 1rem 3rem 1.5rem; background: var(--side); border-right: 1px solid var(--line); font-size: .875rem; }
nav .brand { display: flex; align-items: center; gap: .5rem; margin: 0 0 1rem; font-size: 1rem; font-weight: 600; }
nav svg { width: 1.25rem; height: 1.25rem; fill: var(--accent); }
nav h2 { margin: 1.1rem 0 .25rem; font-size: .75rem; text-transform: uppercase; letter-spacing: .06em; color: var(--quiet); }
nav ul { list-style: none; margin: 0; padding: 0; }
nav a { display: flex; gap: .5rem; padding: .15rem 0; color: inherit; text-decoration: none; overflow-wrap: anywhere; }
nav a:hover { text-decoration: underline; }
main { padding: 2rem clamp(1rem, 4vw, 3.5rem) 6rem; max-width: 64rem; }
h1 { margin: 0 0 .25rem; font-size: 1.9rem; line-height: 1.2; }
main > section > h2 { margin: 3.5rem 0 .25rem; padding-top: 1rem; border-top: 2px solid var(--line); font-size: 1.4rem; }
h3 { margin: 2.5rem 0 .4rem; font-size: 1.05rem; display: flex; flex-wrap: wrap; gap: .6rem; align-items: baseline; }
h3 code { font-size: 1.05rem; font-weight: 600; background: none; padding: 0; }
h4 { margin: 1.2rem 0 .3rem; font-size: .8rem; text-transform: uppercase; letter-spacing: .05em; color: var(--quiet); }
p { margin: .4rem 0; }
a { color: var(--accent); }
.quiet { color: var(--quiet); }
.method { flex: none; min-width: 2.9rem; font: 600 .75rem/1.6 ui-monospace, "SFMono-Regular", Consolas, monospace; color: var(--get); }
.method.post { color: var(--post); } .method.patch, .method.put { color: var(--patch); } .method.delete { color: var(--delete); }
.role { margin-left: auto; padding: .05rem .6rem; border: 1px solid var(--line); border-radius: 1rem; font-size: .8rem; font-weight: 400; color: var(--quiet); }
code, pre { font-family: ui-monospace, "SFMono-Regular", Consolas, "Liberation Mono", monospace; font-size: .875em; }
code { background: var(--code); padding: .1em .3em; border-radius: .25rem; overflow-wrap: anywhere; }
pre { margin: .4rem 0; padding: .8rem 1rem; overflow-x: auto; background: var(--code); border: 1px solid var(--line); border-radius: .4rem; }
pre code { background: none; padding: 0; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th { text-align: left; font-weight: 600; color: var(--quiet); }
th, td { padding: .35rem .9rem .35rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td:first-child { white-space: nowrap; } td:first-child code { overflow-wrap: normal; }
td.type { color: var(--quiet); overflow-wrap: anywhere; }
.needed { color: var(--accent); font-size: .8rem; }
.codes code { display: inline-block; margin: 0 .2rem .15rem 0; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
@media (max-width: 52rem) { body { display: block; } nav { position: static; height: auto; border-right: 0; border-bottom: 1px solid var(--line); } }
@media (max-width: 40rem) { table, tbody, tr, td { display: block; } thead { display: none; } tr { padding: .4rem 0; border-bottom: 1px solid var(--line); }
  td { padding: 0 0 .1rem; border: 0; } td:empty { display: none; } td:first-child { white-space: normal; } }
@media print { body { display: block; font-size: 10pt; } nav { display: none; } main { max-width: none; padding: 0; } h3, h4 { break-after: avoid; }
  pre, tr { break-inside: avoid; } pre { white-space: pre-wrap; } }
`;
