import { ALL_SOURCES } from '../contracts/schedule.js';
import { dueJob, type QueueName } from '../queues/contracts.js';
import type { Database } from './database.js';

/** How a job is told to people, by the id of its row: `full backup of main`. One query a queue; $1 is an array of ids. */
const LABELS: Record<QueueName, string> = {
  backup: `SELECT id, requested_type || ' backup of ' || source AS label FROM backups WHERE id = ANY($1)`,
  verify: `SELECT v.id, 'verification of ' || coalesce(b.file_name, b.type || ' backup') || ', ' || b.source AS label
    FROM verifications v JOIN backups b ON b.id = v.backup_id WHERE v.id = ANY($1)`,
  'restore-test': `SELECT t.id, 'recovery test of ' || coalesce(b.file_name, b.type || ' backup') || ', ' || b.source AS label
    FROM recovery_tests t JOIN backups b ON b.id = t.backup_id WHERE t.id = ANY($1)
    UNION ALL
    SELECT r.id, 'restore of ' || b.source || ' into ' || r.target_database
    FROM restores r JOIN backups b ON b.id = r.backup_id WHERE r.id = ANY($1)`,
  cleanup: `SELECT id, 'cleanup of ' || coalesce(source, 'all sources') || CASE WHEN dry_run THEN ', dry run' ELSE '' END AS label
    FROM cleanup_runs WHERE id = ANY($1)`,
  report: `SELECT id, 'report on ' || coalesce(source, 'all sources') AS label FROM reports WHERE id = ANY($1)`,
  notify: `SELECT n.id, CASE n.event
      WHEN 'heartbeat' THEN 'heartbeat'
      WHEN 'test' THEN 'test message by ' || n.channel
      WHEN 'success' THEN 'success of a backup of ' || coalesce(b.source, n.subject, 'a source') || ' by ' || n.channel
      ELSE n.event || coalesce(' ' || a.rule, '') || ' by ' || n.channel
    END AS label
    FROM notifications n LEFT JOIN alerts a ON a.id = n.alert_id LEFT JOIN backups b ON b.id = CASE WHEN n.event = 'success' AND n.subject ~ '^[0-9a-f-]{36}$' THEN n.subject::uuid END
    WHERE n.id = ANY($1)`,
};

/** What jobs of a queue are about, by the ids of their rows; ids that history does not know are left out. */
export async function labelJobs(
  db: Database,
  queue: QueueName,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const { rows } = await db.query<{ id: string; label: string }>(LABELS[queue], [ids]);
  return new Map(rows.map((row) => [row.id, row.label]));
}

/** What a job that announces a due time is about, by its data: it has no row yet. `null` for every other job. */
export function labelDueJob(data: unknown): string | null {
  const due = dueJob.safeParse(data);
  if (!due.success) return null;
  const { source, schedule } = due.data;
  return `scheduled ${schedule} of ${source === ALL_SOURCES ? 'all sources' : source}`;
}
