import { rmSync } from 'node:fs';
import { loadavg } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { describeMachine } from '../bench/machine.js';
import { statusBytes } from '../bench/memory-meter.js';
import { stopwatch } from '../bench/stopwatch.js';
import { build } from '../demo/build.js';
import { makeCredentials } from '../demo/credentials.js';
import { makeDatabases } from '../demo/databases.js';
import { chooseFolder, openFolder } from '../demo/folder.js';
import { psql } from '../demo/psql.js';
import type { ScriptRun } from '../demo/run-script.js';
import { PROJECT } from '../demo/safekeep.js';
import { startServers } from '../demo/servers.js';
import { makeAccounts } from './accounts.js';
import { startApi } from './api-process.js';
import { fillHistory } from './fill-history.js';
import { attack, type HostileFigures, KINDS } from './hostile.js';
import type { ApiBenchOptions } from './options.js';
import type { ApiReport } from './report.js';
import { askTooOften, measureRequests } from './requests.js';

/** Enough that requests for backups can be measured for a while before the first account is throttled. */
const ACCOUNTS = 40;

/** How long the API is left alone before its memory is looked at for the last time, in milliseconds. */
const REST_MS = 5_000;

export async function benchApi(run: ScriptRun<ApiBenchOptions>): Promise<ApiReport> {
  const { options, screen, endings, signal } = run;
  const watch = stopwatch();
  const before = loadavg()[0] ?? 0;
  const say = (text: string) => {
    signal.throwIfAborted();
    screen.say(`  ${watch.text()}  ${text}`);
  };
  const folder = openFolder(options.folder ?? chooseFolder(PROJECT, '.safekeep-bench').path);
  let done = false;
  endings.add(() => {
    folder.release();
    if (done) rmSync(folder.path, { recursive: true, force: true, maxRetries: 3 });
  });
  await build(signal);
  const { postgres, redis } = await startServers(folder, endings);
  const databases = await makeDatabases(postgres.url);
  const credentials = makeCredentials(folder.secrets);
  const api = await startApi({ folder, databases, redisUrl: redis.url, credentials }, endings);
  const historyUrl = postgres.url(new URL(databases.historyUrl).pathname.slice(1));
  say(`a history of ${options.rows} backups`);
  await psql(historyUrl, fillHistory(options.rows).join(';\n'), { signal });
  const accounts = await makeAccounts(historyUrl, api.url, credentials.adminPassword, ACCOUNTS);
  const fresh = statusBytes(api.pid, 'VmRSS');
  const loads = await measureRequests({ api, accounts, password: credentials.adminPassword, options, say });
  say('one account that asks too often');
  // The last one has asked for as many as its minute allows.
  await delay(60_000, undefined, { signal });
  const [first] = accounts;
  if (first === undefined) throw new Error('there are no accounts');
  const throttling = await askTooOften(api, first);
  const hostile: HostileFigures[] = [];
  for (const kind of KINDS) {
    say(kind.what);
    hostile.push(await attack(kind, api, options.hostile, first.token));
  }
  await delay(REST_MS, undefined, { signal });
  const rested = statusBytes(api.pid, 'VmRSS');
  done = true;
  return {
    machine: await describeMachine(historyUrl, null),
    options,
    load: [before, loadavg()[0] ?? 0],
    seconds: watch.seconds(),
    loads,
    throttling,
    hostile,
    memory: { fresh, rested },
  };
}
