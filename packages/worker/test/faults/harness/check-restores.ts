import { join } from 'node:path';
import { expect } from 'chai';
import pg from 'pg';
import { shell } from '../../process/by-hand.js';
import type { World } from '../../process/world.js';
import type { FoundBackup } from './check-files.js';

/** Backups that were restored before. Their bytes are what they were then, for all files are authenticated before. */
const restored = new WeakMap<World, Set<string>>();

/**
 * I1: every completed backup restores with stock tools alone, the base before its incremental, and holds as many rows
 * of every table as its sidecar says.
 */
export async function checkRestores(world: World, backups: readonly FoundBackup[]): Promise<void> {
  const known = restored.get(world) ?? new Set();
  restored.set(world, known);
  for (const backup of backups.filter(({ row }) => !known.has(row.id))) {
    const base = backups.find(({ row }) => row.id === backup.row.baseId);
    if (backup.row.baseId !== null) expect(base, `I1: the base of ${backup.row.id}`).to.not.equal(undefined);
    const database = `check_${backup.row.id}`;
    await world.sql('postgres', `CREATE DATABASE "${database}" TEMPLATE template0`);
    try {
      for (const part of base === undefined ? [backup] : [base, backup]) await restore(world, part, database);
      for (const { schema, name, rows } of backup.sidecar.tables) {
        const table = `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(name)}`;
        const [found] = await world.sql<{ count: number }>(database, `SELECT count(*) FROM ONLY ${table}`);
        expect(found?.count, `I1: rows of ${table} in backup ${backup.row.id}`).to.equal(rows);
      }
    } finally {
      await world.sql('postgres', `DROP DATABASE "${database}" WITH (FORCE)`);
    }
    known.add(backup.row.id);
  }
}

async function restore(world: World, { folder, sidecar }: FoundBackup, database: string): Promise<void> {
  await shell(
    `gunzip -c "$FILE" | openssl enc -aes-256-cbc -d -pbkdf2 -pass "file:$KEY_FILE" | pg_restore --exit-on-error -d "$TARGET"`,
    { FILE: join(folder, sidecar.fileName), KEY_FILE: world.keyFile, TARGET: world.postgres.url(database) },
  );
}
