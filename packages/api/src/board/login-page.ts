import { html } from '@safekeep/shared/html';
import { cardPage } from '../pages/card.js';
import type { Page } from '../pages/page.js';
import { inline } from '../pages/prose.js';
import { BOARD } from './paths.js';

interface LoginForm {
  readonly token: string;
  /** Where to go afterwards. */
  readonly next: string;
  readonly username?: string;
  /** What is wrong, and what to do about it. */
  readonly problem?: { readonly message: string; readonly hint: string };
  /** The connection is not encrypted, and not one within this machine. */
  readonly exposed: boolean;
}

export function loginPage({ token, next, username = '', problem, exposed }: LoginForm): Page {
  const contents = html`<h1>Log in</h1>
<p>To see what the backup queues are doing.</p>
${problem && html`<div class="alert" role="alert" id="problem"><strong>${problem.message}</strong> ${inline(problem.hint)}</div>`}
${exposed && html`<p class="note">This connection is not encrypted: others on the network can read your password.</p>`}
<form class="wide" method="post" action="${BOARD}/login"${problem && html` aria-describedby="problem"`}>
<input type="hidden" name="token" value="${token}">
<input type="hidden" name="next" value="${next}">
<label for="username">User name</label>
<input id="username" name="username" value="${username}" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="64" required${username === '' && html` autofocus`}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" maxlength="256" required${username !== '' && html` autofocus`}>
<button type="submit">Log in</button>
</form>
<p class="small">You are logged out after 15 minutes without activity.</p>`;
  return cardPage('Log in', contents);
}
