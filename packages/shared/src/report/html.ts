import { minute } from '../format.js';

/** Text that is HTML already. */
export class Html {
  constructor(readonly text: string) {}
}

type Part = Html | string | number | null | readonly (Html | string)[];

/** Builds HTML; every value that is not HTML already is escaped, for elements and for quoted attributes. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  const text = strings.reduce((all, piece, at) => all + show(parts[at - 1] as Part) + piece);
  return new Html(text);
}

function show(part: Part): string {
  if (part === null) return '';
  if (part instanceof Html) return part.text;
  if (Array.isArray(part)) return part.map((each: Html | string) => show(each)).join('');
  return escapeText(String(part));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] as string);
}

/** A table with a caption for those who cannot see where it stands; a cell is escaped unless it is HTML. */
export function htmlTable(
  caption: string,
  head: readonly string[],
  rows: readonly (readonly (Html | string | number)[])[],
): Html {
  const cells = (row: readonly (Html | string | number)[]) => row.map((cell) => html`<td>${cell}</td>`);
  return html`<div class="wide"><table><caption>${caption}</caption>
<thead><tr>${head.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${cells(row)}</tr>\n`)}</tbody></table></div>`;
}

/** A time in a table. */
export function when(time: Date): Html {
  return html`<span class="when">${minute(time)}</span>`;
}
