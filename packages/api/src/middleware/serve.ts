import type { SafekeepError } from '@safekeep/shared/errors';
import type { Request } from 'express';
import { findBearer } from '../auth/bearer.js';
import { requireRole } from '../auth/role.js';
import type { Answer, AuditDraft, Route } from '../route.js';
import type { Services } from '../services.js';
import { auditFailure, auditSuccess } from './audit.js';
import { readBody } from './body.js';
import { readInput } from './input.js';
import { nameError } from './problem.js';
import type { ApiResponse } from './request-facts.js';

/**
 * The way of every request: who is it, may they, is it too often, what do they send; then the handler, the audit event
 * and the answer. Nothing of the body is read for somebody who may not send it.
 */
export function serve(route: Route, services: Services) {
  return async (request: Request, response: ApiResponse): Promise<void> => {
    const address = request.ip ?? 'unknown';
    const audit: AuditDraft = {
      actor: { id: null, name: 'anonymous', address },
      target: null,
      detail: {},
    };
    let reachedHandler = false;
    try {
      await admit(route, services, request, response, audit);
      const body = route.request.body ? await readBody(request) : undefined;
      const { query, params, headers } = request;
      const input = readInput(route.request, { body, query, params, headers });
      reachedHandler = true;
      const answer = await route.handle(services, { input, audit, address });
      const unseen = route.optionalToken === true && audit.actor.id === null;
      if (route.audit?.by === 'pipeline' && !unseen) await auditSuccess(services, route.audit.action, audit);
      send(response.status(route.status), answer);
    } catch (thrown) {
      const error = nameError(thrown, response.locals.requestId);
      await recordFailure(route, services, audit, error, reachedHandler);
      throw error;
    }
  };
}

function send(response: ApiResponse, answer: Answer<unknown>): void {
  response.set(answer.headers ?? {});
  if (answer.contentType === undefined) response.json(answer.body);
  else response.type(answer.contentType).send(answer.body);
}

/** Lets the request's user in, as the route's row says. */
async function admit(
  route: Route,
  services: Services,
  request: Request,
  response: ApiResponse,
  audit: AuditDraft,
): Promise<void> {
  const { authorization } = request.headers;
  if (route.role === null && !(route.optionalToken && authorization !== undefined)) return;
  const user = await findBearer(services.pool, services.tokens, authorization);
  response.locals.user = user.username;
  audit.actor = { ...audit.actor, id: user.id, name: user.username };
  if (route.role !== null) requireRole(user.role, route.role);
  if (route.throttle === 'writes') await services.writes.admit(user.id);
}

async function recordFailure(
  route: Route,
  services: Services,
  audit: AuditDraft,
  error: SafekeepError,
  reachedHandler: boolean,
): Promise<void> {
  if (route.audit === null || (reachedHandler && route.audit.by === 'handler')) return;
  await auditFailure(services, route.audit.action, audit, error);
}
