import type { NextFunction, Request } from 'express';
import type { Redis } from 'ioredis';
import { auditSuccess } from '../middleware/audit.js';
import type { ApiResponse } from '../middleware/request-facts.js';
import type { Services } from '../services.js';
import { type Boards, createBoards } from './boards.js';
import { draftOf, renewSession, visitorOf } from './session-gate.js';

/**
 * What the board's page and scripts need, measured in Chromium. Its packages put style elements into the page as they
 * run: without 'unsafe-inline' the editor in its dialogs is a heap of text, the mark of Redis is black, and menus show
 * scroll bars; the rest looks as it should.
 */
const POLICY = [
  `default-src 'none'`,
  `script-src 'self'`,
  `style-src 'self' 'unsafe-inline'`,
  `img-src 'self' data:`,
  `connect-src 'self'`,
  `form-action 'none'`,
  `frame-ancestors 'none'`,
  `base-uri 'self'`,
].join('; ');

/** Shows the board that the visitor's role may see. Opening it leaves an event; the news it then asks for do not. */
export function showBoard(services: Services, redis: Redis) {
  let boards: Boards | undefined;
  return async (request: Request, response: ApiResponse, next: NextFunction): Promise<void> => {
    const visitor = visitorOf(response);
    // The gate has just heard from Redis.
    boards ??= createBoards(redis, services.pool, services.logger);
    response.set('Content-Security-Policy', POLICY);
    if (!/^\/(api|static)(\/|$)/i.test(request.path)) {
      renewSession(services, request, response, visitor);
      await auditSuccess(services, 'board.read', draftOf(request, response));
    }
    const board = visitor.user.role === 'admin' ? boards.writable : boards.readOnly;
    board(request, response, next);
  };
}
