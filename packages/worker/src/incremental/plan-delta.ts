import { listMaterializedViews } from '../postgres/materialized-views.js';
import { listSequences, readSequenceValues } from '../postgres/sequence-values.js';
import type { Snapshot } from '../postgres/snapshot.js';
import { queryFailure } from '../postgres/source-failure.js';
import type { DeltaPlan } from './delta-plan.js';
import { deltaTable } from './delta-table.js';
import type { DetectedTable } from './detect-changes.js';

interface PlannedDelta {
  readonly base: DeltaPlan['base'];
  readonly increment: DeltaPlan['increment'];
  readonly snapshot: Snapshot;
  readonly pgDumpVersion: string;
  readonly detected: readonly DetectedTable[];
}

/**
 * Puts together all that a delta archive says, but for the rows.
 * @throws SafekeepError DUMP_FAILED, DUMP_REFUSED
 */
export async function planDelta(delta: PlannedDelta): Promise<DeltaPlan> {
  const { base, increment, snapshot, pgDumpVersion, detected } = delta;
  return {
    base,
    increment,
    encoding: snapshot.text.encoding,
    database: snapshot.database,
    serverVersion: snapshot.serverVersion,
    pgDumpVersion,
    changed: detected.flatMap((each) => deltaTable(each) ?? []),
    unchanged: detected.flatMap(({ table: { schema, name, filter }, change }) =>
      change.kind === 'unchanged' ? [{ schema, name, filter, rows: change.rows }] : [],
    ),
    ...(await readStored(snapshot)),
  };
}

/** What is stored whether it changed or not. */
async function readStored({ client, source }: Snapshot): Promise<Pick<DeltaPlan, 'sequences' | 'refresh'>> {
  try {
    const sequences = await readSequenceValues(client, await listSequences(client));
    return { sequences, refresh: await listMaterializedViews(client) };
  } catch (error) {
    throw queryFailure({ source, phase: 'schema', table: null }, error);
  }
}
