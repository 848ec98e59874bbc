import type { Secret } from '@safekeep/shared/config/secret';
import type { Logger } from '@safekeep/shared/logger';
import type { Channels } from '@safekeep/shared/notify/channels';
import type { Targets } from '@safekeep/shared/policy/health';
import type { Producer } from '@safekeep/shared/queues/producer';
import { VERSION } from '@safekeep/shared/version';
import type { Redis } from 'ioredis';
import type pg from 'pg';
import { Gate } from './auth/gate.js';
import type { LoginDesk } from './auth/login.js';
import { PasswordCheck } from './auth/password.js';
import { Sessions } from './auth/sessions.js';
import { Tokens } from './auth/token.js';
import { docsPage } from './docs/docs-page.js';
import { type HealthFacts, readHealthFacts } from './health-facts.js';
import { Metrics } from './metrics/metrics.js';
import { describeApi } from './openapi/describe-api.js';
import type { OpenApiDocument } from './openapi/document.js';
import type { Page } from './pages/page.js';
import type { Route } from './route.js';
import { SharedWork } from './shared-work.js';
import { Counter } from './throttle/counter.js';
import { ANONYMOUS_REFUSALS, HASHES_AT_A_TIME, LOGINS_WAITING } from './throttle/limits.js';
import { LoginThrottle } from './throttle/login-throttle.js';
import { WriteThrottle } from './throttle/write-throttle.js';

/** What the API is given. */
export interface Dependencies {
  readonly pool: pg.Pool;
  readonly producer: Producer;
  /** Counts logins, writes and refusals. */
  readonly redis: Redis;
  readonly jwtSecret: Secret;
  /** The names only: the API has no business with the URLs. */
  readonly sourceNames: readonly string[];
  /** What RTO_TARGET and RPO_TARGET ask for. */
  readonly targets: Targets;
  /** Who reads the metrics must have it, if it is set. */
  readonly metricsToken: Secret | undefined;
  /** Where notifications go. */
  readonly channels: Channels;
  readonly logger: Logger;
  /** How many proxies stand before the API, whose X-Forwarded headers are believed. */
  readonly trustedProxies: number;
}

/** What the handlers and the pipeline work with. */
export interface Services extends Omit<Dependencies, 'redis' | 'jwtSecret'> {
  readonly tokens: Tokens;
  readonly sessions: Sessions;
  readonly login: LoginDesk;
  readonly writes: WriteThrottle;
  readonly refusals: Counter;
  /** What this API promises. */
  readonly contract: OpenApiDocument;
  /** The same, for people. */
  readonly docs: Page;
  readonly metrics: Metrics;
  readonly health: SharedWork<HealthFacts>;
}

export function createServices(dependencies: Dependencies, routes: readonly Route[]): Services {
  const { redis, jwtSecret, ...kept } = dependencies;
  const contract = describeApi(routes, VERSION);
  return {
    ...kept,
    tokens: new Tokens(jwtSecret),
    sessions: new Sessions(jwtSecret, redis),
    login: {
      pool: kept.pool,
      throttle: new LoginThrottle(redis),
      passwords: new PasswordCheck(),
      gate: new Gate(HASHES_AT_A_TIME, LOGINS_WAITING),
    },
    writes: new WriteThrottle(redis),
    metrics: new Metrics(kept),
    health: new SharedWork(() => readHealthFacts(kept)),
    refusals: new Counter(redis, 'refusals', ANONYMOUS_REFUSALS),
    contract,
    docs: docsPage(contract),
  };
}
