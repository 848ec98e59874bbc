import { fail } from '@safekeep/shared/errors';
import type { Request } from 'express';
import { auditSuccess } from '../middleware/audit.js';
import { readForm } from '../middleware/form.js';
import type { ApiResponse } from '../middleware/request-facts.js';
import type { Services } from '../services.js';
import { clearCookie, clearScriptCookie } from './cookies.js';
import { logoutPage } from './logout-page.js';
import { BOARD } from './paths.js';
import { requireSameOrigin } from './same-origin.js';
import { sendPage } from './send-page.js';
import { draftOf, visitorOf } from './session-gate.js';

/** GET: a button, for a link alone may change nothing. */
export function askLogout({ sessions }: Services) {
  return (_request: Request, response: ApiResponse): void => {
    const { user, session } = visitorOf(response);
    sendPage(response, 200, logoutPage(user.username, user.role, sessions.formToken(session.jti)));
  };
}

/** POST: the session is over, also for whoever copied its cookie. */
export function logOut(services: Services) {
  return async (request: Request, response: ApiResponse): Promise<void> => {
    const { user, session } = visitorOf(response);
    requireSameOrigin(request);
    const { token } = await readForm(request);
    if (!services.sessions.isFormToken(session.jti, token)) throw fail('FORM_REFUSED');
    // First, so that this browser has forgotten it whatever comes of the rest.
    clearCookie(request, response, 'session');
    clearScriptCookie(request, response);
    await services.sessions.end(session).catch((error: unknown) => {
      throw fail('BOARD_UNAVAILABLE', {}, error);
    });
    await auditSuccess(services, 'logout', { ...draftOf(request, response), target: user.username });
    response.redirect(303, `${BOARD}/login`);
  };
}
