import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { createGzipFrame } from '../src/gzip-frame.js';
import { keyId } from '../src/key.js';
import { createSealer } from '../src/seal.js';
import { parseSidecar, type Sidecar, type SidecarBody, serializeSidecar } from '../src/sidecar.js';
import { verifyBackup } from '../src/verify-backup.js';
import { flow, pieces } from './flow.js';
import { golden } from './golden.js';

export const PASSPHRASE = randomBytes(48).toString('base64');
export const ARCHIVE = golden('pg15-gzip9.pgdump');
export const TABLES = [
  { schema: 'clinic', name: 'never_filled', rows: 0 },
  { schema: 'clinic', name: 'patient', rows: 3 },
  { schema: 'clinic', name: 'visit', rows: 60 },
];

/** A file and an authentic sidecar that describes it truly, but for `lies`. */
export function described(file: Buffer, archive: Buffer, lies: Partial<SidecarBody> = {}): Sidecar {
  const body: SidecarBody = {
    formatVersion: 1,
    id: randomUUID(),
    source: 'main',
    type: 'full',
    baseId: null,
    sequence: 1,
    previousHmac: null,
    fileName: 'full_backup_20240101_020000.pgdump.enc.gz',
    startedAt: '2024-01-01T02:00:00.000Z',
    endedAt: '2024-01-01T02:00:01.000Z',
    size: file.length,
    checksum: createHash('sha256').update(file).digest('hex'),
    archiveSize: archive.length,
    postgresVersion: '15.18',
    pgDumpVersion: '15.18',
    database: 'clinic',
    compression: 'gzip:9',
    cipher: 'aes-256-cbc-pbkdf2',
    keyId: keyId(PASSPHRASE),
    snapshot: {
      xmin: '1',
      systemIdentifier: null,
      timeline: null,
      databaseOid: 1,
      postmasterStartTime: 'now',
      inRecovery: false,
    },
    tables: TABLES,
    largeObjects: 3,
    companions: [],
    ...lies,
  };
  return parseSidecar(serializeSidecar(body, PASSPHRASE), PASSPHRASE);
}

export const seal = (archive: Buffer) => flow(archive, createSealer(PASSPHRASE), createGzipFrame());

export function verify(file: Buffer, sidecar: Sidecar, passphrase = PASSPHRASE) {
  const backup = { size: file.length, read: () => Readable.from(pieces(file, 1000)), sidecar, passphrase };
  return verifyBackup(backup, { signal: new AbortController().signal });
}
