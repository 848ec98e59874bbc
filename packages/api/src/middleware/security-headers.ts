import type { NextFunction, Request, Response } from 'express';
import helmet from 'helmet';

/** The API shows no pages, so a browser may do nothing at all with its answers. */
export const secureHeaders = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      frameAncestors: ["'none'"],
      formAction: ["'none'"],
      baseUri: ["'none'"],
    },
  },
  xFrameOptions: { action: 'deny' },
  referrerPolicy: { policy: 'no-referrer' },
});

/** Answers tell of health records' backups, or are tokens: no cache on the way may keep them. */
export function forbidCaching(_request: Request, response: Response, next: NextFunction): void {
  response.set('Cache-Control', 'no-store');
  next();
}
