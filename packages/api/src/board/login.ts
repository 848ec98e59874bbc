import { randomBytes } from 'node:crypto';
import { loginRequest } from '@safekeep/shared/contracts/login';
import { fail, type SafekeepError } from '@safekeep/shared/errors';
import type { Request } from 'express';
import { checkLogin } from '../auth/check-login.js';
import { auditFailure, auditSuccess } from '../middleware/audit.js';
import { readForm } from '../middleware/form.js';
import { nameError } from '../middleware/problem.js';
import type { ApiResponse } from '../middleware/request-facts.js';
import { Refusal } from '../refusal.js';
import type { AuditDraft } from '../route.js';
import type { Services } from '../services.js';
import { wantsPage } from './answer-problems.js';
import { clearCookie, readCookie, setCookie } from './cookies.js';
import { loginPage } from './login-page.js';
import { pageOfBoard } from './paths.js';
import { requireSameOrigin } from './same-origin.js';
import { sendPage } from './send-page.js';
import { findVisitor, renewSession } from './session-gate.js';

/** GET: the form, or the board for somebody who is logged in. */
export function showLogin(services: Services) {
  return async (request: Request, response: ApiResponse): Promise<void> => {
    const next = pageOfBoard(request.query.next);
    const visitor = await findVisitor(services, request).catch(() => null);
    if (visitor !== null) response.redirect(303, next);
    else showForm(services, request, response, 200, { next });
  };
}

/** POST: the same login as the API's, throttled and recorded alike. */
export function acceptLogin(services: Services) {
  return async (request: Request, response: ApiResponse): Promise<void> => {
    const address = request.ip ?? 'unknown';
    const audit: AuditDraft = {
      actor: { id: null, name: 'anonymous', address },
      target: null,
      detail: { via: 'board' },
    };
    let fields: Record<string, string> = {};
    try {
      requireSameOrigin(request);
      fields = await readForm(request);
      const nonce = readCookie(request, 'form');
      if (nonce === undefined || !services.sessions.isFormToken(nonce, fields.token))
        throw fail('FORM_REFUSED');
      const given = loginRequest.safeParse({ username: fields.username, password: fields.password });
      if (!given.success) throw fail('LOGIN_FAILED');
      const user = await checkLogin(services.login, given.data, audit, address);
      await auditSuccess(services, 'login', audit);
      response.locals.user = user.username;
      clearCookie(request, response, 'form');
      const session = services.sessions.read(services.sessions.begin(user));
      renewSession(services, request, response, { user, session });
      response.redirect(303, pageOfBoard(fields.next));
    } catch (thrown) {
      const error = nameError(thrown, response.locals.requestId);
      await auditFailure(services, 'login', audit, error);
      if (!wantsPage(request)) throw error;
      refuseLogin(services, request, response, error, fields);
    }
  };
}

function refuseLogin(
  services: Services,
  request: Request,
  response: ApiResponse,
  error: SafekeepError,
  fields: Record<string, string>,
): void {
  response.locals.code = error.code;
  if (error instanceof Refusal) response.set(error.headers);
  showForm(services, request, response, error.httpStatus, {
    next: pageOfBoard(fields.next),
    username: (fields.username ?? '').slice(0, 64),
    problem: error,
  });
}

interface Shown {
  readonly next: string;
  readonly username?: string;
  readonly problem?: SafekeepError;
}

function showForm(
  services: Services,
  request: Request,
  response: ApiResponse,
  status: number,
  shown: Shown,
): void {
  const nonce = readCookie(request, 'form') ?? randomBytes(18).toString('base64url');
  setCookie(request, response, 'form', nonce);
  const token = services.sessions.formToken(nonce);
  sendPage(response, status, loginPage({ ...shown, token, exposed: isExposed(request) }));
}

/** Plain HTTP to anything but this machine's own names. */
function isExposed(request: Request): boolean {
  return !request.secure && !/^(localhost|127\.\d+\.\d+\.\d+|::1|\[::1\])$/.test(request.hostname);
}
