import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Sidecar } from '@safekeep/archive/sidecar';
import { Secret } from '@safekeep/shared/config/secret';
import { createLogger } from '@safekeep/shared/logger';
import { LocalStorage } from '@safekeep/shared/storage/local';
import type pg from 'pg';
import { directoryJournal } from '../../src/catalog/directory-journal.js';
import { fullBackup } from '../../src/jobs/full-backup.js';
import type { BackupSettings } from '../../src/jobs/open-backup.js';
import { deflatePool } from '../deflate-pool.js';
import { type ReadSource, readThroughSnapshot } from './exported-snapshot.js';

export interface TakenBackup<Truth> {
  readonly sidecar: Sidecar;
  readonly file: string;
  /** What its snapshot saw. */
  readonly truth: Truth;
}

/** Where the backups of one source go, and how they are taken. */
export interface BackupFolder<Truth> {
  readonly directory: string;
  readonly encryptionKey: Secret;
  take(type: 'full' | 'incremental'): Promise<TakenBackup<Truth>>;
}

export function backupFolder<Truth>(
  from: ReadSource,
  parent: string,
  readTruth: (client: pg.Client) => Promise<Truth>,
): BackupFolder<Truth> {
  const directory = join(parent, from.database);
  mkdirSync(directory);
  const encryptionKey = new Secret(randomBytes(48).toString('base64'));
  const settings: BackupSettings = {
    logger: createLogger({ service: 'worker', level: 'error' }),
    encryptionKey,
    compression: 'gzip:1',
    deflatePool,
    fingerprint: true,
    lockTimeout: 20_000,
    programDirectories: [from.server.programs.directory],
    environment: { PATH: process.env.PATH },
  };
  // Backups begin in seconds of their own, for their files are named by them.
  let now = Date.now();
  const take = async (type: 'full' | 'incremental'): Promise<TakenBackup<Truth>> => {
    now += 1000;
    const storage = new LocalStorage(directory, 'main');
    const journal = directoryJournal(storage, 'main', encryptionKey, new Date(now));
    let truth: { of: Truth } | undefined;
    const watched = {
      ...journal,
      // The last question before publishing: the job still holds its snapshot.
      confirm: async () => {
        truth = { of: await readThroughSnapshot(from, readTruth) };
      },
    };
    const source = { name: 'main', url: new Secret(from.url) };
    const job = { id: randomUUID(), source, journal: watched, storage, onMeter: () => {} };
    const sidecar = await fullBackup({ ...job, type: 'full' }, settings, new AbortController().signal);
    void type;
    if (truth === undefined) throw new Error('the job did not ask before it published');
    return { sidecar, file: join(directory, sidecar.fileName), truth: truth.of };
  };
  return { directory, encryptionKey, take };
}
