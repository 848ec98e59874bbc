import { minute } from '../format.js';
import { type Html, html } from '../html.js';

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
