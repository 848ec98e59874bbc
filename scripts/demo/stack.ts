import { createClinic } from './clinic.js';
import { type Credentials, makeCredentials } from './credentials.js';
import { CLINIC, type Databases, makeDatabases, RESTORED } from './databases.js';
import type { Endings } from './endings.js';
import { formatBytes, formatSeconds } from './figures.js';
import type { Folder } from './folder.js';
import { bar } from './progress-line.js';
import { psql } from './psql.js';
import { type Safekeep, startSafekeep } from './safekeep.js';
import type { Screen } from './screen.js';
import { type Servers, startServers } from './servers.js';

export interface Stack {
  readonly servers: Servers;
  readonly databases: Databases;
  readonly safekeep: Safekeep;
  readonly credentials: Credentials;
  /** The superuser's URL of the source. */
  readonly clinicUrl: string;
  /** The superuser's URL of the database for the restored copy; it is not made yet. */
  readonly restoredUrl: string;
  /** pg_database_size of the source. */
  readonly clinicBytes: number;
}

export interface StackNeeds {
  readonly folder: Folder;
  /** Size of the clinic. */
  readonly bytes: number;
  readonly screen: Screen;
  readonly endings: Endings;
  readonly signal: AbortSignal;
  /** Settings of the private PostgreSQL. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Variables of API and worker beside the usual ones. */
  readonly variables?: (databases: Databases) => Readonly<Record<string, string>>;
}

/** Starts all that Safekeep needs and Safekeep itself, with a filled clinic as its source. */
export async function startStack(needs: StackNeeds): Promise<Stack> {
  const { folder, screen, endings, signal } = needs;
  const servers = await startServers(folder, endings, needs.settings);
  const { postgres, redis } = servers;
  screen.say(
    `  PostgreSQL on port ${postgres.port} and Redis on port ${redis.port}, both private to this run`,
  );
  signal.throwIfAborted();
  const databases = await makeDatabases(postgres.url);
  const [clinicUrl, restoredUrl] = [postgres.url(CLINIC), postgres.url(RESTORED)];
  const clinicBytes = await fillClinic(clinicUrl, needs);
  const credentials = makeCredentials(folder.secrets);
  const services = { clinic: clinicUrl, restored: restoredUrl, history: databases.historyUrl };
  const safekeep = await startSafekeep(
    {
      folder,
      databases,
      redisUrl: redis.url,
      credentials,
      services,
      variables: needs.variables?.(databases) ?? {},
    },
    endings,
  );
  screen.say(
    `  API (process ${safekeep.api.pid}) at ${safekeep.url} and worker (process ${safekeep.worker.pid})`,
  );
  screen.say('  (One server holds clinic and history: the demo’s shortcut. History belongs on another one.)');
  signal.throwIfAborted();
  return { servers, databases, safekeep, credentials, clinicUrl, restoredUrl, clinicBytes };
}

async function fillClinic(url: string, needs: StackNeeds): Promise<number> {
  const { screen, bytes, signal } = needs;
  const start = Date.now();
  await createClinic(url, {
    bytes,
    signal,
    onProgress: ({ name, number, of }) => screen.progress(`  ${bar((number - 1) / of)} clinic: ${name}`),
  });
  const clinicBytes = Number(await psql(url, 'SELECT pg_database_size(current_database())', { signal }));
  const seconds = formatSeconds((Date.now() - start) / 1000);
  screen.say(`  the synthetic clinic "${CLINIC}", ${formatBytes(clinicBytes)}, made in ${seconds}`);
  return clinicBytes;
}
