import express, { type Express } from 'express';
import { BOARD } from './board/paths.js';
import { boardRouter } from './board/router.js';
import { answerProblems } from './middleware/problem.js';
import { identifyRequest } from './middleware/request-facts.js';
import { logRequests } from './middleware/request-log.js';
import { forbidCaching, secureHeaders } from './middleware/security-headers.js';
import { serve } from './middleware/serve.js';
import { refuseMethod, refuseUnknownPath } from './middleware/unknown-route.js';
import { cutUnreadBody } from './middleware/unread-body.js';
import { routes } from './routes.js';
import { createServices, type Dependencies } from './services.js';

/**
 * The API as an Express application. Addresses are those of the TCP connection, or what that many trusted proxies say:
 * anybody could write an X-Forwarded-For header and slip out of the throttles.
 */
export function createApp(dependencies: Dependencies): Express {
  const services = createServices(dependencies, routes);
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('trust proxy', dependencies.trustedProxies);
  app.use(identifyRequest, cutUnreadBody, logRequests(services.logger), secureHeaders, forbidCaching);
  for (const path of new Set(routes.map((route) => route.path))) {
    const here = routes.filter((route) => route.path === path);
    for (const route of here) {
      const method = route.method.toLowerCase() as Lowercase<typeof route.method>;
      app[method](path, serve(route, services));
    }
    app.all(path, refuseMethod(here.map((route) => route.method)));
  }
  app.use(BOARD, boardRouter(services, dependencies.redis));
  app.use(refuseUnknownPath);
  app.use(answerProblems(services.logger));
  return app;
}
