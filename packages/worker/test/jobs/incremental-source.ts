import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Sidecar } from '@safekeep/archive/sidecar';
import { Secret } from '@safekeep/shared/config/secret';
import { clientOptions } from '@safekeep/shared/history/database';
import { createLogger } from '@safekeep/shared/logger';
import { LocalStorage } from '@safekeep/shared/storage/local';
import pg from 'pg';
import type { PostgresServer } from '../../../../scripts/services/postgres.js';
import { scratchFolder } from '../../../../scripts/services/scratch-folder.js';
import { directoryJournal } from '../../src/catalog/directory-journal.js';
import type { BackupJournal } from '../../src/jobs/backup-journal.js';
import { fullBackup } from '../../src/jobs/full-backup.js';
import { type IncrementalOutcome, incrementalBackup } from '../../src/jobs/incremental-backup.js';
import type { BackupMeter, BackupSettings } from '../../src/jobs/open-backup.js';
import { deflatePool } from '../deflate-pool.js';
import { realPrograms } from '../postgres/real-programs.js';

/** One database, the directory of its backups, and the jobs that take them without history. */
export interface IncrementalSource {
  readonly directory: string;
  /** Of the following backups. */
  settings: BackupSettings;
  /** What the journal of the following backups answers in place of the directory's. */
  journal: Partial<BackupJournal>;
  sql(text: string, database?: string): Promise<void>;
  full(): Promise<Sidecar>;
  incremental(more?: Attempt): Promise<IncrementalOutcome>;
  files(): string[];
}

interface Attempt {
  readonly signal?: AbortSignal;
  readonly onMeter?: (meter: BackupMeter) => void;
}

export async function incrementalSource(
  server: PostgresServer,
  database: string,
): Promise<IncrementalSource> {
  const directory = mkdtempSync(join(await scratchFolder('safekeep-incremental'), 'backups-'));
  // Backups begin in seconds of their own, for their files are named by them.
  let now = Date.now() - 600_000;
  const job = () => {
    now += 1000;
    const storage = new LocalStorage(directory, 'main');
    const found = directoryJournal(storage, 'main', source.settings.encryptionKey, new Date(now));
    const from = { name: 'main', url: new Secret(server.url(database)) };
    return { id: randomUUID(), source: from, journal: { ...found, ...source.journal }, storage };
  };
  const never = new AbortController().signal;
  const source: IncrementalSource = {
    directory,
    journal: {},
    settings: {
      logger: createLogger({ service: 'worker', level: 'error' }),
      encryptionKey: new Secret(randomBytes(48).toString('base64')),
      compression: 'gzip:1',
      deflatePool,
      lockTimeout: 5_000,
      fingerprint: true,
      programDirectories: [(await realPrograms()).directory],
      environment: { PATH: process.env.PATH },
    },
    sql: (text, on = database) => runSql(server.url(on), text),
    full: () => fullBackup({ ...job(), type: 'full', onMeter: () => {} }, source.settings, never),
    incremental: ({ signal = never, onMeter = () => {} } = {}) =>
      incrementalBackup({ ...job(), onMeter }, source.settings, signal),
    files: () => readdirSync(directory),
  };
  return source;
}

async function runSql(url: string, text: string): Promise<void> {
  const client = new pg.Client(clientOptions(new Secret(url)));
  await client.connect();
  await client.query(text).finally(() => client.end());
}
