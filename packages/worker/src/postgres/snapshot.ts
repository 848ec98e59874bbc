import type { Secret } from '@safekeep/shared/config/secret';
import { fail } from '@safekeep/shared/errors';
import { clientOptions } from '@safekeep/shared/history/database';
import { errorCode } from '@safekeep/shared/logger';
import pg from 'pg';
import { connectUntil } from './connect-until.js';
import { hangUp } from './hang-up.js';
import { READING_SETTINGS } from './reading-settings.js';

/** Where and when a snapshot was taken; what a later backup compares itself with (docs/BACKUP_FORMAT.md). */
interface SnapshotFacts {
  /** 64-bit transaction id: every transaction below it had ended. */
  readonly xmin: string;
  /** `null` where the server does not let this role see it. */
  readonly systemIdentifier: string | null;
  readonly timeline: number | null;
  readonly databaseOid: number;
  /** ISO 8601 UTC. */
  readonly postmasterStartTime: string;
  readonly inRecovery: boolean;
}

/** One exported snapshot and the transaction that keeps it alive; everything of a backup is read through it. */
export interface Snapshot {
  /** The source's name. */
  readonly source: string;
  /** For pg_dump --snapshot. */
  readonly name: string;
  readonly facts: SnapshotFacts;
  readonly database: string;
  readonly text: { readonly encoding: string; readonly collate: string; readonly ctype: string };
  /** Such as `15.18`. */
  readonly serverVersion: string;
  /** Queries in the snapshot. */
  readonly client: pg.Client;
  /** Has the server write out its log soon, if it can be asked to. */
  readonly hurryLog: () => Promise<void>;
  close(): Promise<void>;
}

/**
 * A server that scans a table for hours looks at its client only when it has an answer; until then the snapshot of a job
 * that was stopped would hold back its vacuum. From version 14 on it can be told to look.
 */
const NOTICE_HANGING_UP = `
  SELECT set_config(name, '2s', false) FROM pg_settings
  WHERE name = 'client_connection_check_interval' AND version() ~* 'linux|darwin|bsd'`;

/** The source that is read, and what its session is called there where somebody may have to find it. */
export interface ReadSource {
  readonly name: string;
  readonly url: Secret;
  readonly sessionName?: string | undefined;
}

/** A connection on which snapshots may be taken, one after the other. */
export interface SnapshotReader {
  readonly source: string;
  readonly client: pg.Client;
  readonly control: Control;
  readonly hurryLog: () => Promise<void>;
  close(): Promise<void>;
}

/**
 * Connects to a source.
 *
 * @param signal ends the waiting for a server that does not answer
 * @throws SafekeepError SOURCE_UNREACHABLE, SOURCE_LOGIN_FAILED
 */
export async function connectReader(
  source: ReadSource,
  lockTimeout: number,
  signal?: AbortSignal,
): Promise<SnapshotReader> {
  const client = new pg.Client({
    ...clientOptions(source.url),
    ...(source.sessionName !== undefined && { application_name: source.sessionName }),
    connectionTimeoutMillis: 10_000,
  });
  // Without a listener a connection that breaks between two queries would end the process; the next query reports it.
  client.on('error', () => {});
  const close = () => hangUp(client);
  const stop = () => void close();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    await (signal === undefined ? client.connect() : connectUntil(signal, client));
    await client.query(READING_SETTINGS);
    // The dump has the first claim on the machine; a scan by several processes would compete with it.
    await client.query('SET max_parallel_workers_per_gather = 0; SET jit = off');
    await client.query(`SET lock_timeout = ${lockTimeout}`);
    await client.query(NOTICE_HANGING_UP);
    const hurryLog = () => hurryLogOf(source.url);
    return { source: source.name, client, control: await readControl(client), hurryLog, close };
  } catch (error) {
    await close();
    if (signal?.aborted) throw signal.reason;
    throw sourceError(source.name, error);
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

/** Begins a transaction and exports its snapshot. Locks come before: LOCK TABLE is one of the few statements that need none. */
export async function takeSnapshot(
  { source, client, control, hurryLog, close }: SnapshotReader,
  locks: readonly string[] = [],
): Promise<Snapshot> {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY');
  for (const lock of locks) await client.query(lock);
  const { name, database, encoding, collate, ctype, serverVersion, ...facts } = await exportSnapshot(client);
  const text = { encoding, collate, ctype };
  const told = { source, name, database, text, serverVersion, facts: { ...facts, ...control } };
  return { ...told, client, hurryLog, close };
}

/**
 * Opens the source and exports a snapshot of it.
 *
 * @throws SafekeepError SOURCE_UNREACHABLE, SOURCE_LOGIN_FAILED
 */
export async function openSnapshot(
  source: { readonly name: string; readonly url: Secret },
  lockTimeout: number,
): Promise<Snapshot> {
  const reader = await connectReader(source, lockTimeout);
  try {
    return await takeSnapshot(reader);
  } catch (error) {
    await reader.close();
    throw sourceError(source.name, error);
  }
}

/**
 * A transaction that has a number and wrote nothing is not waited for when it commits: it wakes the process that writes the
 * log out. A standby gives no numbers, and a role may be short of connections: then the log takes the time it takes.
 */
async function hurryLogOf(url: Secret): Promise<void> {
  const client = new pg.Client({
    ...clientOptions(url),
    connectionTimeoutMillis: 10_000,
    query_timeout: 10_000,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('SELECT txid_current()');
  } catch {
    // The wait that follows finds out.
  } finally {
    await hangUp(client);
  }
}

type Control = Pick<SnapshotFacts, 'systemIdentifier' | 'timeline'>;

/** Managed servers may keep these functions from ordinary roles; the facts are then unknown. */
async function readControl(client: pg.Client): Promise<Control> {
  try {
    const { rows } = await client.query<{ systemIdentifier: string; timeline: number }>(`
      SELECT (SELECT system_identifier::text FROM pg_control_system()) AS "systemIdentifier",
             (SELECT timeline_id FROM pg_control_checkpoint()) AS timeline`);
    return rows[0] as Control;
  } catch (error) {
    if (errorCode(error) !== '42501') throw error;
    return { systemIdentifier: null, timeline: null };
  }
}

interface Exported extends Omit<SnapshotFacts, keyof Control> {
  readonly name: string;
  readonly database: string;
  readonly encoding: string;
  readonly collate: string;
  readonly ctype: string;
  readonly serverVersion: string;
}

async function exportSnapshot(client: pg.Client): Promise<Exported> {
  const { rows } = await client.query<Exported>(`
    SELECT pg_export_snapshot() AS name, current_database() AS database,
           split_part(current_setting('server_version'), ' ', 1) AS "serverVersion",
           txid_snapshot_xmin(txid_current_snapshot())::text AS xmin, pg_is_in_recovery() AS "inRecovery",
           d.oid::int8 AS "databaseOid", pg_encoding_to_char(d.encoding) AS encoding, d.datcollate AS collate,
           d.datctype AS ctype,
           to_char(pg_postmaster_start_time() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
             AS "postmasterStartTime"
    FROM pg_database d WHERE d.datname = current_database()`);
  return rows[0] as Exported;
}

function sourceError(source: string, error: unknown) {
  const sqlstate = errorCode(error);
  const code = /^(28|3D|42)/.test(sqlstate) ? 'SOURCE_LOGIN_FAILED' : 'SOURCE_UNREACHABLE';
  return fail(code, { source, sqlstate }, error);
}
