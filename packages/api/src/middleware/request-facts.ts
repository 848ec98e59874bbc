import { randomUUID } from 'node:crypto';
import type { NextFunction, Request, Response } from 'express';
import type { Visitor } from '../board/session-gate.js';
import type { AuditDraft } from '../route.js';

/** What a request carries along until its answer is logged. */
type RequestFacts = {
  /** Made here, never taken from the client, so that it is unique and safe to log. */
  requestId: string;
  /** Name of the user, once known. */
  user?: string;
  /** The error that the answer tells of. */
  code?: string;
  /** Who looks at the board, once known. */
  visitor?: Visitor;
  /** What a request changes on the board, for the audit trail. */
  change?: { readonly action: string; readonly event: AuditDraft };
};

export type ApiResponse = Response<unknown, RequestFacts>;

/** Gives the request its id, which every answer names in X-Request-Id. */
export function identifyRequest(_request: Request, response: ApiResponse, next: NextFunction): void {
  response.locals.requestId = randomUUID();
  response.set('X-Request-Id', response.locals.requestId);
  next();
}

/** Paths longer than this are nobody's but an attacker's. */
const LONGEST_PATH = 200;

/** The path as it may be logged and answered: without its query, which may hold what nobody meant to send. */
export function shownPath(request: Request): string {
  return request.path.slice(0, LONGEST_PATH);
}
