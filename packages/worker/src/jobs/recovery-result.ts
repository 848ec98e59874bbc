import type { Finding } from '@safekeep/shared/contracts/finding';
import type { RecoveryFacts } from '@safekeep/shared/contracts/recovery-test';
import { SafekeepError } from '@safekeep/shared/errors';
import type { RecoveryResult } from '@safekeep/shared/history/recovery-tests';
import type { Comparison } from '../fingerprint/compare-fingerprints.js';
import type { Fingerprint } from '../fingerprint/fingerprint.js';
import { DistrustError } from './stored-backup.js';

export interface RecoveryTargets {
  readonly rtoTargetSeconds: number;
  readonly rpoTargetSeconds: number;
}

export interface Measured extends RecoveryTargets {
  /** Milliseconds since 1970. */
  readonly began: number;
  readonly rtoSeconds: number | null;
  readonly rpoSeconds: number | null;
}

interface Compared {
  readonly expected: Fingerprint;
  readonly copy: Fingerprint;
  readonly comparison: Comparison;
  readonly base: RecoveryFacts['base'];
  readonly criticalTables: readonly string[];
}

/** The result of a test whose backup was restored. A missed target does not fail it; the reason tells of it. */
export function comparedCopy(
  { expected, copy, comparison, base, criticalTables }: Compared,
  measured: Measured,
): RecoveryResult {
  const { findings, differences, notCompared } = comparison;
  const passed = differences === 0;
  const difference = passed
    ? []
    : [`The restored copy differs from the backup's sidecar in ${differences} thing(s).`];
  const sentences = [...difference, ...missedTargets(measured)];
  return {
    status: passed ? 'passed' : 'failed',
    findings: [...findings],
    facts: {
      base,
      tables: copy.tables.length,
      rows: copy.tables.reduce((sum, table) => sum + table.rows, 0),
      contents: expected.tables.filter((table) => (table.contentHash ?? table.keyHash) !== undefined).length,
      largeObjects: copy.largeObjects.count,
      sequences: expected.sequences?.length ?? 0,
      extensions: expected.extensions?.length ?? 0,
      ...countDefinitions(expected),
      criticalTables: criticalRows(copy, criticalTables),
      differences,
      notCompared: [...notCompared],
      totalSeconds: Math.round(performance.now() - measured.began) / 1000,
    },
    reason: sentences.length === 0 ? null : sentences.join(' '),
    ...timesOf(measured),
  };
}

/** The result of a test whose backup cannot be trusted or restored; `null` when the error says nothing of the backup. */
export function brokenBackup(error: unknown, measured: Measured, file: string): RecoveryResult | null {
  const fault = faultOf(error);
  if (fault === null) return null;
  const finding: Finding = { kind: 'backup', object: file, expected: 'restorable', actual: fault.verdict };
  const reason = [fault.reason, ...missedTargets(measured)].join(' ');
  return { status: 'failed', findings: [finding], facts: null, reason, ...timesOf(measured) };
}

function faultOf(error: unknown): { verdict: string; reason: string } | null {
  if (error instanceof DistrustError) return error.distrust;
  if (!(error instanceof SafekeepError)) return null;
  if (error.code === 'INCREMENT_REFUSED') return { verdict: 'base', reason: error.message };
  if (error.code !== 'RESTORE_FAILED') return null;
  // A full disk or too little memory is the server's fault (class 53).
  return /SQLSTATE 53/.test(error.message) ? null : { verdict: 'restore', reason: error.message };
}

function countDefinitions({
  objects,
}: Fingerprint): Pick<RecoveryFacts, 'constraints' | 'indexes' | 'definitions'> {
  const count = (kind: string) => objects?.filter((object) => object.kind === kind).length ?? 0;
  const [constraints, indexes] = [count('constraint'), count('index')];
  return { constraints, indexes, definitions: (objects?.length ?? 0) - constraints - indexes };
}

/** A name without a schema means the tables of that name in all schemas. */
function criticalRows(copy: Fingerprint, names: readonly string[]): RecoveryFacts['criticalTables'] {
  return names.flatMap((name) =>
    copy.tables
      .filter((table) => name === table.name || name === `${table.schema}.${table.name}`)
      .map(({ schema, name: table, rows }) => ({ name: `${schema}.${table}`, rows })),
  );
}

function missedTargets({ rtoSeconds, rpoSeconds, rtoTargetSeconds, rpoTargetSeconds }: Measured): string[] {
  const sentences: string[] = [];
  if (rtoSeconds !== null && rtoSeconds > rtoTargetSeconds) {
    sentences.push(`The restore took longer than RTO_TARGET.`);
  }
  if (rpoSeconds !== null && rpoSeconds > rpoTargetSeconds) {
    sentences.push(`The backup is older than RPO_TARGET.`);
  }
  return sentences;
}

function timesOf({ rtoSeconds, rpoSeconds, rtoTargetSeconds, rpoTargetSeconds }: Measured) {
  return { rtoSeconds, rpoSeconds, rtoTargetSeconds, rpoTargetSeconds };
}
