import { bytes } from '../../format.js';
import type { SizeFacts } from '../alert-facts.js';
import type { Rule } from './wanted-alert.js';
import { utc } from './wording.js';

/** What is left, as a part of the median before: below `warning`, or at most `critical`, is an anomaly. */
export const LEFT = { warning: 0.5, critical: 0.1 } as const;
/** Fewer rows than this come and go; they tell nothing. */
const FEWEST_ROWS = 20;
const TABLES_NAMED = 5;

/**
 * The newest full backup holds far less than those before it: smaller, fewer rows in all, or fewer in one table. The
 * backup is as good as any; what happened to the source is the question.
 */
export const sizeAnomaly: Rule = ({ sizes }) =>
  sizes.flatMap((size) => {
    const found = shrunk(size);
    if (found.length === 0) return [];
    const least = Math.min(...found.map(({ left }) => left));
    return [
      {
        rule: 'size-anomaly',
        severity: least <= LEFT.critical ? 'critical' : 'warning',
        source: size.source,
        subject: '',
        message: `The full backup of "${size.source}" of ${utc(size.endedAt)} holds far less than those before it: ${sentence(found)}. The backup itself is sound; find out whether data was deleted from the source, and keep the older backups until you know.`,
        detail: { backupId: size.backupId, findings: found.length, percentLeft: Math.floor(least * 100) },
      },
    ];
  });

interface Shrunk {
  readonly what: string;
  /** What is left, 0 to 1. */
  readonly left: number;
}

function shrunk(size: SizeFacts): Shrunk[] {
  if (size.earlier.length === 0) return [];
  const before = median(size.earlier.map(({ sizeBytes }) => sizeBytes));
  const rowsBefore = median(size.earlier.map(({ rowCount }) => rowCount));
  const found: Shrunk[] = [];
  if (before > 0)
    found.push({
      what: `size ${bytes(size.sizeBytes)} after ${bytes(before)}`,
      left: size.sizeBytes / before,
    });
  if (rowsBefore >= FEWEST_ROWS)
    found.push({ what: `${size.rowCount} rows after ${rowsBefore}`, left: size.rowCount / rowsBefore });
  for (const table of size.tables) {
    if (table.before >= FEWEST_ROWS)
      found.push({
        what: `table ${table.name}: ${table.rows} rows after ${table.before}`,
        left: table.rows / table.before,
      });
  }
  return found.filter(({ left }) => left < LEFT.warning);
}

function sentence(found: readonly Shrunk[]): string {
  const more = found.length - TABLES_NAMED;
  const named = found.slice(0, TABLES_NAMED).map(({ what }) => what);
  return `${named.join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}

/** The lower one of two in the middle. */
function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}
