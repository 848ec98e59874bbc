/** The look of the small pages around the board: one card in the middle. */
export const CARD_STYLE = `
:root { color-scheme: light dark; --ground: #eef2f3; --card: #fff; --ink: #17212b; --quiet: #51606e; --line: #c3ced6;
  --accent: #0f766e; --on-accent: #fff; --bad: #9f1d1d; --bad-ground: #fdf0ef; --note-ground: #fff7e6; --note: #7a4b00; }
@media (prefers-color-scheme: dark) { :root { --ground: #10161b; --card: #182129; --ink: #e6edf2; --quiet: #9fb0bd;
  --line: #3b4a56; --accent: #2dd4bf; --on-accent: #06201d; --bad: #ffb4ab; --bad-ground: #3a1d1b; --note-ground: #33290f; --note: #f2d38b; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; background: var(--ground);
  color: var(--ink); font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main { width: 100%; max-width: 26rem; background: var(--card); border: 1px solid var(--line); border-radius: .75rem;
  padding: 2rem; box-shadow: 0 1px 2px rgb(0 0 0 / .06), 0 8px 24px rgb(0 0 0 / .06); }
.brand { display: flex; align-items: center; gap: .6rem; margin: 0 0 1.25rem; font-weight: 600; letter-spacing: .01em; color: var(--quiet); }
.brand svg { width: 1.5rem; height: 1.5rem; fill: var(--accent); }
h1 { margin: 0 0 .35rem; font-size: 1.4rem; line-height: 1.25; }
p { margin: 0 0 1rem; color: var(--quiet); }
label { display: block; margin: 1rem 0 .3rem; font-weight: 600; }
input { width: 100%; padding: .6rem .7rem; font: inherit; color: inherit; background: transparent; border: 1px solid var(--quiet); border-radius: .4rem; }
button, .button { display: inline-block; margin-top: 1.5rem; padding: .6rem 1.2rem; font: inherit; font-weight: 600; text-decoration: none;
  color: var(--on-accent); background: var(--accent); border: 1px solid var(--accent); border-radius: .4rem; cursor: pointer; }
form.wide button { width: 100%; }
.quiet { color: var(--accent); background: transparent; }
.row { display: flex; flex-wrap: wrap; gap: .75rem; align-items: center; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.alert { margin: 1rem 0 0; padding: .7rem .9rem; border-radius: .4rem; color: var(--bad); background: var(--bad-ground); }
.note { margin: 1rem 0 0; padding: .7rem .9rem; border-radius: .4rem; color: var(--note); background: var(--note-ground); }
code { font-size: .95em; overflow-wrap: anywhere; }
.small { margin: 1.5rem 0 0; font-size: .875rem; }
`;
