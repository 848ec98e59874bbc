import type { Secret } from '@safekeep/shared/config/secret';
import { fail } from '@safekeep/shared/errors';
import { errorCode } from '@safekeep/shared/logger';
import type pg from 'pg';
import { openSnapshot, type Snapshot } from './snapshot.js';
import { queryFailure } from './source-failure.js';

const ATTEMPTS = 5;
/** Tables that one statement locks. */
const BATCH = 200;

/** All that a dump reads rows of: tables of the database, and those of extensions that hold settings of it. */
const TABLES = `
  SELECT c.oid::int8 AS oid, format('%I.%I', n.nspname, c.relname) AS name, c.relfilenode::int8 AS file
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
    AND (c.relpersistence <> 'u' OR NOT pg_is_in_recovery())
    AND (NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
      OR EXISTS (SELECT FROM pg_extension e WHERE c.oid = ANY (e.extconfig)))
  ORDER BY c.oid`;

/** pg_relation_filenode and to_regclass see the catalogue of now, other queries that of the snapshot. */
const CHANGED = `
  SELECT EXISTS (SELECT FROM unnest($1::int8[], $2::text[], $3::int8[]) t (oid, name, file)
    WHERE to_regclass(name) IS DISTINCT FROM oid::oid::regclass OR pg_relation_filenode(oid::oid) IS DISTINCT FROM file::oid) AS changed`;

interface LockedTable {
  readonly oid: number;
  readonly name: string;
  readonly file: number;
}

/**
 * Opens a snapshot whose tables cannot be emptied, rewritten, dropped or renamed as long as it is open. TRUNCATE and
 * rewriting ALTER TABLE do not respect snapshots: a table that meets one between the snapshot and its lock would be read as
 * empty. Then the snapshot is taken anew.
 *
 * @param signal ends the waiting for locks
 * @throws SafekeepError SOURCE_UNREACHABLE, SOURCE_LOGIN_FAILED, DUMP_FAILED, DUMP_REFUSED; the reason of `signal`
 */
export async function openLockedSnapshot(
  source: { readonly name: string; readonly url: Secret },
  lockTimeout: number,
  signal: AbortSignal,
): Promise<Snapshot> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    signal.throwIfAborted();
    const snapshot = await openSnapshot(source, lockTimeout);
    if (await isHeld(snapshot, signal)) return snapshot;
  }
  const evidence = `tables were emptied, rewritten or renamed in each of ${ATTEMPTS} attempts`;
  const advice = 'Run the backup when nobody changes tables or loads them anew.';
  throw fail('DUMP_FAILED', { source: source.name, phase: 'snapshot', at: '', evidence, advice });
}

/** Closes the snapshot where it cannot be held. */
async function isHeld(snapshot: Snapshot, signal: AbortSignal): Promise<boolean> {
  const hangUp = () => void snapshot.close();
  signal.addEventListener('abort', hangUp, { once: true });
  try {
    const held = await lockTables(snapshot.client);
    if (!held) await snapshot.close();
    return held;
  } catch (error) {
    await snapshot.close();
    if (signal.aborted) throw signal.reason;
    // A table that was dropped or renamed since.
    if (errorCode(error) === '42P01' || errorCode(error) === '3F000') return false;
    throw queryFailure({ source: snapshot.source, phase: 'snapshot', table: null }, error);
  } finally {
    signal.removeEventListener('abort', hangUp);
  }
}

/** Whether the locked tables are those that the snapshot sees. */
async function lockTables(client: pg.Client): Promise<boolean> {
  const { rows: tables } = await client.query<LockedTable>(TABLES);
  for (let at = 0; at < tables.length; at += BATCH) {
    const names = tables.slice(at, at + BATCH).map((table) => `ONLY ${table.name}`);
    await client.query(`LOCK TABLE ${names.join(', ')} IN ACCESS SHARE MODE`);
  }
  const lists = [
    tables.map(({ oid }) => oid),
    tables.map(({ name }) => name),
    tables.map(({ file }) => file),
  ];
  const { rows } = await client.query<{ changed: boolean }>(CHANGED, lists);
  return rows[0]?.changed === false;
}
