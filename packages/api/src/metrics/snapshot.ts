import type { Severity } from '@safekeep/shared/contracts/alert';
import { countOpenAlerts } from '@safekeep/shared/history/alerts';
import { readTime } from '@safekeep/shared/history/clock';
import { readSourceProofs } from '@safekeep/shared/history/health';
import {
  type BackupTotals,
  newestStorageLevels,
  type StorageLevel,
  type Tally,
  tallyBackups,
  tallyChecks,
  totalBackups,
} from '@safekeep/shared/history/metrics';
import type { SourceProof, Targets } from '@safekeep/shared/policy/health';
import type { NextRun, QueueFigures } from '@safekeep/shared/queues/queue-figures';
import type pg from 'pg';

/** What history tells the metrics. */
export interface HistorySnapshot {
  readonly backups: readonly Tally[];
  readonly verifications: readonly Tally[];
  readonly recoveryTests: readonly Tally[];
  readonly totals: readonly BackupTotals[];
  /** Of the sources that are configured, and of no others: a source that was given up is never overdue. */
  readonly proofs: readonly SourceProof[];
  readonly openAlerts: Readonly<Record<Severity, number>>;
  readonly storage: readonly StorageLevel[];
  readonly now: Date;
}

/** All that the metrics tell, read at one time; a part that did not answer is `null`. */
export interface Snapshot {
  readonly history: HistorySnapshot | null;
  readonly redis: { readonly queues: readonly QueueFigures[]; readonly nextRuns: readonly NextRun[] } | null;
  readonly targets: Targets;
  readonly version: string;
}

/** One query after the other: a scrape shall not take the connections that people's requests need. */
export async function readHistorySnapshot(
  pool: pg.Pool,
  sourceNames: readonly string[],
): Promise<HistorySnapshot> {
  return {
    backups: await tallyBackups(pool),
    verifications: await tallyChecks(pool, 'verifications'),
    recoveryTests: await tallyChecks(pool, 'recovery_tests'),
    totals: await totalBackups(pool),
    proofs: await readSourceProofs(pool, sourceNames),
    openAlerts: await countOpenAlerts(pool),
    storage: await newestStorageLevels(pool, sourceNames),
    now: await readTime(pool),
  };
}
