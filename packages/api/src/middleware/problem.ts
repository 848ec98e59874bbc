import { STATUS_CODES } from 'node:http';
import type { Problem } from '@safekeep/shared/contracts/problem';
import { fail, SafekeepError } from '@safekeep/shared/errors';
import { translateOutage } from '@safekeep/shared/history/outage';
import { describeError, type Logger } from '@safekeep/shared/logger';
import type { NextFunction, Request } from 'express';
import { Refusal } from '../refusal.js';
import type { ApiResponse } from './request-facts.js';

/** The error of the catalogue behind any error: the one place where HTTP, database and surprises get their names. */
export function nameError(error: unknown, requestId: string): SafekeepError {
  const translated = translateOutage(error);
  if (translated instanceof SafekeepError) return translated;
  if (error instanceof URIError) return fail('HTTP_INVALID', {}, error);
  return fail('INTERNAL', { requestId }, error);
}

/** The problem document (RFC 9457) of an error. */
export function problemOf(error: SafekeepError, requestId: string): Problem {
  return {
    type: `urn:safekeep:error:${error.code}`,
    title: STATUS_CODES[error.httpStatus] ?? 'Error',
    status: error.httpStatus,
    detail: error.message,
    instance: `urn:uuid:${requestId}`,
    code: error.code,
    hint: error.hint,
    ...(error instanceof Refusal && error.members),
  };
}

/** Answers every error with its problem document; what nobody foresaw, and every outage, goes to the log as well. */
export function answerProblems(logger: Logger) {
  // Express knows an error handler by its four parameters.
  return (thrown: unknown, _request: Request, response: ApiResponse, _next: NextFunction): void => {
    const { requestId } = response.locals;
    const error = nameError(thrown, requestId);
    response.locals.code = error.code;
    if (error.httpStatus >= 500) logger.error('request failed', { requestId, error: describeError(error) });
    if (error instanceof Refusal) response.set(error.headers);
    if (error.httpStatus === 401) response.set('WWW-Authenticate', 'Bearer realm="safekeep"');
    const body = JSON.stringify(problemOf(error, requestId));
    response.status(error.httpStatus).type('application/problem+json').send(body);
  };
}
