import { html } from '@safekeep/shared/html';
import { cardPage } from '../pages/card.js';
import type { Page } from '../pages/page.js';
import { BOARD } from './paths.js';

export function logoutPage(username: string, role: string, token: string): Page {
  return cardPage(
    'Log out',
    html`<h1>Log out?</h1>
<p>You are logged in as <strong>${username}</strong>, role ${role}.</p>
<form method="post" action="${BOARD}/logout">
<input type="hidden" name="token" value="${token}">
<div class="row"><button type="submit">Log out</button> <a class="button quiet" href="${BOARD}">Back to the queues</a></div>
</form>`,
  );
}
