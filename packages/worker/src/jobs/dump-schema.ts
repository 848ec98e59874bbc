import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ArchiveError } from '@safekeep/archive/archive-error';
import { createWalker } from '@safekeep/archive/walk';
import { fail } from '@safekeep/shared/errors';
import { schemaHash } from '../incremental/schema-hash.js';
import { type DumpOptions, startSchemaDump } from '../postgres/pg-dump.js';
import type { SchemaFacts } from '../postgres/schema-facts.js';
import type { Snapshot } from '../postgres/snapshot.js';
import { dumpFailure } from '../postgres/source-failure.js';

interface SchemaDump {
  readonly snapshot: Snapshot;
  readonly options: DumpOptions;
}

/**
 * Hashes the definitions that pg_dump finds in a snapshot, to be compared with those of a base.
 * @throws SafekeepError DUMP_FAILED, DUMP_REFUSED, DUMP_INCOMPLETE; or the reason of `signal`
 */
export async function hashSchema(job: SchemaDump, facts: SchemaFacts, signal: AbortSignal): Promise<string> {
  const dump = startSchemaDump({ ...job.options, snapshot: job.snapshot.name });
  const walker = createWalker();
  try {
    await pipeline(dump.stdout, walker, new Writable({ write: (_chunk, _encoding, done) => done() }), {
      signal,
    });
  } catch (error) {
    if (signal.aborted || !(error instanceof ArchiveError)) dump.stop();
    const end = await dump.ended;
    if (signal.aborted) throw signal.reason;
    if (!end.ok) throw failure(job, end);
    if (!(error instanceof ArchiveError)) throw error;
    throw fail('DUMP_INCOMPLETE', { reason: error.message }, error);
  }
  const end = await dump.ended;
  if (!end.ok) throw failure(job, end);
  return schemaHash(walker.summary().entries, facts);
}

function failure({ snapshot }: SchemaDump, end: Parameters<typeof dumpFailure>[1]) {
  return dumpFailure({ source: snapshot.source, phase: 'schema', table: null }, end);
}
