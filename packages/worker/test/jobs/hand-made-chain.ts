import { randomUUID } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSidecar, type SidecarBody, serializeSidecar } from '@safekeep/archive/sidecar';
import { emptyDatabase, sql } from '../../../shared/test/servers.js';
import { storedBackupOf, type TakenBackup } from './stored-backup-of.js';

/**
 * An increment on a backup, beside it, as far as its files go: its archive holds a staging table and applies nothing. Its
 * sidecar says what `lies` say.
 */
export async function incrementOn(base: TakenBackup, lies: Partial<SidecarBody> = {}): Promise<TakenBackup> {
  const database = await emptyDatabase();
  await sql(
    database,
    'CREATE SCHEMA safekeep_delta; CREATE TABLE safekeep_delta.r0 AS SELECT g AS id FROM generate_series(1, 7) g',
  );
  const dumped = await storedBackupOf(database, base.stored.encryptionKey);
  const key = base.stored.encryptionKey.reveal();
  const { hmac: _, ...body } = dumped.sidecar;
  const companions = body.companions.filter(({ kind }) => kind === 'globals');
  const renamed = (name: string) => name.replace(/^full/, 'incremental');
  const fileName = renamed(body.fileName);
  const into = (name: string) => join(base.directory, name);
  renameSync(dumped.file, into(fileName));
  for (const { fileName: name } of companions) renameSync(join(dumped.directory, name), into(renamed(name)));
  const { tables, largeObjects, fingerprint, encoding, collate, ctype } = base.sidecar;
  const text = serializeSidecar(
    {
      ...body,
      ...{ tables, largeObjects, fingerprint, encoding, collate, ctype },
      id: randomUUID(),
      type: 'incremental',
      baseId: base.sidecar.id,
      fileName,
      companions: companions.map((companion) => ({ ...companion, fileName: renamed(companion.fileName) })),
      delta: {
        version: 1,
        base: { fileName: base.sidecar.fileName, hmac: base.sidecar.hmac },
        staged: [{ name: 'r0', rows: 7 }],
        changed: [],
        keyHashCanary: '1',
      },
      ...lies,
    },
    key,
  );
  writeFileSync(`${into(fileName)}.meta`, text);
  const sidecar = parseSidecar(text, key);
  const stored = { ...base.stored, backup: { id: sidecar.id, fileName }, recordedHmac: sidecar.hmac };
  return { ...base, stored, sidecar, file: into(fileName) };
}
