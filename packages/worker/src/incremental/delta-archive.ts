import type { Readable } from 'node:stream';
import { writeArchive } from '@safekeep/archive/write-archive/write-archive';
import { deltaEntries } from './delta-entries.js';
import type { DeltaPlan, DeltaRows } from './delta-plan.js';

/**
 * The archive of an incremental: pg_restore applies it to the restored base as it would restore any other. Not compressed.
 * It fails with what the rows' streams fail with.
 */
export function createDeltaArchive(plan: DeltaPlan, rows: DeltaRows): Readable {
  const entries = deltaEntries(plan);
  const rowsOf = new Map(entries.map(({ entry, rows: staged }) => [entry.dumpId, staged]));
  return writeArchive(
    {
      createdAt: new Date(),
      database: plan.database,
      serverVersion: plan.serverVersion,
      dumpVersion: plan.pgDumpVersion,
      entries: entries.map(({ entry }) => entry),
    },
    ({ dumpId }) => {
      const staged = rowsOf.get(dumpId);
      if (staged === undefined) throw new Error('an entry without rows was asked for its data');
      return staged.of === 'newRows' ? rows.newRows(staged.table) : rows.keptKeys(staged.table);
    },
  );
}
