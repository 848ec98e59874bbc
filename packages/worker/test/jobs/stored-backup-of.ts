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
import type { StoredBackup } from '../../src/jobs/checked-backup.js';
import { fullBackup } from '../../src/jobs/full-backup.js';
import { realPrograms } from '../postgres/real-programs.js';

/** A finished backup of a database of the tests' server, and where its files are. */
export interface TakenBackup {
  readonly stored: StoredBackup;
  readonly sidecar: Sidecar;
  readonly directory: string;
  readonly file: string;
}

const FORGETFUL: BackupJournal = {
  startedAt: new Date(),
  lastSize: async () => null,
  nameFile: async () => {},
  previous: async () => null,
  confirm: async () => {},
};

/** Takes a full backup of a database as a worker would; history is not asked. */
export async function storedBackupOf(database: string): Promise<TakenBackup> {
  const directory = mkdtempSync(join(await scratchFolder('safekeep-stored'), 'backups-'));
  const id = randomUUID();
  const storage = new LocalStorage(directory, 'main');
  const encryptionKey = new Secret(randomBytes(48).toString('base64'));
  const source = { name: 'main', url: new Secret((await postgresServer()).url(database)) };
  const sidecar = await fullBackup(
    { id, type: 'full', source, journal: FORGETFUL, storage, onMeter: () => {} },
    {
      logger: createLogger({ service: 'worker', level: 'error' }),
      encryptionKey,
      compression: 'gzip:1',
      lockTimeout: 5_000,
      programDirectories: [(await realPrograms()).directory],
      environment: { PATH: process.env.PATH },
    },
    new AbortController().signal,
  );
  const backup = { id, fileName: sidecar.fileName };
  return {
    stored: { backup, recordedHmac: sidecar.hmac, storage, encryptionKey },
    sidecar,
    directory,
    file: join(directory, sidecar.fileName),
  };
}
