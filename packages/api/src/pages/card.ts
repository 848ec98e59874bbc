import { type Html, html } from '@safekeep/shared/html';
import { CARD_STYLE } from './card-style.js';
import { type Page, renderPage } from './page.js';

/** One card with the product's name over it. */
export function cardPage(title: string, contents: Html): Page {
  const body = html`<main>
<p class="brand"><svg viewBox="0 0 16 16" aria-hidden="true"><path d="M8 1l6 2v5c0 4-3 6-6 7-3-1-6-3-6-7V3z"/></svg>Safekeep</p>
${contents}
</main>`;
  return renderPage({ title: `${title} · Safekeep`, style: CARD_STYLE, body });
}
