import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type RunningApi, runApi } from '../../../../api/test/running-api.js';
import { openWorld, type World, type WorldOptions } from '../../process/world.js';
import { openProxy, type TcpProxy } from './tcp-proxy.js';

type Service = 'history' | 'redis' | 'source';

interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: the tests look into answers of every route
  readonly body: any;
}

/** The API as a process, and its first admin's token. */
export interface Api {
  readonly running: RunningApi;
  request(method: 'GET' | 'POST', path: string, given?: ApiRequest): Promise<Answer>;
}

interface ApiRequest {
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A world whose network can fail, with as many workers, sources and API processes as a test wants. */
export interface FaultWorld extends World {
  /** What stands between a process and a service; a process uses it when `through` is in its environment. */
  readonly network: Readonly<Record<Service, TcpProxy>>;
  /** The environment of a process that reaches these services through `network`. */
  through(...services: readonly Service[]): NodeJS.ProcessEnv;
  startApi(extra?: NodeJS.ProcessEnv): Promise<Api>;
  /** How many jobs have not ended. */
  unended(): Promise<number>;
  /** Waits until every job has ended; the test's own timeout is the bound. */
  settled(): Promise<void>;
}

const UNENDED = ['backups', 'verifications', 'recovery_tests', 'restores', 'cleanup_runs', 'reports']
  .map((table) => `SELECT FROM ${table} WHERE status IN ('queued', 'running')`)
  .join(' UNION ALL ');

export async function openFaultWorld(name: string, options: WorldOptions = {}): Promise<FaultWorld> {
  const world = await openWorld(name, options);
  const network = {
    history: await openProxy(world.postgres.port),
    redis: await openProxy(world.redis.port),
    source: await openProxy(world.sourceServer.port),
  };
  const variables = {
    history: 'HISTORY_DATABASE_URL',
    redis: 'REDIS_URL',
    source: 'SOURCE_DATABASE_URL',
  } as const;
  const apis: RunningApi[] = [];
  const unended = async () => (await world.sql('history', UNENDED)).length;
  const jwt = randomBytes(48).toString('base64');
  return {
    ...world,
    network,
    logs: () => [...world.logs(), ...apis.flatMap((api) => [api.stdout(), api.stderr()])],
    through: (...services) =>
      Object.fromEntries(
        services.map((service) => {
          const variable = variables[service];
          return [variable, network[service].through(world.environment[variable] ?? '')];
        }),
      ),
    startApi: async (extra = {}) => {
      const environment = { ...world.environment, JWT_SECRET: jwt, PORT: '0', ...extra };
      const running = runApi(environment as Record<string, string>);
      apis.push(running);
      return logIn(running, apis);
    },
    unended,
    settled: async () => {
      while ((await unended()) > 0) await delay(100);
    },
    close: async () => {
      for (const { child } of apis) child.kill('SIGKILL');
      await Promise.all(apis.map((api) => api.ended()));
      await Promise.all(Object.values(network).map((proxy) => proxy.close()));
      await world.close();
    },
  };
}

/** Logs in as the first admin, whose password the first API process of a world has shown. */
async function logIn(running: RunningApi, apis: readonly RunningApi[]): Promise<Api> {
  const url = await running.url();
  const shown = apis.flatMap((api) => /shown only now: (\S+)/.exec(api.stdout())?.[1] ?? []);
  let token = '';
  const send: Api['request'] = async (method, path, { body, headers = {} } = {}) => {
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}`, ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, body: text === '' ? null : JSON.parse(text) };
  };
  const renew = async () => {
    const body = { username: 'admin', password: shown[0] ?? '' };
    token = (await send('POST', '/auth/login', { body })).body.access_token;
  };
  const request: Api['request'] = async (...asked) => {
    const answer = await send(...asked);
    // Many seeds take longer than a token lives.
    if (answer.body?.code !== 'TOKEN_INVALID') return answer;
    await renew();
    return send(...asked);
  };
  await renew();
  return { running, request };
}
