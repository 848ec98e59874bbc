import type { CookieOptions, Request, Response } from 'express';
import { BOARD } from './paths.js';

/** The cookies of the board, by what they are for. */
const NAMES = { session: 'safekeep', form: 'safekeep-form' } as const;

type Purpose = keyof typeof NAMES;

/**
 * Over TLS the name says that no other host and no unencrypted page can have set the cookie (`__Host-`); plain HTTP,
 * as within this machine, cannot have that.
 */
function nameOf(request: Request, purpose: Purpose): string {
  return request.secure ? `__Host-${NAMES[purpose]}` : NAMES[purpose];
}

function options(request: Request): CookieOptions {
  return { httpOnly: true, sameSite: 'strict', secure: request.secure, path: '/' };
}

export function readCookie(request: Request, purpose: Purpose): string | undefined {
  const name = nameOf(request, purpose);
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const [key, value] = pair.trim().split('=', 2);
    if (key === name) return value;
  }
  return undefined;
}

export function setCookie(request: Request, response: Response, purpose: Purpose, value: string): void {
  response.cookie(nameOf(request, purpose), value, options(request));
}

export function clearCookie(request: Request, response: Response, purpose: Purpose): void {
  response.clearCookie(nameOf(request, purpose), options(request));
}

/** The name that the board's own script looks for; it sends the value back in the header X-XSRF-TOKEN. */
const SCRIPT_COOKIE = 'XSRF-TOKEN';

/** A cookie that scripts of our own pages can read, and no other site's. */
export function setScriptCookie(request: Request, response: Response, value: string): void {
  response.cookie(SCRIPT_COOKIE, value, { ...options(request), httpOnly: false, path: BOARD });
}

export function clearScriptCookie(request: Request, response: Response): void {
  response.clearCookie(SCRIPT_COOKIE, { ...options(request), httpOnly: false, path: BOARD });
}
