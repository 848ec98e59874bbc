import type { NextFunction, Request, Response } from 'express';

/** How long a client may go on sending after its answer, in milliseconds: it shall be able to read it. */
const LINGERING = 2_000;

/** Closes the connection of a client that goes on sending a body that was refused; others need it more. */
export function cutUnreadBody(request: Request, response: Response, next: NextFunction): void {
  response.once('finish', () => {
    if (request.complete) return;
    setTimeout(() => {
      if (!request.complete) request.socket.destroy();
    }, LINGERING).unref();
  });
  next();
}
