import { setTimeout as delay } from 'node:timers/promises';
import { verifyAuditTrail } from '@safekeep/shared/audit/verify-trail';
import { Secret } from '@safekeep/shared/config/secret';
import { createHistoryPool } from '@safekeep/shared/history/database';
import { expect } from 'chai';
import type { World } from '../../process/world.js';

const JOBS = ['backups', 'verifications', 'recovery_tests', 'restores', 'cleanup_runs', 'reports'];

/** How long a run may take to end after its job, in milliseconds: one that completes a backup from its sidecar ends after it. */
const PATIENCE = 10_000;

const RUNNING = `SELECT id FROM runs WHERE state = 'running'`;

/** Backups whose end has no event. An adopted one ended before history knew it. */
const ENDED_IN_SILENCE = `
  SELECT id, status FROM backups b WHERE NOT EXISTS (SELECT FROM audit_events e WHERE e.target = b.id::text
    AND e.action IN ('backup.completed', 'backup.failed', 'backup.cancelled', 'backup.adopted'))`;

/** Rows that nobody has asked for, as far as the audit trail knows. Other jobs than backups stand in the detail of their event. */
const UNASKED = `
  SELECT id FROM backups b WHERE adopted_at IS NULL
    AND NOT EXISTS (SELECT FROM audit_events e WHERE e.target = b.id::text AND e.action = 'backup.request')
  UNION ALL SELECT id FROM (SELECT id FROM verifications UNION ALL SELECT id FROM recovery_tests UNION ALL SELECT id FROM restores
    UNION ALL SELECT id FROM cleanup_runs UNION ALL SELECT id FROM reports) j
  WHERE NOT EXISTS (SELECT FROM audit_events e WHERE e.detail->>'id' = j.id::text AND e.action LIKE '%.request')`;

/** Backups that ended twice. */
const ENDED_TWICE = `
  SELECT target FROM audit_events WHERE action IN ('backup.completed', 'backup.failed', 'backup.cancelled')
  GROUP BY target HAVING count(*) > 1`;

/** Two runs that wrote for one source at the same time. A run's end is when it ended or was declared lost. */
const TWO_WRITERS = `
  SELECT a.id, a.started_at, a.ended_at, a.state, b.id AS other, b.started_at AS other_started, b.state AS other_state FROM runs a JOIN runs b ON b.source = a.source AND b.queue = a.queue AND b.token > a.token
  WHERE a.queue = 'backup' AND (a.ended_at IS NULL OR b.started_at < a.ended_at)`;

const COMPLETED_TWICE = `
  SELECT subject_id FROM runs WHERE queue = 'backup' AND state = 'completed' GROUP BY subject_id HAVING count(*) > 1`;

const TOLD_TWICE = `
  SELECT target FROM audit_events WHERE action = 'backup.completed' GROUP BY target HAVING count(*) > 1`;

/** Backups that are proven: an incremental with its base. */
const PROVEN = `
  SELECT * FROM backups b WHERE EXISTS (SELECT FROM verifications v WHERE v.backup_id = b.id AND v.status = 'passed')
    AND (b.base_id IS NULL OR EXISTS (SELECT FROM verifications v WHERE v.backup_id = b.base_id AND v.status = 'passed'))`;

/** Sources that had a backup that was proven and whose files retention or a fault has taken, without another proven one. */
const UNPROVEN = `
  WITH proven AS (${PROVEN})
  SELECT DISTINCT p.source FROM proven p WHERE p.disposed_at IS NOT NULL
    AND NOT EXISTS (SELECT FROM proven b WHERE b.source = p.source AND b.status = 'completed')`;

const WITHOUT_BASE = `
  SELECT i.id FROM backups i JOIN backups base ON base.id = i.base_id
  WHERE i.status = 'completed' AND base.disposed_at IS NOT NULL`;

/** I3, I4 and I5: what history alone can tell. */
export async function checkHistory(
  world: World,
  { timesJump }: { readonly timesJump: boolean },
): Promise<void> {
  for (const table of JOBS) {
    const rows = await world.sql(
      'history',
      `SELECT id, status FROM ${table} WHERE status IN ('queued', 'running')`,
    );
    expect(rows, `I5: ${table} that did not end`).to.deep.equal([]);
  }
  const none = async (text: string, what: string) => {
    const rows = await world.sql('history', text);
    expect(rows, `${what}: ${JSON.stringify(rows)}`).to.deep.equal([]);
  };
  await none(ENDED_IN_SILENCE, 'I5: backups whose end is not in the audit trail');
  await none(UNASKED, 'I5: rows whose request is not in the audit trail');
  await none(ENDED_TWICE, 'I5: backups with two ends in the audit trail');
  const until = Date.now() + PATIENCE;
  while (Date.now() < until && (await world.sql('history', RUNNING)).length > 0) await delay(20);
  await none(RUNNING, 'I3: runs that did not end');
  if (!timesJump) await none(TWO_WRITERS, 'I3: runs of one source at the same time');
  await none(COMPLETED_TWICE, 'I3: backups that were completed twice');
  await none(TOLD_TWICE, 'I5: backups whose completion is in the audit trail twice');
  await none(UNPROVEN, 'I4: sources whose last proven backup is gone');
  await none(WITHOUT_BASE, 'I4: incrementals whose base retention has removed');
  const pool = createHistoryPool(new Secret(world.postgres.url('history')), 1, () => {});
  try {
    expect((await verifyAuditTrail(pool, null)).broken, 'I5: the audit trail is whole').to.equal(null);
  } finally {
    await pool.end();
  }
}
