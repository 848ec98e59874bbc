import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type FaultWorld, openFaultWorld } from '../../packages/worker/test/faults/harness/fault-world.js';
import { freePort } from '../services/free-port.js';
import { ApiClient } from './api-client.js';
import { type KeptProcess, keepRunning } from './keep-running.js';

/** The sources by name, and their databases. */
export const SOURCES = { main: 'source', ward: 'source_ward', lab: 'source_lab' } as const;
export type SourceName = keyof typeof SOURCES;
export const SOURCE_NAMES = Object.keys(SOURCES) as SourceName[];

/** Servers, a network that fails, and the processes of the product, which come back by themselves. */
export interface SoakWorld {
  readonly faults: FaultWorld;
  readonly api: KeptProcess;
  readonly workers: readonly KeptProcess[];
  readonly client: ApiClient;
  close(): Promise<void>;
}

export async function openSoakWorld(workerCount: number): Promise<SoakWorld> {
  const world = await openFaultWorld('soak', { sources: ['ward', 'lab'], sourcesApart: true });
  const port = await freePort();
  const password = randomBytes(18).toString('base64url');
  const environment = {
    ...world.environment,
    ...world.through('history', 'redis', 'source'),
    SOURCES_FILE: sourcesThroughNetwork(world),
    JWT_SECRET: randomBytes(48).toString('base64'),
    ADMIN_PASSWORD: password,
    PORT: String(port),
    SCHEDULE_INCREMENTAL: '* * * * *',
    SCHEDULE_FULL: '*/3 * * * *',
    SCHEDULE_VERIFY: '*/2 * * * *',
    SCHEDULE_TEST: '*/4 * * * *',
    SCHEDULE_CLEANUP: '*/2 * * * *',
    SCHEDULE_REPORT: '*/5 * * * *',
    BACKUP_KEEP_MINIMUM: '1',
  };
  const api = keepRunning('the API', 'packages/api/src/main.ts', environment);
  const workers = Array.from({ length: workerCount }, (_, at) =>
    keepRunning(`worker ${at + 1}`, 'packages/worker/src/main.ts', environment),
  );
  const kept = [api, ...workers];
  const faults = { ...world, logs: () => kept.map((process) => process.log()) };
  const client = new ApiClient(`http://127.0.0.1:${port}`, password);
  const close = async () => {
    await Promise.all(kept.map((process) => process.stop()));
    await world.close();
  };
  return { faults, api, workers, client, close };
}

function sourcesThroughNetwork({ folder, sourceServer, network }: FaultWorld): string {
  const file = join(folder, 'sources-through-network.json');
  const further = SOURCE_NAMES.filter((name) => name !== 'main');
  const urls = further.map((name) => ({
    name,
    url: network.source.through(sourceServer.url(SOURCES[name])),
  }));
  writeFileSync(file, JSON.stringify(urls), { mode: 0o600 });
  return file;
}
