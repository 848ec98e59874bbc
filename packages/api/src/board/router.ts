import { fail } from '@safekeep/shared/errors';
import { type NextFunction, type Request, Router } from 'express';
import type { Redis } from 'ioredis';
import type { ApiResponse } from '../middleware/request-facts.js';
import { MARK } from '../pages/mark.js';
import type { Services } from '../services.js';
import { ACTIVITY_SCRIPT } from './activity-script.js';
import { answerBoardProblems } from './answer-problems.js';
import { admitChange } from './change.js';
import { acceptLogin, showLogin } from './login.js';
import { askLogout, logOut } from './logout.js';
import { letOperatorIn, letVisitorIn, stayLoggedIn } from './session-gate.js';
import { showBoard } from './show-board.js';

/** Everything below /admin/queues: the login, the logout, and behind them the board. */
export function boardRouter(services: Services, redis: Redis): Router {
  const router = Router();
  router.get('/login', showLogin(services));
  router.post('/login', acceptLogin(services));
  router.use(letVisitorIn(services));
  router.get('/logout', askLogout(services));
  router.post('/logout', logOut(services));
  router.get('/session', (_request: Request, response: ApiResponse) => {
    response.status(204).end();
  });
  router.post('/session', stayLoggedIn(services));
  router.use(letOperatorIn);
  router.get('/activity.js', (_request: Request, response: ApiResponse) => {
    response.type('text/javascript').send(ACTIVITY_SCRIPT);
  });
  router.get('/mark.svg', (_request: Request, response: ApiResponse) => {
    response.type('image/svg+xml').send(MARK);
  });
  router.use('/static', cacheForAnHour);
  router.use(admitChange(services));
  router.use(showBoard(services, redis));
  router.use((request: Request) => {
    throw fail('ROUTE_UNKNOWN', {
      method: request.method,
      path: `${request.baseUrl}${request.path}`.slice(0, 200),
    });
  });
  router.use(answerBoardProblems(services));
  return router;
}

/** Scripts and styles of the board are the same for everybody and tell nothing. */
function cacheForAnHour(_request: Request, response: ApiResponse, next: NextFunction): void {
  response.set('Cache-Control', 'private, max-age=3600');
  next();
}
