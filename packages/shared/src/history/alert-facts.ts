import type {
  AlertFacts,
  BadVerification,
  ChannelFacts,
  FindingFacts,
  KeyFacts,
  LastBackup,
  LateRun,
  LivingRun,
  MissingFacts,
  ScheduleFacts,
  Success,
  WaitingJobs,
  WorkerFacts,
} from '../policy/alert-facts.js';
import { readRecoveryTests, readSizes, readVolumes } from './alert-trends.js';
import type { Database } from './database.js';
import { EVERY_SOURCE } from './every-source.js';

/** A source that was taken out of the configuration has no schedules any more, and nobody waits for its backups. */
const CURRENT = `(NOT EXISTS (SELECT FROM schedules WHERE name = 'full')
  OR b.source IN (SELECT source FROM schedules WHERE name = 'full'))`;

/** Reads what the alert rules decide from, inside the transaction that acts on it. */
export async function readAlertFacts(
  db: Database,
  watching: Pick<AlertFacts, 'watchedSeconds' | 'open'>,
): Promise<AlertFacts> {
  const { rows } = await db.query<{ now: Date }>('SELECT now() AS now');
  return {
    ...watching,
    now: rows[0]?.now as Date,
    lastBackups: await readLastBackups(db),
    successes: await readSuccesses(db),
    runningSources: await readRunningSources(db),
    schedules: await readSchedules(db),
    lateRuns: await readLateRuns(db),
    badVerifications: await readBadVerifications(db),
    recoveryTests: await readRecoveryTests(db),
    volumes: await readVolumes(db),
    sizes: await readSizes(db),
    keys: await readKeys(db),
    workers: await readWorkers(db),
    runs: await readLivingRuns(db),
    waiting: await readWaitingJobs(db),
    findings: await readFindings(db),
    missing: await readMissing(db),
    channels: await readChannels(db),
  };
}

async function readLastBackups(db: Database): Promise<LastBackup[]> {
  const { rows } = await db.query<LastBackup>(
    `SELECT l.source, l.id AS "backupId", l.status, l.ended_at AS "endedAt", l.error_code AS "errorCode",
       l.error_hint AS "errorHint", good.at AS "lastSuccessAt"
     FROM (SELECT source FROM (${EVERY_SOURCE}) b WHERE ${CURRENT}) sources
     JOIN LATERAL (
       SELECT * FROM backups l WHERE l.source = sources.source AND l.ended_at IS NOT NULL
         AND l.status IN ('completed', 'failed', 'cancelled', 'missing')
       ORDER BY l.ended_at DESC, l.created_at DESC LIMIT 1
     ) l ON true
     LEFT JOIN (SELECT source, max(ended_at) AS at FROM backups WHERE status = 'completed' GROUP BY source) good
       ON good.source = l.source
     ORDER BY l.source`,
  );
  return rows;
}

async function readSuccesses(db: Database): Promise<Success[]> {
  const { rows } = await db.query<Success>(
    `SELECT source, type, max(ended_at) AS "endedAt" FROM backups
     WHERE status = 'completed' AND type IN ('full', 'incremental') GROUP BY source, type`,
  );
  return rows;
}

async function readRunningSources(db: Database): Promise<string[]> {
  const { rows } = await db.query<{ source: string }>(
    `SELECT source FROM runs WHERE queue = 'backup' AND state = 'running' AND lease_until > now()`,
  );
  return rows.map(({ source }) => source);
}

async function readSchedules(db: Database): Promise<ScheduleFacts[]> {
  const { rows } = await db.query<ScheduleFacts>(
    `SELECT source, name, CASE WHEN overridden THEN cron ELSE env_cron END AS cron, timezone, paused, since
     FROM schedules`,
  );
  return rows;
}

async function readLateRuns(db: Database): Promise<LateRun[]> {
  const { rows } = await db.query<LateRun>(
    `SELECT DISTINCT ON (source, name) source, name, due_at AS "dueAt", created_at AS "noticedAt"
     FROM due_runs WHERE late AND created_at > now() - interval '1 day' ORDER BY source, name, due_at DESC`,
  );
  return rows;
}

/** What was found stays so until another verification comes to a verdict: one that could not look knows nothing. */
async function readBadVerifications(db: Database): Promise<BadVerification[]> {
  const { rows } = await db.query<BadVerification>(
    `SELECT b.source, b.id AS "backupId", b.file_name AS "fileName", v.status, v.verdict,
       v.error_code AS "errorCode", v.ended_at AS "endedAt"
     FROM (SELECT DISTINCT backup_id FROM verifications WHERE status IN ('failed', 'error')) bad
     JOIN backups b ON b.id = bad.backup_id
     JOIN LATERAL (
       SELECT * FROM (
         (SELECT * FROM verifications WHERE backup_id = b.id AND status IN ('passed', 'failed') AND ended_at IS NOT NULL
          ORDER BY ended_at DESC, id DESC LIMIT 1)
         UNION ALL
         (SELECT * FROM verifications WHERE backup_id = b.id AND status = 'error' AND ended_at IS NOT NULL
          ORDER BY ended_at DESC, id DESC LIMIT 1)
       ) AS newest ORDER BY status = 'failed' DESC, ended_at DESC, id DESC LIMIT 1
     ) v ON v.status <> 'passed'
     WHERE b.status = 'completed' AND ${CURRENT} ORDER BY v.ended_at`,
  );
  return rows;
}

async function readKeys(db: Database): Promise<KeyFacts[]> {
  const { rows } = await db.query<KeyFacts>(
    `SELECT source, key_id AS "keyId", count(*) AS backups, max(ended_at) AS "newestAt" FROM backups
     WHERE status = 'completed' AND key_id IS NOT NULL GROUP BY source, key_id ORDER BY source, key_id`,
  );
  return rows;
}

async function readWorkers(db: Database): Promise<WorkerFacts[]> {
  const { rows } = await db.query<WorkerFacts>(
    `SELECT name, key_id AS "keyId", seen_at AS "seenAt", stopped_at IS NOT NULL AS stopped
     FROM workers ORDER BY seen_at DESC LIMIT 1000`,
  );
  return rows;
}

/** The rows of all jobs that have not ended. */
const UNFINISHED = `
  SELECT 'backup' AS queue, id, status, created_at FROM backups WHERE status IN ('queued', 'running')
  UNION ALL SELECT 'verify', id, status, created_at FROM verifications WHERE status IN ('queued', 'running')
  UNION ALL SELECT 'restore-test', id, status, created_at FROM recovery_tests WHERE status IN ('queued', 'running')
  UNION ALL SELECT 'restore-test', id, status, created_at FROM restores WHERE status IN ('queued', 'running')
  UNION ALL SELECT 'cleanup', id, status, created_at FROM cleanup_runs WHERE status IN ('queued', 'running')
  UNION ALL SELECT 'report', id, status, created_at FROM reports WHERE status IN ('queued', 'running')`;

async function readLivingRuns(db: Database): Promise<LivingRun[]> {
  const { rows } = await db.query<LivingRun>(
    `SELECT r.queue, r.subject_id AS "subjectId", r.source, r.worker, r.heartbeat_at AS "heartbeatAt",
       r.progress_at AS "progressAt"
     FROM runs r JOIN (${UNFINISHED}) u ON u.id = r.subject_id WHERE r.state = 'running'`,
  );
  return rows;
}

/** What comes back to its queue after an attempt waits since the end of that attempt. */
async function readWaitingJobs(db: Database): Promise<WaitingJobs[]> {
  const { rows } = await db.query<WaitingJobs>(
    `SELECT u.queue, count(*) AS jobs,
       min(greatest(u.created_at, (SELECT max(r.ended_at) FROM runs r WHERE r.subject_id = u.id))) AS since,
       EXISTS (SELECT FROM runs r WHERE r.queue = u.queue AND r.state = 'running' AND r.lease_until > now()) AS busy
     FROM (${UNFINISHED}) u WHERE u.status = 'queued' GROUP BY u.queue`,
  );
  return rows;
}

/** The file of a backup that is known to be missing is told once, with its backup. */
async function readFindings(db: Database): Promise<FindingFacts[]> {
  const { rows } = await db.query<FindingFacts>(
    `SELECT source, kind, count(*) AS files, min(first_seen_at) AS since FROM (
       SELECT f.source, f.first_seen_at, CASE
         WHEN f.kind = 'unknown-file' AND f.name ~* '\\.(sql|dump|pgdump|backup)(\\.(gz|bz2|xz|zst))?$' THEN 'plain-text-dump'
         ELSE f.kind END AS kind
       FROM storage_findings f WHERE f.resolved_at IS NULL AND NOT (f.kind = 'missing-file' AND EXISTS (
         SELECT FROM backups b WHERE b.source = f.source AND b.status = 'missing' AND b.file_name = f.name))
     ) AS open GROUP BY source, kind ORDER BY source, kind`,
  );
  return rows;
}

async function readMissing(db: Database): Promise<MissingFacts[]> {
  const { rows } = await db.query<MissingFacts>(
    `SELECT source, count(*) AS backups, (array_agg(id ORDER BY created_at DESC))[1] AS "newestBackupId",
       (array_agg(file_name ORDER BY created_at DESC))[1] AS "newestFile"
     FROM backups WHERE status = 'missing' AND disposed_at IS NULL GROUP BY source ORDER BY source`,
  );
  return rows;
}

/**
 * A test that the queue did not take says nothing about its channel. A channel that was taken out of the configuration
 * fails no more, and is forgotten after two days. What ended in these was made at most a week ago, however long
 * everything stood still; so the index is enough.
 */
async function readChannels(db: Database): Promise<ChannelFacts[]> {
  const { rows } = await db.query<ChannelFacts>(
    `WITH recent AS MATERIALIZED (
       SELECT channel, status, error_code, reason, ended_at,
         max(ended_at) FILTER (WHERE status = 'sent') OVER (PARTITION BY channel) AS last_sent_at
       FROM notifications WHERE created_at > now() - interval '7 days' AND ended_at > now() - interval '2 days'
     )
     SELECT channel, count(*) AS failures, min(ended_at) AS "firstFailedAt",
       (array_agg(reason ORDER BY ended_at DESC))[1] AS reason
     FROM recent WHERE status = 'failed' AND error_code = 'NOTIFICATION_FAILED' AND ended_at > coalesce(last_sent_at, '-infinity')
     GROUP BY channel ORDER BY channel`,
  );
  return rows;
}
