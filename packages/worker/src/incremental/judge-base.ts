import type { Sidecar } from '@safekeep/archive/sidecar';
import { type Promotion, promotion } from './promotion.js';
import { isTooWide, type TransactionWindow } from './transaction-window.js';

type SnapshotFacts = Sidecar['snapshot'];

/** Two snapshots: the base's and the one of now. */
interface Snapshots {
  readonly base: SnapshotFacts;
  readonly now: SnapshotFacts;
  readonly window: TransactionWindow;
}

/**
 * Why the transaction ids of two snapshots say nothing about what changed between them; `null` when they do. Where a server
 * keeps its identity to itself, the microsecond of its start and the number of the database stand for it.
 */
export function whyIncomparable({ base, now, window }: Snapshots): Promotion | null {
  if (differ(base.systemIdentifier, now.systemIdentifier) || base.databaseOid !== now.databaseOid)
    return promotion(
      'server-changed',
      'The source is another server or another database than the base was taken from.',
    );
  if (base.inRecovery !== now.inRecovery || differ(base.timeline, now.timeline))
    return promotion(
      'server-changed',
      'The source became a primary or a standby, or follows another timeline, since the base was taken.',
    );
  if (base.postmasterStartTime !== now.postmasterStartTime)
    return promotion(
      'server-restarted',
      'The server was started anew since the base was taken; its disk may have been set back meanwhile.',
    );
  if (BigInt(now.xmin) < BigInt(base.xmin))
    return promotion('server-changed', "The source's snapshot lies before the base's.");
  if (isTooWide(window))
    return promotion(
      'too-many-transactions',
      'About two thousand million transactions ran since the base was taken; older rows could be mistaken for newer ones.',
    );
  return null;
}

/** A fact that either side does not know tells nothing. */
function differ<T>(one: T | null, other: T | null): boolean {
  return one !== null && other !== null && one !== other;
}
