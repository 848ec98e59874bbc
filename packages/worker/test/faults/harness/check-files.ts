import { createReadStream, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseSidecar, type Sidecar } from '@safekeep/archive/sidecar';
import { verifyBackup } from '@safekeep/archive/verify-backup';
import type { Backup } from '@safekeep/shared/contracts/backup';
import { filesOf, PROBE } from '@safekeep/shared/storage/backup-names';
import { expect } from 'chai';
import type { World } from '../../process/world.js';

/** How long the workers may take to remove a probe, in milliseconds. */
const PATIENCE = 40_000;

export interface FilesExpected {
  /** Paths below the backup directory that are no files of Safekeep's, or were damaged by the test: they must be there and are not looked into. */
  readonly strangers?: readonly string[];
}

/** A backup that history calls completed, with its files. */
export interface FoundBackup {
  readonly row: Pick<Backup, 'id' | 'source' | 'fileName' | 'checksum' | 'baseId'>;
  readonly folder: string;
  readonly sidecar: Sidecar;
}

/**
 * I1 and I2: every completed backup has its files, which authenticate and open to the last byte, and no other file stands
 * under a final name or hidden.
 */
export async function checkFiles(world: World, { strangers = [] }: FilesExpected): Promise<FoundBackup[]> {
  const rows = await world.sql<FoundBackup['row']>(
    'history',
    `SELECT id, source, file_name AS "fileName", checksum, base_id AS "baseId" FROM backups
     WHERE status = 'completed' ORDER BY created_at`,
  );
  const expected = new Set(strangers);
  const backups: FoundBackup[] = [];
  for (const row of rows) {
    const below = row.source === 'main' ? '' : row.source;
    if (strangers.includes(join(below, row.fileName ?? ''))) continue;
    const found = await openBackup(world, row, join(world.backupDirectory, below));
    backups.push(found);
    const { data, sidecar } = filesOf(found.sidecar.fileName);
    for (const name of [data, sidecar, ...found.sidecar.companions.map((companion) => companion.fileName)]) {
      expected.add(join(below, name));
    }
  }
  // A process that was killed while it tried the directory leaves its probe, and a living worker removes it.
  const until = Date.now() + PATIENCE;
  while (Date.now() < until && listFiles(world.backupDirectory).some(isProbe)) await delay(100);
  expect(listFiles(world.backupDirectory), 'I2: files in the backup directory').to.have.members([
    ...expected,
  ]);
  return backups;
}

async function openBackup(world: World, row: FoundBackup['row'], folder: string): Promise<FoundBackup> {
  const what = `I1: backup ${row.id} (${row.fileName})`;
  const path = join(folder, row.fileName ?? '');
  const sidecar = parseSidecar(readFileSync(`${path}.meta`, 'utf8'), world.key);
  expect(sidecar, what).to.include({ id: row.id, fileName: row.fileName, checksum: row.checksum });
  const { size } = statSync(path);
  const file = { size, read: () => createReadStream(path), sidecar, passphrase: world.key };
  const verdict = await verifyBackup(file, { signal: new AbortController().signal });
  expect(verdict, what).to.deep.equal({ ok: true });
  return { row, folder, sidecar };
}

function isProbe(path: string): boolean {
  return basename(path).startsWith(PROBE);
}

function listFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .filter((path) => !path.startsWith('reports/'));
}
