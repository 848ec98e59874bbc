import { fail } from '@safekeep/shared/errors';
import { findUser, type User } from '@safekeep/shared/history/users';
import type { NextFunction, Request } from 'express';
import { requireRole } from '../auth/role.js';
import type { SessionClaims } from '../auth/sessions.js';
import type { ApiResponse } from '../middleware/request-facts.js';
import type { AuditDraft } from '../route.js';
import type { Services } from '../services.js';
import { readCookie, setCookie, setScriptCookie } from './cookies.js';
import { requireSameOrigin } from './same-origin.js';

/** Who looks at the board. */
export interface Visitor {
  readonly user: User;
  readonly session: SessionClaims;
}

/**
 * Finds the user behind the cookie. The user is read on every request, so that disabling an account, changing its role
 * and raising its token version hold at once.
 *
 * @throws SafekeepError SESSION_MISSING, BOARD_UNAVAILABLE when Redis cannot tell whether the session was ended
 */
export async function findVisitor({ pool, sessions }: Services, request: Request): Promise<Visitor> {
  const token = readCookie(request, 'session');
  if (token === undefined) throw fail('SESSION_MISSING');
  const session = sessions.read(token);
  const ended = await sessions.hasEnded(session).catch((error: unknown) => {
    throw fail('BOARD_UNAVAILABLE', {}, error);
  });
  const user = await findUser(pool, session.sub);
  const isVoid = user === null || user.disabled || user.tokenVersion !== session.ver;
  if (ended || isVoid) throw fail('SESSION_MISSING');
  return { user, session };
}

/** Gives the session its full time again: somebody is there. */
export function renewSession(
  { sessions }: Services,
  request: Request,
  response: ApiResponse,
  { user, session }: Visitor,
): void {
  setCookie(request, response, 'session', sessions.renew(user, session));
  setScriptCookie(request, response, sessions.formToken(session.jti));
}

export function letVisitorIn(services: Services) {
  return async (request: Request, response: ApiResponse, next: NextFunction): Promise<void> => {
    const visitor = await findVisitor(services, request);
    response.locals.visitor = visitor;
    response.locals.user = visitor.user.username;
    next();
  };
}

/** Who passed the gate, which stands before every handler that asks. */
export function visitorOf(response: ApiResponse): Visitor {
  const { visitor } = response.locals;
  if (visitor === undefined) throw fail('SESSION_MISSING');
  return visitor;
}

/** The audit event of a visitor, to be filled. */
export function draftOf(request: Request, response: ApiResponse): AuditDraft {
  const { id, username } = visitorOf(response).user;
  return { actor: { id, name: username, address: request.ip ?? 'unknown' }, target: null, detail: {} };
}

export function letOperatorIn(_request: Request, response: ApiResponse, next: NextFunction): void {
  requireRole(visitorOf(response).user.role, 'operator');
  next();
}

/**
 * The scripts of our pages send what their cookie says in a header; nobody else's can read the cookie.
 * @throws SafekeepError FORM_REFUSED
 */
export function requireScriptToken({ sessions }: Services, request: Request, { session }: Visitor): void {
  requireSameOrigin(request);
  if (!sessions.isFormToken(session.jti, request.get('x-xsrf-token'))) throw fail('FORM_REFUSED');
}

/** Somebody touched the keyboard or the mouse. */
export function stayLoggedIn(services: Services) {
  return (request: Request, response: ApiResponse): void => {
    const visitor = visitorOf(response);
    requireScriptToken(services, request, visitor);
    renewSession(services, request, response, visitor);
    response.status(204).end();
  };
}
