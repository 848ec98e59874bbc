import type { Readable } from 'node:stream';
import { CopyRows } from '@safekeep/archive/copy-rows';
import { writeArchive } from '@safekeep/archive/write-archive/write-archive';
import { fail } from '@safekeep/shared/errors';
import { type StagingTable, stagingTables } from './apply/staging.js';
import { deltaEntries } from './delta-entries.js';
import type { DeltaPlan, DeltaRows } from './delta-plan.js';

/**
 * The archive of an incremental backup, uncompressed: pg_restore 12 and later applies it to the restored base, in one
 * statement that changes all or nothing (docs/BACKUP_FORMAT.md). Rows are asked for one table at a time.
 *
 * The stream fails with DUMP_INCOMPLETE when a table gives another number of rows than planned, and with what `rows` fails
 * with.
 */
export function createDeltaArchive(plan: DeltaPlan, rows: DeltaRows): Readable {
  const staging = stagingTables(plan);
  const byName = new Map(staging.map((table) => [table.name, table]));
  return writeArchive(
    {
      createdAt: new Date(),
      database: plan.database,
      serverVersion: plan.serverVersion,
      dumpVersion: plan.pgDumpVersion,
      entries: deltaEntries(plan, staging),
    },
    (entry) => counted(byName.get(entry.tag) as StagingTable, rows),
  );
}

/** What the archive holds by its table of contents, for the sidecar. */
export function stagedTables(plan: DeltaPlan): { name: string; rows: number }[] {
  return stagingTables(plan).map(({ name, rows }) => ({ name, rows }));
}

async function* counted(table: StagingTable, rows: DeltaRows): AsyncGenerator<Buffer> {
  const seen = new CopyRows();
  for await (const piece of table.read(rows)) {
    seen.feed(piece);
    yield piece;
  }
  seen.feed(Buffer.from('\\.\n\n\n'));
  const found = seen.finish();
  if (found === table.rows) return;
  throw fail('DUMP_INCOMPLETE', {
    reason: `${table.holds}: ${found} rows were read, ${table.rows} were counted`,
  });
}
