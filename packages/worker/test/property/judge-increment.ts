import type { PromotionCode } from '../../src/incremental/promotion.js';
import type { ChunkClasses } from './count-chunks.js';
import type { SourceWorld } from './source-world.js';
import type { TableName, TableSpec } from './table-spec.js';
import type { TakenBackup } from './take-backups.js';
import type { Cause } from './world-changes.js';

type Taken = Pick<TakenBackup<unknown>, 'sidecar' | 'promotion'>;

/** Of each cause, the codes that it may be told by. */
const CODES: Readonly<Record<Cause, readonly PromotionCode[]>> = {
  schema: ['schema-changed', 'tables-differ'],
  'large objects': ['large-objects-changed'],
  'another database': ['server-changed'],
};

/** A full instead of an incremental has a cause, and a cause makes it a full. */
export function expectType(world: SourceWorld, { sidecar, promotion }: Taken): void {
  const causes = [...world.causes];
  const allowed = [...causes, ...world.allowed];
  world.causes.clear();
  world.allowed.clear();
  // What was written beside an open transaction looks younger than a snapshot that sees it.
  if (world.open.length > 0 && allowed.includes('large objects')) world.allowed.add('large objects');
  world.tally.add('backups', sidecar.type);
  if (promotion === null) {
    if (causes.length > 0) throw new Error(`an incremental in spite of: ${causes.join(', ')}`);
    return;
  }
  world.tally.add('promotions', promotion.code);
  if (allowed.length === 0)
    throw new Error(`a full was taken although nothing asks for one: ${promotion.code}, ${promotion.reason}`);
  if (!allowed.some((cause) => CODES[cause].includes(promotion.code)))
    throw new Error(`${promotion.code} is not what happened: ${allowed.join(', ')}`);
}

/** What nobody touched is not in the archive, and what cannot be told apart is there wholly. */
export function expectExtent(world: SourceWorld, { sidecar }: Taken, chunks: ChunkClasses): void {
  const { tally } = world;
  const changed = new Map((sidecar.delta?.changed ?? []).map((table) => [nameKey(table), table.mode]));
  for (const table of [...world.plan.tables, ...world.plan.twins]) {
    for (const leaf of table.leaves) {
      const mode = changed.get(nameKey(leaf)) ?? 'unchanged';
      tally.add('tables', mode);
      if (mode === 'rows') countRows(world, table, chunks.get(nameKey(leaf)) ?? []);
      const problem = mistaken(world, table, leaf, mode);
      if (problem !== null) throw new Error(`${nameKey(leaf)} is ${mode}: ${problem}`);
    }
  }
}

function countRows(world: SourceWorld, table: TableSpec, classes: readonly string[]): void {
  world.tally.add('keys', table.key?.kind ?? 'none');
  for (const trait of table.traits) world.tally.add('traits of tables changed row by row', trait);
  for (const is of classes) world.tally.add('chunks', is);
}

function mistaken(world: SourceWorld, table: TableSpec, leaf: TableName, mode: string): string | null {
  // Its children are of the usual one.
  if (table.traits.has('other access method') && leaf.name === table.name)
    return mode === 'whole' ? null : 'its access method keeps no promise';
  if (mode !== 'unchanged' && !world.touched.has(table.group)) return 'nobody touched it';
  return mode === 'rows' && table.key === null ? 'it has no key' : null;
}

const nameKey = ({ schema, name }: TableName) => JSON.stringify([schema, name]);
