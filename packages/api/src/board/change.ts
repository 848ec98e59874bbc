import { appendAudit } from '@safekeep/shared/audit/audit';
import { fail } from '@safekeep/shared/errors';
import type { NextFunction, Request } from 'express';
import { requireRole } from '../auth/role.js';
import type { ApiResponse } from '../middleware/request-facts.js';
import type { AuditDraft } from '../route.js';
import type { Services } from '../services.js';
import { boardAction } from './actions.js';
import { draftOf, requireScriptToken, visitorOf } from './session-gate.js';

/** Lets a change of the queues pass: one that is possible, asked for by an admin, in our own page, and not too often. */
export function admitChange(services: Services) {
  return async (request: Request, response: ApiResponse, next: NextFunction): Promise<void> => {
    if (request.method === 'GET' || request.method === 'HEAD') return next();
    const visitor = visitorOf(response);
    const action = boardAction(request.method, request.path);
    const event: AuditDraft = {
      ...draftOf(request, response),
      target: action?.job ?? null,
      detail: action === null ? {} : { queue: action.queue, ...(action.status && { status: action.status }) },
    };
    // From here on the error handler records what became of it.
    response.locals.change = { action: action?.action ?? 'board.change', event };
    requireScriptToken(services, request, visitor);
    requireRole(visitor.user.role, 'admin');
    if (action === null) throw fail('BOARD_ACTION_REFUSED');
    await services.writes.admit(visitor.user.id);
    answerAfterAudit(services, response, next);
    next();
  };
}

/** The board answers with `json`; that waits until the audit trail has what was done. */
function answerAfterAudit(services: Services, response: ApiResponse, next: NextFunction): void {
  const answer = response.json.bind(response);
  response.json = (body) => {
    const { change } = response.locals;
    const status = response.statusCode;
    const recorded =
      change === undefined
        ? Promise.resolve()
        : appendAudit(services.pool, {
            ...change.event,
            action: change.action,
            result: status < 400 ? 'ok' : status < 500 ? 'refused' : 'failed',
            detail: { ...change.event.detail, ...(status >= 400 && { status }) },
          });
    recorded.then(() => answer(body), next);
    return response;
  };
}
