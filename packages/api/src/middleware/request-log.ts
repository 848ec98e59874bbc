import type { Logger } from '@safekeep/shared/logger';
import type { NextFunction, Request } from 'express';
import { type ApiResponse, shownPath } from './request-facts.js';

/** Orchestrators and Prometheus ask all the time; their questions would bury everybody else's. */
const ASKED_BY_MACHINES = /^\/(health\/|backup\/monitoring\/(health|metrics)$)/;

/** One line for each request when its answer is sent or its client gone. No query, header or body is logged. */
export function logRequests(logger: Logger) {
  return (request: Request, response: ApiResponse, next: NextFunction): void => {
    const start = performance.now();
    const { method, ip: address } = request;
    const path = shownPath(request);
    response.once('close', () => {
      const { requestId, user, code } = response.locals;
      const status = response.writableFinished ? response.statusCode : 'aborted';
      const milliseconds = Math.round(performance.now() - start);
      const level = ASKED_BY_MACHINES.test(path) ? 'debug' : 'info';
      logger.log(level, 'request', { requestId, method, path, status, code, milliseconds, address, user });
    });
    next();
  };
}
