import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { verificationsAtOnce } from './at-once.js';
import { threadsThatCompress } from './compressing-threads.js';
import type { Installation } from './installation.js';
import { type OptionRows, strongSecret } from './option.js';
import { complianceReasons, recoveryTest, retention } from './proofs.js';
import { attemptsAgainstLock } from './waits-for-locks.js';
import type { World } from './world.js';

const run = promisify(execFile);

/** How backups are made, kept and proven. */
export function backupsOptions(world: World) {
  const keys = [strongSecret(), strongSecret()] as const;
  const folders = ['first', 'second'].map((name) => join(world.folder, `${name}-backups`)) as [
    string,
    string,
  ];
  return {
    BACKUP_DIR: {
      values: folders,
      // Both may have begun in the same second, and then their files have the same name.
      look: async ({ backup }) =>
        folders.map((folder) => {
          const sidecar = join(folder, `${backup.fileName}.meta`);
          return existsSync(sidecar) && readFileSync(sidecar, 'utf8').includes(backup.id);
        }),
      sees: [
        [true, false],
        [false, true],
      ],
    },
    BACKUP_ENCRYPTION_KEY: {
      values: keys,
      look: (installation) => Promise.all(keys.map((key) => isOpenedBy(installation, key))),
      sees: [
        [true, false],
        [false, true],
      ],
    },
    BACKUP_COMPRESSION: {
      values: ['gzip:1', 'gzip:9'],
      look: zlibHeaders,
      // RFC 1950: the fastest and the best compression.
      sees: [['7801'], ['78da']],
    },
    BACKUP_COMPRESS_THREADS: {
      values: ['1', '3'],
      look: (installation) => threadsThatCompress(world, installation),
      sees: [1, 3],
    },
    BACKUP_LOCK_TIMEOUT: {
      values: ['1s', '10m'],
      look: (installation) => attemptsAgainstLock(world, installation),
      sees: [2, 1],
    },
    BACKUP_FINGERPRINT: {
      values: ['on', 'off'],
      look: async (installation) => {
        const sidecar = JSON.stringify(installation.sidecar());
        return ['"contentHash"', '"manifest"'].map((mark) => sidecar.includes(mark));
      },
      sees: [
        [true, true],
        [false, false],
      ],
    },
    BACKUP_RETENTION_FULL_DAYS: {
      values: ['100', '50'],
      look: async (installation) => {
        const { decisions, old } = await retention(world, installation);
        return decisions.find(({ backupId }) => backupId === old.full)?.action;
      },
      sees: ['keep', 'remove'],
    },
    BACKUP_RETENTION_INCREMENTAL_DAYS: {
      values: ['30', '10'],
      look: async (installation) => {
        const { decisions, old } = await retention(world, installation);
        return decisions.find(({ backupId }) => backupId === old.incremental)?.action;
      },
      sees: ['keep', 'remove'],
    },
    BACKUP_KEEP_MINIMUM: {
      values: ['6', '2'],
      look: async (installation) => {
        const { decisions } = await retention(world, installation);
        return decisions.filter(({ reason }) => reason.startsWith('one of the ')).map(({ reason }) => reason);
      },
      // Of the first six four are young enough anyway; of the first two one is.
      sees: [
        ['one of the 6 newest full backups', 'one of the 6 newest full backups'],
        ['one of the 2 newest full backups'],
      ],
    },
    RTO_TARGET: {
      values: ['1h', '4h'],
      look: async (installation) =>
        (await complianceReasons(world, installation)).includes('restore-too-slow'),
      sees: [true, false],
    },
    RPO_TARGET: {
      values: ['30m', '5h'],
      look: async (installation) => (await complianceReasons(world, installation)).includes('data-too-old'),
      sees: [true, false],
    },
    CRITICAL_TABLES: {
      values: ['patients', 'visits,absent'],
      look: async (installation) => (await recoveryTest(installation)).facts?.criticalTables,
      sees: [[{ name: 'public.patients', rows: 9 }], [{ name: 'public.visits', rows: 99 }]],
    },
    WORKER_CONCURRENCY: {
      values: ['1', '3'],
      look: (installation) => verificationsAtOnce(world, installation),
      sees: [1, 3],
    },
  } as const satisfies OptionRows;
}

/** Whether a passphrase opens the installation's backup. */
async function isOpenedBy(installation: Installation, key: string): Promise<boolean> {
  return (await openedBy(installation, key)).startsWith('PGDMP');
}

/** What the zlib streams of the backup's tables begin with, behind a block's type, dump id and length. */
async function zlibHeaders(installation: Installation): Promise<string[]> {
  const archive = await openedBy(installation, installation.value('BACKUP_ENCRYPTION_KEY'));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it looks through bytes.
  const found = archive.matchAll(/\x01\0..\0\0\0...\0(x[\x01\x5e\x9c\xda])/gs);
  return [...new Set([...found].map(([, header = '']) => Buffer.from(header, 'latin1').toString('hex')))];
}

/** The archive of the installation's backup as stock tools open it, a character a byte. */
async function openedBy(installation: Installation, key: string): Promise<string> {
  const script = 'gunzip -c "$FILE" | openssl enc -d -aes-256-cbc -pbkdf2 -pass env:KEY 2>/dev/null';
  const env = { PATH: process.env.PATH, FILE: installation.path(), KEY: key };
  return (await run('bash', ['-c', `${script} || true`], { env, encoding: 'latin1' })).stdout;
}
