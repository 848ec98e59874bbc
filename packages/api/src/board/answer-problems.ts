import { fail, SafekeepError } from '@safekeep/shared/errors';
import { describeError } from '@safekeep/shared/logger';
import type { NextFunction, Request } from 'express';
import { auditFailure } from '../middleware/audit.js';
import { nameError, problemOf } from '../middleware/problem.js';
import type { ApiResponse } from '../middleware/request-facts.js';
import { Refusal } from '../refusal.js';
import type { Services } from '../services.js';
import { BOARD } from './paths.js';
import { problemPage } from './problem-page.js';
import { sendPage } from './send-page.js';
import { draftOf } from './session-gate.js';

/** Whether a person in a browser asks for a page, rather than a script for data. */
export function wantsPage(request: Request): boolean {
  return request.accepts(['json', 'html']) === 'html';
}

/** Answers every error of the board: people get a page or the login, scripts a problem document. */
export function answerBoardProblems(services: Services) {
  return async (
    thrown: unknown,
    request: Request,
    response: ApiResponse,
    _next: NextFunction,
  ): Promise<void> => {
    const { requestId, visitor, change } = response.locals;
    const error = await nameBoardError(services, thrown, requestId);
    response.locals.code = error.code;
    if (error.httpStatus >= 500)
      services.logger.error('request failed', { requestId, error: describeError(error) });
    if (change !== undefined) await auditFailure(services, change.action, change.event, error);
    else if (visitor !== undefined && error.httpStatus !== 404) {
      await auditFailure(services, 'board.read', draftOf(request, response), error);
    }
    if (response.headersSent) return response.destroy() && undefined;
    if (error instanceof Refusal) response.set(error.headers);
    if (!wantsPage(request)) sendProblem(response, error, requestId);
    else if (error.code === 'SESSION_MISSING') response.redirect(303, loginPath(request));
    else sendPage(response, error.httpStatus, problemPage(error, requestId));
  };
}

/** The Redis client has no codes, so Redis itself is asked whether it is away. */
async function nameBoardError(
  services: Services,
  thrown: unknown,
  requestId: string,
): Promise<SafekeepError> {
  if (thrown instanceof SafekeepError) return thrown;
  const named = nameError(thrown, requestId);
  if (named.code === 'INTERNAL' && !(await services.producer.ping()))
    return fail('BOARD_UNAVAILABLE', {}, thrown);
  return named;
}

/** A problem document, with `error` and `message` under which the board's script looks for what to show. */
function sendProblem(response: ApiResponse, error: SafekeepError, requestId: string): void {
  if (error.httpStatus === 401) response.set('WWW-Authenticate', 'Bearer realm="safekeep"');
  const body = { ...problemOf(error, requestId), error: error.message, message: error.hint };
  response.status(error.httpStatus).type('application/problem+json').send(JSON.stringify(body));
}

function loginPath(request: Request): string {
  const page = `${request.baseUrl}${request.path}`.replace(/\/$/, '');
  return page === BOARD ? `${BOARD}/login` : `${BOARD}/login?next=${encodeURIComponent(page)}`;
}
