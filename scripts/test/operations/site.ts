import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { encryptionKeyWeakness } from '../../../packages/shared/src/config/encryption-key.js';
import { Secret } from '../../../packages/shared/src/config/secret.js';
import { createHistoryPool } from '../../../packages/shared/src/history/database.js';
import { startRedis } from '../../services/redis.js';
import { scratchFolder } from '../../services/scratch-folder.js';
import { type Clinic, openClinic } from './clinic.js';
import { type Places, putIn } from './places.js';
import { type Folders, type Product, startProduct } from './product.js';
import { type Answer, ShellSession } from './shell-session.js';

const PROJECT = fileURLToPath(new URL('../../..', import.meta.url));

/** A site as the documents describe it, with the manual's names: its servers, API, worker and a shell. */
export interface Site {
  readonly backups: string;
  /** Superuser's URL of a database. */
  database(name: string): string;
  /** Rows of a query on history. */
  history<Row>(query: string): Promise<Row[]>;
  /** Waits until a query on history gives `true`; the test's own timeout is the bound. */
  until(condition: string): Promise<void>;
  /** Runs a block of a document, with this site's places and secrets in place of the document's. */
  run(block: string): Promise<Answer>;
  /** Why a file below the shell's folder holds no fit encryption key; `null` when it does. */
  weaknessOf(path: string): string | null;
  /** Names of files in the backup directory, sorted. */
  files(pattern: RegExp): string[];
  close(): Promise<void>;
}

export async function openSite(): Promise<Site> {
  const root = await scratchFolder('safekeep-site');
  const [backups, temporary, home] = ['backups', 'tmp', 'home'].map((name) => join(root, name)) as [
    string,
    string,
    string,
  ];
  for (const folder of [backups, temporary, home, join(root, 'redis')]) mkdirSync(folder);
  const clinic = await openClinic(root);
  const redis = await startRedis({ directory: join(root, 'redis'), appendOnly: true });
  const product = await startProduct({ root, backups, temporary }, clinic, redis.url);
  const shell = openShell(home, clinic, product);
  const places = placesOf({ root, backups, temporary }, product);

  const database = clinic.postgres.url;
  // It is asked several times for each block, and a start of psql costs more than that.
  const pool = createHistoryPool(new Secret(database('history')), 2, () => {});
  const value = async <Value>(expression: string): Promise<Value | undefined> =>
    (await pool.query<{ value: Value }>(`SELECT ${expression} AS value`)).rows[0]?.value;
  const history = async <Row>(query: string): Promise<Row[]> =>
    (await value<Row[]>(`(SELECT json_agg(q) FROM (${query}) q)`)) ?? [];
  const files = (pattern: RegExp) => {
    const names = readdirSync(backups).filter((name) => pattern.test(name));
    return names.sort((left, right) => left.localeCompare(right, 'en'));
  };
  return {
    backups,
    database,
    history,
    files,
    until: async (condition) => {
      while ((await value(`(${condition})`)) !== true) await delay(200);
    },
    run: async (block) => {
      const newest = (pattern: RegExp) =>
        files(pattern).at(-1)?.replace('.pgdump.enc.gz', '') ?? 'there_is_no_backup';
      const named = block
        .replaceAll('full_backup_20240101_020000', newest(/^full_.*\.gz$/))
        .replaceAll('incremental_backup_20240101_080000', newest(/^incremental_.*\.gz$/));
      return shell.run(putIn(named, { ...places, ...(await idsNow(history)) }));
    },
    weaknessOf: (path) => encryptionKeyWeakness(readFileSync(join(home, path), 'utf8').trimEnd()),
    close: async () => {
      shell.close();
      await pool.end();
      await product.close();
      await redis.stop();
      await clinic.postgres.stop('immediate');
    },
  };
}

/** A person's shell in a folder that looks like the repository's, with the environment loaded. */
function openShell(home: string, clinic: Clinic, product: Product): ShellSession {
  mkdirSync(join(home, 'secrets'));
  symlinkSync(join(PROJECT, 'docker/backup/backup.sh'), join(home, 'backup.sh'));
  symlinkSync(join(PROJECT, 'packages'), join(home, 'packages'));
  writeFileSync(join(home, 'password.txt'), `${randomBytes(18).toString('base64')}\n`);
  const { port } = clinic.postgres;
  return new ShellSession(home, {
    ...product.environment,
    PATH: process.env.PATH,
    HOME: home,
    PGHOST: '127.0.0.1',
    PGPORT: String(port),
    PGUSER: 'medical_user',
    PGPASSWORD: clinic.password,
    HISTORY: `postgres://medical_user@127.0.0.1:${port}/history`,
  });
}

function placesOf(folders: Folders, product: Product): Places {
  const logFile = product.environment.LOG_FILE ?? '';
  return {
    '/backup.sh': './backup.sh',
    '/backups': folders.backups,
    '/tmp': folders.temporary,
    '/var/log/backup.log': logFile,
    'worker.log': logFile,
    '/run/secrets/backup_encryption_key': product.keyFile,
    '/path/to/backup_encryption_key.txt': product.keyFile,
    'http://localhost:3000': product.url,
    'http://127.0.0.1:3000': product.url,
    'your-password': product.adminPassword,
  };
}

/** What `ID`, `RUNNING_ID` and `ALERT_ID` stand for now: the newest completed and running backup of main, the oldest open alert. */
async function idsNow(history: Site['history']): Promise<Places> {
  const [backup] = await history<{ id: string }>(
    `SELECT id FROM backups WHERE status = 'completed' AND source = 'main' ORDER BY created_at DESC LIMIT 1`,
  );
  const [running] = await history<{ id: string }>(
    `SELECT id FROM backups WHERE status = 'running' AND source = 'main' ORDER BY created_at DESC LIMIT 1`,
  );
  const [alert] = await history<{ id: string }>(
    'SELECT id FROM alerts WHERE resolved_at IS NULL ORDER BY raised_at LIMIT 1',
  );
  return { ID: backup?.id ?? 'none', RUNNING_ID: running?.id ?? 'none', ALERT_ID: alert?.id ?? 'none' };
}
