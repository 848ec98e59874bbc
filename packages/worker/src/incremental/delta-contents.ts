import type { Sidecar, SidecarBody } from '@safekeep/archive/sidecar';
import type { SidecarDelta, SidecarFingerprint } from '@safekeep/archive/sidecar-schema';
import type { ObjectMark } from '../fingerprint/fingerprint.js';
import { markKeys, markTable } from '../fingerprint/marks.js';
import type { Extension } from '../postgres/object-definitions.js';
import { stagedTables } from './delta-archive.js';
import type { DeltaPlan } from './delta-plan.js';
import type { DetectedTable } from './detect-changes.js';

interface DeltaFacts {
  readonly base: Sidecar & { readonly fingerprint: SidecarFingerprint };
  readonly plan: DeltaPlan;
  readonly detected: readonly DetectedTable[];
  /** Of the base's fingerprint: the hashes of what did not change stay the same. */
  readonly key: Buffer;
  readonly extensions: readonly Extension[];
  readonly objects: readonly ObjectMark[] | null;
  readonly canary: string;
}

/** What the sidecar of an incremental says of the snapshot, and of what is in the archive. */
export function deltaContents(
  facts: DeltaFacts,
): Pick<SidecarBody, 'baseId' | 'tables' | 'largeObjects' | 'fingerprint' | 'delta'> {
  const { base, plan, detected, extensions, objects } = facts;
  const hashes = new Map(base.tables.map((table) => [keyOf(table), table.contentHash]));
  return {
    baseId: base.id,
    tables: detected.map((each) => tableOf(each, facts.key, hashes.get(keyOf(each.table)))),
    largeObjects: base.largeObjects,
    fingerprint: {
      ...base.fingerprint,
      sequences: plan.sequences.map((sequence) => ({ ...sequence })),
      extensions: [...extensions],
      objects: objects === null ? null : [...objects],
    },
    delta: {
      version: 1,
      base: { fileName: base.fileName, hmac: base.hmac },
      staged: stagedTables(plan),
      changed: detected.flatMap((each) => changedOf(each, facts.key)),
      keyHashCanary: facts.canary,
    },
  };
}

/** Content that changed row by row was not read as a whole: its keys are vouched for, and the apply statement does the rest. */
function tableOf(
  { table, change }: DetectedTable,
  key: Buffer,
  baseHash: string | undefined,
): SidecarBody['tables'][number] {
  const { schema, name, columns } = table;
  const { rows } = change;
  if (change.kind === 'whole') return markTable({ schema, name, columns, rows, sum: change.sum }, key);
  if (change.kind === 'rows' || baseHash === undefined) return { schema, name, rows };
  return { schema, name, rows, contentHash: baseHash };
}

function changedOf({ table, change }: DetectedTable, key: Buffer): SidecarDelta['changed'] {
  const { schema, name } = table;
  if (change.kind === 'unchanged') return [];
  if (change.kind === 'whole') return [{ schema, name, mode: 'whole', newRows: change.rows }];
  const { rows, newRows, keySums } = change;
  return [{ schema, name, mode: 'rows', newRows, keyHash: markKeys({ schema, name, rows }, keySums, key) }];
}

function keyOf({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return JSON.stringify([schema, name]);
}
