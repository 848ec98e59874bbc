import type { Logger } from '@safekeep/shared/logger';
import type { NextFunction, Request } from 'express';
import { type ApiResponse, shownPath } from './request-facts.js';

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
      // Orchestrators ask every few seconds; their questions would bury everybody else's.
      const level = path.startsWith('/health/') ? 'debug' : 'info';
      logger.log(level, 'request', { requestId, method, path, status, code, milliseconds, address, user });
    });
    next();
  };
}
