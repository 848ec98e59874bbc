import { Transform, type TransformCallback } from 'node:stream';
import { fail } from '@safekeep/shared/errors';
import type { BackupStorage } from '@safekeep/shared/storage/contract';
import { type DumpOptions, startGlobalsDump } from '../postgres/pg-dump.js';
import type { Snapshot } from '../postgres/snapshot.js';
import { dumpFailure } from '../postgres/source-failure.js';
import { type WrittenFile, writeSealed } from './write-sealed.js';

/** pg_dumpall's last line but for a few; without it the text is cut short, whatever the exit code says. */
const LAST_WORDS = '-- PostgreSQL database cluster dump complete';
const TAIL_BYTES = 1_024;

/** Passes bytes on and remembers the last of them. */
class Tail extends Transform {
  #last = Buffer.alloc(0);

  get text(): string {
    return this.#last.toString('latin1');
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    this.#last = Buffer.concat([this.#last, chunk.subarray(-TAIL_BYTES)]).subarray(-TAIL_BYTES);
    callback(null, chunk);
  }
}

interface GlobalsDump {
  readonly snapshot: Snapshot;
  readonly options: DumpOptions;
  readonly storage: BackupStorage;
  readonly fileName: string;
  readonly passphrase: string;
}

/**
 * Writes the companion with the server's roles, memberships and settings, sealed like the archive: a restore on a new
 * server needs them, and pg_dump does not take them. The hashes of passwords are in it only where the role may read
 * them: superusers and members of pg_read_all_data, but not on managed servers.
 *
 * @throws SafekeepError DUMP_FAILED, DUMP_REFUSED, DISK_FULL; or the reason of `signal`
 */
export async function dumpGlobals(job: GlobalsDump, signal: AbortSignal): Promise<WrittenFile> {
  const { rows } = await job.snapshot.client.query<{ readable: boolean }>(
    `SELECT pg_catalog.has_table_privilege('pg_catalog.pg_authid', 'SELECT') AS readable`,
  );
  const dump = startGlobalsDump({ ...job.options, withPasswords: rows[0]?.readable === true });
  const target = { storage: job.storage, name: job.fileName, passphrase: job.passphrase, framed: false };
  try {
    const tail = new Tail();
    const file = await writeSealed(dump.stdout, [tail], target, signal);
    const end = await dump.ended;
    if (!end.ok) throw dumpFailure({ source: job.snapshot.source, phase: 'globals', table: null }, end);
    if (!tail.text.includes(LAST_WORDS))
      throw fail('DUMP_INCOMPLETE', { reason: 'the list of roles is cut short' });
    return file;
  } catch (error) {
    dump.stop();
    await dump.ended;
    if (signal.aborted) throw signal.reason;
    throw error;
  }
}
