import { type Accepted, TABLES } from './accepted.js';
import type { FaultCounts } from './inject-faults.js';
import type { SoakWorld } from './soak-world.js';

interface Counted {
  readonly what: string;
  readonly count: number;
}

/** All that the soak did, as lines of a table. */
export async function summary(
  { faults }: SoakWorld,
  accepted: Accepted,
  injected: FaultCounts,
): Promise<string> {
  const counted = (text: string) => faults.sql<{ what: string; count: number }>('history', text);
  const rows = await Promise.all(
    TABLES.map(async (table) => {
      const asked = accepted.idsOf(table).size;
      const found = await counted(`SELECT status AS what, count(*) FROM ${table} GROUP BY 1 ORDER BY 1`);
      return line(table.replace('_', ' '), [{ what: 'accepted by the API', count: asked }, ...found]);
    }),
  );
  const backups = await counted(
    `SELECT CASE WHEN type = requested_type THEN type ELSE 'promoted to full' END AS what, count(*)
     FROM backups WHERE status = 'completed' GROUP BY 1 ORDER BY 1`,
  );
  const failures = await counted(
    `SELECT error_code AS what, count(*) FROM backups WHERE status = 'failed' GROUP BY 1 ORDER BY 1`,
  );
  const attempts = await counted(
    `SELECT state AS what, count(*) FROM runs WHERE queue = 'backup' GROUP BY 1 ORDER BY 1`,
  );
  const disposed = await counted(
    `SELECT 'by retention' AS what, count(*) FROM backups WHERE disposed_at IS NOT NULL`,
  );
  return [
    ...rows,
    line('requests', [
      { what: 'refused', count: accepted.refused },
      { what: 'without an answer', count: accepted.unanswered },
      { what: 'cancellations accepted', count: accepted.cancels },
    ]),
    line('backups made', backups),
    line('backups removed', disposed),
    line('backups that failed', failures),
    line('attempts', attempts),
    line(
      'faults',
      [...injected].map(([what, count]) => ({ what, count })),
    ),
  ].join('\n');
}

function line(title: string, counts: readonly Counted[]): string {
  const told = counts.map(({ what, count }) => `${what} ${count}`).join(', ');
  return `${title.padEnd(20)} ${told === '' ? 'none' : told}`;
}
