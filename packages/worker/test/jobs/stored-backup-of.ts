import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import type { Sidecar } from '@safekeep/archive/sidecar';
import { Secret } from '@safekeep/shared/config/secret';
import { createLogger } from '@safekeep/shared/logger';
import { LocalStorage } from '@safekeep/shared/storage/local';
import { scratchFolder } from '../../../../scripts/services/scratch-folder.js';
import { postgresServer } from '../../../shared/test/servers.js';
import type { BackupJournal } from '../../src/jobs/backup-journal.js';
import type { StoredChain } from '../../src/jobs/checked-chain.js';
import { fullBackup } from '../../src/jobs/full-backup.js';
import { deflatePool } from '../deflate-pool.js';
import { realPrograms } from '../postgres/real-programs.js';

/** A finished backup of a database of the tests' server, and where its files are. */
export interface TakenBackup {
  readonly stored: StoredChain;
  readonly sidecar: Sidecar;
  readonly directory: string;
  readonly file: string;
}

/** Backups begin in seconds of their own, for their files are named by them; none in the future. */
let seconds = Date.now() - 1_800_000;

function forgetfulJournal(): BackupJournal {
  seconds += 1000;
  return {
    startedAt: new Date(seconds),
    now: async () => new Date(),
    lastSize: async () => null,
    nameFile: async () => {},
    previous: async () => null,
    baseCandidates: async () => [],
    holdBase: async () => true,
    confirm: async () => {},
  };
}

/** Takes a full backup of a database as a worker would, with a key and a directory of its own unless they are given; history is not asked. */
export async function storedBackupOf(
  database: string,
  encryptionKey = new Secret(randomBytes(48).toString('base64')),
  { fingerprint = true, into = '' } = {},
): Promise<TakenBackup> {
  const directory = into || mkdtempSync(join(await scratchFolder('safekeep-stored'), 'backups-'));
  const id = randomUUID();
  const storage = new LocalStorage(directory, 'main');
  const source = { name: 'main', url: new Secret((await postgresServer()).url(database)) };
  const sidecar = await fullBackup(
    { id, type: 'full', source, journal: forgetfulJournal(), storage, onMeter: () => {} },
    {
      logger: createLogger({ service: 'worker', level: 'error' }),
      encryptionKey,
      compression: 'gzip:1',
      deflatePool,
      lockTimeout: 5_000,
      fingerprint,
      programDirectories: [(await realPrograms()).directory],
      environment: { PATH: process.env.PATH },
    },
    new AbortController().signal,
  );
  const backup = { id, fileName: sidecar.fileName };
  return {
    stored: { backup, recordedHmac: sidecar.hmac, baseDisposedAt: null, storage, encryptionKey },
    sidecar,
    directory,
    file: join(directory, sidecar.fileName),
  };
}
