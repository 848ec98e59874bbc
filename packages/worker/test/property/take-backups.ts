import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Sidecar } from '@safekeep/archive/sidecar';
import { Secret } from '@safekeep/shared/config/secret';
import { createLogger } from '@safekeep/shared/logger';
import { LocalStorage } from '@safekeep/shared/storage/local';
import type pg from 'pg';
import { directoryJournal } from '../../src/catalog/directory-journal.js';
import type { Promotion, PromotionCode } from '../../src/incremental/promotion.js';
import { incrementalBackup } from '../../src/jobs/incremental-backup.js';
import type { BackupSettings } from '../../src/jobs/open-backup.js';
import { takeBackup } from '../../src/jobs/take-backup.js';
import { deflatePool } from '../deflate-pool.js';
import { type ReadSource, readThroughSnapshot } from './exported-snapshot.js';

const NEVER = new AbortController().signal;

export interface TakenBackup<Truth> {
  readonly sidecar: Sidecar;
  readonly file: string;
  /** Why it is a full although an incremental was asked for. */
  readonly promotion: Promotion | null;
  /** What its snapshot saw. */
  readonly truth: Truth;
}

/** Where the backups of one source go, and how they are taken. */
export interface BackupFolder<Truth> {
  readonly directory: string;
  readonly encryptionKey: Secret;
  take(type: 'full' | 'incremental'): Promise<TakenBackup<Truth>>;
  /** Asks for an incremental and nothing else; why it cannot be one, `null` where one was taken. */
  judge(): Promise<PromotionCode | null>;
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
    chunkRows: 40,
    lockTimeout: 20_000,
    programDirectories: [from.server.programs.directory],
    environment: { PATH: process.env.PATH },
  };
  // Backups begin in seconds of their own, for their files are named by them.
  let now = Date.now();
  const begin = (confirm: () => Promise<void>) => {
    now += 1000;
    const storage = new LocalStorage(directory, 'main');
    const journal = { ...directoryJournal(storage, 'main', encryptionKey, new Date(now)), confirm };
    const source = { name: 'main', url: new Secret(from.url) };
    return { id: randomUUID(), source, journal, storage, onMeter: () => {} };
  };
  const take = async (type: 'full' | 'incremental'): Promise<TakenBackup<Truth>> => {
    let truth: { of: Truth } | undefined;
    let promotion: Promotion | null = null;
    // The last question before publishing: the job still holds its snapshot.
    const job = begin(async () => {
      truth = { of: await readThroughSnapshot(from, readTruth) };
    });
    const promote = async (why: Promotion) => {
      promotion = why;
    };
    const sidecar = await takeBackup(job, type, settings, promote, NEVER);
    if (truth === undefined) throw new Error('the job did not ask before it published');
    return { sidecar, file: join(directory, sidecar.fileName), truth: truth.of, promotion };
  };
  const judge = async (): Promise<PromotionCode | null> => {
    const outcome = await incrementalBackup(
      begin(async () => {}),
      settings,
      NEVER,
    );
    return outcome.kind === 'promoted' ? outcome.code : null;
  };
  return { directory, encryptionKey, take, judge };
}
