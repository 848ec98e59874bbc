import type { Account } from './accounts.js';
import { WRITES_A_MINUTE } from './accounts.js';
import type { ApiProcess } from './api-process.js';
import { type LoadFigures, measureLoad } from './load.js';
import type { ApiBenchOptions } from './options.js';

interface Needs {
  readonly api: ApiProcess;
  readonly accounts: readonly Account[];
  readonly password: string;
  readonly options: Pick<ApiBenchOptions, 'seconds' | 'connections' | 'rows'>;
  readonly say: (text: string) => void;
}

/** Measures each kind of request by itself. */
export async function measureRequests(needs: Needs): Promise<LoadFigures[]> {
  const { api, options, say } = needs;
  const figures: LoadFigures[] = [];
  for (const { what, path } of reads(options.rows)) {
    say(what);
    figures.push(
      await measureLoad(what, api.pid, {
        url: `${api.url}${path}`,
        connections: options.connections,
        duration: options.seconds,
        headers: { authorization: `Bearer ${needs.accounts[0]?.token}` },
      }),
    );
  }
  say('logins');
  figures.push(await measureLogins(needs));
  say('requests for backups');
  figures.push(await measureEnqueuing(needs));
  return figures;
}

const reads = (rows: number) => [
  { what: 'GET /health/live', path: '/health/live' },
  { what: 'GET /health/ready', path: '/health/ready' },
  { what: 'GET /backup/monitoring/health', path: '/backup/monitoring/health' },
  { what: 'GET /backup/monitoring/metrics', path: '/backup/monitoring/metrics' },
  { what: 'GET /backup/history, first page of 50', path: '/backup/history' },
  { what: 'the same, last page of 50', path: `/backup/history?offset=${rows - 50}` },
  { what: 'the same, by source', path: '/backup/history?source=clinic_19' },
  { what: 'the same, by type and status', path: '/backup/history?type=full&status=failed' },
  { what: 'GET /backup/monitoring/statistics', path: '/backup/monitoring/statistics' },
];

/** Right passwords alone: wrong ones are throttled after ten. */
function measureLogins({ api, accounts, password, options }: Needs): Promise<LoadFigures> {
  const requests = accounts.map(({ username }) => ({ body: JSON.stringify({ username, password }) }));
  return measureLoad('POST /auth/login', api.pid, {
    url: `${api.url}/auth/login`,
    method: 'POST',
    connections: options.connections,
    duration: options.seconds,
    headers: { 'content-type': 'application/json' },
    requests,
  });
}

/**
 * As many as all accounts together may ask for within a minute, so that nothing is throttled. Each connection has accounts of
 * its own, in turns.
 */
function measureEnqueuing({ api, accounts, options }: Needs): Promise<LoadFigures> {
  const connections = Math.min(options.connections, accounts.length);
  const groups = Array.from({ length: connections }, (_, at) =>
    accounts.filter((_account, number) => number % connections === at),
  );
  // Some are taken up by what was asked for before.
  const each = Math.floor(Math.min(...groups.map((group) => group.length)) * WRITES_A_MINUTE * 0.9);
  let next = 0;
  return measureLoad('POST /backup/full, queued', api.pid, {
    url: `${api.url}/backup/full`,
    method: 'POST',
    connections,
    maxConnectionRequests: each,
    duration: 50,
    setupClient: (client) => {
      const group = groups[next++ % groups.length] ?? [];
      client.setRequests(
        group.map(({ token }) => ({
          method: 'POST',
          path: '/backup/full',
          headers: { authorization: `Bearer ${token}` },
        })),
      );
    },
  });
}

/** What the throttle answers to one account that asks on and on. */
export interface Throttling {
  readonly accepted: number;
  readonly throttled: number;
  /** Throttled answers that said when to come back. */
  readonly toldWhen: number;
  readonly others: number;
}

export async function askTooOften(api: ApiProcess, { token }: Account): Promise<Throttling> {
  const answers = await Promise.all(
    Array.from({ length: 2 * WRITES_A_MINUTE }, async () => {
      const answer = await fetch(`${api.url}/backup/full`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
      });
      await answer.arrayBuffer();
      return { status: answer.status, retryAfter: Number(answer.headers.get('retry-after') ?? 0) };
    }),
  );
  const throttled = answers.filter(({ status }) => status === 429);
  const accepted = answers.filter(({ status }) => status === 202).length;
  return {
    accepted,
    throttled: throttled.length,
    toldWhen: throttled.filter(({ retryAfter }) => retryAfter > 0).length,
    others: answers.length - accepted - throttled.length,
  };
}
