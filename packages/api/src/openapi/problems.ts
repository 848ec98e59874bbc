import { ERRORS, type ErrorCode } from '@safekeep/shared/errors';
import type { Route } from '../route.js';

/** What any request may be answered with, whatever it asks for. */
export const ALWAYS: readonly ErrorCode[] = [
  'HTTP_INVALID',
  'HEADERS_TOO_LARGE',
  'REQUEST_TOO_SLOW',
  'INTERNAL',
];

/** The codes of all problems that a route may answer with: its own, and those of the pipeline before it. */
export function problemCodes(route: Route): ErrorCode[] {
  const codes = new Set<ErrorCode>(['REQUEST_INVALID', ...ALWAYS, ...route.errors]);
  const add = (...more: ErrorCode[]) => {
    for (const code of more) codes.add(code);
  };
  if (route.request.body) add('BODY_MALFORMED', 'BODY_TOO_LARGE', 'CONTENT_TYPE_UNSUPPORTED');
  if (route.role !== null) add('TOKEN_MISSING', 'ROLE_INSUFFICIENT');
  if (route.role !== null || route.optionalToken) add('TOKEN_INVALID');
  if (route.role !== null || route.optionalToken || route.audit !== null) add('HISTORY_UNAVAILABLE');
  if (route.throttle !== 'none') add('TOO_MANY_REQUESTS');
  return [...codes];
}

/** Codes by the status that they are answered with, the lowest first. */
export function byStatus(codes: readonly ErrorCode[]): [status: number, codes: ErrorCode[]][] {
  const statuses = new Map<number, ErrorCode[]>();
  for (const code of codes) {
    const { httpStatus } = ERRORS[code];
    statuses.set(httpStatus, [...(statuses.get(httpStatus) ?? []), code]);
  }
  return [...statuses].sort(([left], [right]) => left - right);
}
