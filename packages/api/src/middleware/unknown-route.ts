import { fail } from '@safekeep/shared/errors';
import type { NextFunction, Request, Response } from 'express';
import { refuse } from '../refusal.js';
import { shownPath } from './request-facts.js';

/** The path exists, this method of it does not. */
export function refuseMethod(allowed: readonly string[]) {
  // Express answers HEAD wherever there is GET.
  const allow = allowed.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])).join(', ');
  return (request: Request, _response: Response, next: NextFunction): void => {
    next(refuse('METHOD_NOT_ALLOWED', named(request), { Allow: allow }));
  };
}

export function refuseUnknownPath(request: Request, _response: Response, next: NextFunction): void {
  next(fail('ROUTE_UNKNOWN', named(request)));
}

function named(request: Request): { method: string; path: string } {
  return { method: request.method, path: shownPath(request) };
}
