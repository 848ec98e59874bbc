import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createWalker } from '@safekeep/archive/walk';
import type { LibpqAccess } from '../postgres/libpq-environment.js';
import { type RestoreEnd, type RestoreProcess, startPgRestore } from '../postgres/pg-restore.js';
import type { PostgresPrograms } from '../postgres/program.js';
import type { RestoreAsked, RestoreMessage } from '../postgres/restore-messages.js';
import { restoreFailure } from '../postgres/target-failure.js';
import { type CheckedBackup, namedFault } from './checked-backup.js';

export interface ArchiveRestore {
  readonly backup: CheckedBackup;
  readonly programs: PostgresPrograms;
  /** Access of the target database, which exists and is empty; `database` is its name, for messages. */
  readonly access: LibpqAccess;
  readonly database: string;
  readonly asked: RestoreAsked;
  /** Dump ids of what to restore, in the archive's order; `null` for all of it. */
  readonly dumpIds: readonly number[] | null;
  /** Bytes of the backup file that are restored; `table` is the one that is being filled. */
  readonly onProgress?: (doneBytes: number, totalBytes: number, table: string | null) => void;
}

export interface RestoreOutcome {
  /** Errors of pg_restore that leave the copy as it should be. */
  readonly warnings: readonly RestoreMessage[];
}

/**
 * Streams a checked backup into a database: file → gunzip → decryption → archive walker → pg_restore. It succeeds only
 * when the stream was read to its end, the archive is whole, and pg_restore has ended well: with 0, or with 1 over
 * errors that are all harmless (`postgres/restore-messages.ts`). Nothing of the plain text touches a disk.
 *
 * Before: `openCheckedBackup`, `chooseRestoreProgram(found, backup.sidecar.pgDumpVersion)`, and a database made with
 * `createDatabase` (`postgres/target-database.ts`); `libpqAccess(withDatabase(url, name), environment)` gives access.
 * Whatever was restored before a failure is the caller's to drop.
 *
 * @throws SafekeepError RESTORE_FAILED, INCREMENT_REFUSED, INCREMENT_RIGHTS, TARGET_UNREACHABLE, TARGET_LOGIN_FAILED; DistrustError; the reason of `signal`
 */
export async function restoreArchive(job: ArchiveRestore, signal: AbortSignal): Promise<RestoreOutcome> {
  const list = await writeList(job.dumpIds);
  try {
    const end = await stream(job, list?.file ?? null, signal);
    if (!end.ok) throw restoreFailure(job.database, job.backup.sidecar.fileName, end);
    return { warnings: end.messages };
  } finally {
    await list?.remove();
  }
}

async function stream(
  job: ArchiveRestore,
  listFile: string | null,
  signal: AbortSignal,
): Promise<RestoreEnd> {
  const { backup, programs, access, asked } = job;
  const restore = startPgRestore({ programs, access, asked, entries: backup.toc.entries, listFile });
  const failed = new AbortController();
  // What is left of a file need not be read for a pg_restore that has failed already.
  void restore.ended.then((end) => {
    if (!end.ok) failed.abort();
  });
  try {
    const stages = [...meteredStages(job), createInput(restore)];
    await pipeline(stages, { signal: AbortSignal.any([signal, failed.signal]) });
  } catch (error) {
    if (!failed.signal.aborted || signal.aborted) restore.stop();
    const end = await restore.ended;
    if (signal.aborted) throw signal.reason;
    if (failed.signal.aborted && !end.ok) return end;
    throw namedFault(error);
  }
  return untilEnded(restore, signal);
}

/** Indexes and constraints are made after the last byte was taken, which may be the longest part. */
async function untilEnded(restore: RestoreProcess, signal: AbortSignal): Promise<RestoreEnd> {
  const stop = () => restore.stop();
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  const end = await restore.ended;
  signal.removeEventListener('abort', stop);
  if (signal.aborted) throw signal.reason;
  return end;
}

/** From the file's bytes to the archive's, with progress told on the way. */
function meteredStages({ backup, onProgress }: ArchiveRestore) {
  let done = 0;
  let table: string | null = null;
  const content = backup.read();
  content.on('data', (chunk: Buffer) => {
    done += chunk.length;
    onProgress?.(done, backup.size, table);
  });
  const walker = createWalker({
    onBlockStart: (entry) => {
      table = entry.desc === 'TABLE DATA' ? `${entry.namespace}.${entry.tag}` : 'large objects';
    },
  });
  return [content, ...backup.unseal(), walker];
}

/**
 * The standard input of a pg_restore. A program that wants no more (of a choice of tables it reads only the blocks up to
 * the last that it needs) does not end the stream: the rest is read and dropped, so that the whole archive was seen.
 */
function createInput({ stdin }: RestoreProcess): Writable {
  let closed = false;
  stdin.on('error', () => {
    closed = true;
  });
  return new Writable({
    write: (chunk, _encoding, done) => {
      if (closed) done();
      else stdin.write(chunk, () => done());
    },
    final: (done) => {
      if (closed) done();
      else stdin.end(() => done());
    },
    destroy: (error, done) => {
      if (error !== null) stdin.destroy();
      done(error);
    },
  });
}

async function writeList(dumpIds: readonly number[] | null) {
  if (dumpIds === null) return null;
  const folder = await mkdtemp(join(tmpdir(), 'safekeep-list-'));
  const file = join(folder, 'list');
  await writeFile(file, dumpIds.map((id) => `${id};\n`).join(''));
  return { file, remove: () => rm(folder, { recursive: true, force: true }) };
}
