import type { SafekeepError } from '@safekeep/shared/errors';
import { html } from '@safekeep/shared/html';
import { cardPage } from '../pages/card.js';
import type { Page } from '../pages/page.js';
import { inline } from '../pages/prose.js';
import { BOARD } from './paths.js';

/** What a person sees in place of the board. */
export function problemPage(error: SafekeepError, requestId: string): Page {
  const another =
    error.code === 'ROLE_INSUFFICIENT' &&
    html`<a class="button quiet" href="${BOARD}/logout">Use another account</a>`;
  const again = error.httpStatus >= 500 && html`<a class="button" href="${BOARD}">Try again</a>`;
  return cardPage(
    heading(error.httpStatus),
    html`<h1>${heading(error.httpStatus)}</h1>
<p>${inline(error.message)}</p>
<p>${inline(error.hint)}</p>
<div class="row">${again} ${another}</div>
<p class="small">${error.httpStatus} <code>${error.code}</code>, request <code>${requestId}</code></p>`,
  );
}

function heading(status: number): string {
  if (status === 403) return 'Not for this account';
  if (status === 404 || status === 405) return 'Nothing here';
  return status >= 500 ? 'The queues cannot be shown' : 'This did not work';
}
