import { fail } from '@safekeep/shared/errors';
import { errorCode } from '@safekeep/shared/logger';
import type pg from 'pg';
import { type DumpedTable, readDumpedTables } from './dumped-tables.js';
import {
  connectReader,
  type ReadSource,
  type Snapshot,
  type SnapshotReader,
  takeSnapshot,
} from './snapshot.js';
import { queryFailure } from './source-failure.js';

const ATTEMPTS = 5;
/** Tables that one statement locks. */
const BATCH = 200;

/** pg_relation_filenode and to_regclass see the catalogue of now, other queries that of the snapshot. */
const CHANGED = `
  SELECT EXISTS (SELECT FROM unnest($1::int8[], $2::text[], $3::int8[]) t (oid, name, file)
    WHERE to_regclass(name) IS DISTINCT FROM oid::oid::regclass OR pg_relation_filenode(oid::oid) IS DISTINCT FROM file::oid) AS changed`;

/**
 * Opens a snapshot whose tables cannot be emptied, rewritten, dropped or renamed as long as it is open. TRUNCATE and
 * rewriting ALTER TABLE do not respect snapshots: a table that meets one between the snapshot and its lock would be read as
 * empty. So all tables that are known are locked before the snapshot is taken, and where it sees others, or other files of
 * them, it is taken anew.
 *
 * @param signal ends the waiting for locks
 * @throws SafekeepError SOURCE_UNREACHABLE, SOURCE_LOGIN_FAILED, DUMP_FAILED, DUMP_REFUSED; the reason of `signal`
 */
export async function openLockedSnapshot(
  source: ReadSource,
  lockTimeout: number,
  signal: AbortSignal,
): Promise<Snapshot> {
  signal.throwIfAborted();
  const reader = await connectReader(source, lockTimeout, signal);
  const hangUp = () => void reader.close();
  signal.addEventListener('abort', hangUp, { once: true });
  try {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      signal.throwIfAborted();
      const snapshot = await holdSnapshot(reader);
      if (snapshot !== null) return snapshot;
      await reader.client.query('ROLLBACK');
    }
  } catch (error) {
    await reader.close();
    if (signal.aborted) throw signal.reason;
    throw queryFailure({ source: source.name, phase: 'snapshot', table: null }, error);
  } finally {
    signal.removeEventListener('abort', hangUp);
  }
  await reader.close();
  const evidence = `tables were emptied, rewritten or renamed in each of ${ATTEMPTS} attempts`;
  const advice = 'Run the backup when nobody changes tables or loads them anew.';
  throw fail('DUMP_FAILED', { source: source.name, phase: 'snapshot', at: '', evidence, advice });
}

/** `null` where tables changed meanwhile. */
async function holdSnapshot(reader: SnapshotReader): Promise<Snapshot | null> {
  try {
    const known = await readDumpedTables(reader.client);
    const snapshot = await takeSnapshot(reader, lockStatements(known));
    const seen = await readDumpedTables(reader.client);
    // Those that were made between the list and the locks.
    for (const lock of lockStatements(seen)) await reader.client.query(lock);
    return (await areChanged(reader.client, seen)) ? null : snapshot;
  } catch (error) {
    // A table that was dropped or renamed since.
    if (errorCode(error) === '42P01' || errorCode(error) === '3F000') return null;
    throw error;
  }
}

function lockStatements(tables: readonly DumpedTable[]): string[] {
  const statements: string[] = [];
  for (let at = 0; at < tables.length; at += BATCH) {
    const names = tables.slice(at, at + BATCH).map((table) => `ONLY ${table.name}`);
    statements.push(`LOCK TABLE ${names.join(', ')} IN ACCESS SHARE MODE`);
  }
  return statements;
}

async function areChanged(client: pg.Client, tables: readonly DumpedTable[]): Promise<boolean> {
  const lists = [
    tables.map(({ oid }) => oid),
    tables.map(({ name }) => name),
    tables.map(({ file }) => file),
  ];
  const { rows } = await client.query<{ changed: boolean }>(CHANGED, lists);
  return rows[0]?.changed !== false;
}
