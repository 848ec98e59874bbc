import { randomUUID } from 'node:crypto';
import { writeReport } from '@safekeep/shared/history/reports';
import { composeReport } from '@safekeep/shared/report/compose';
import { registerSchedules } from '@safekeep/shared/schedules/register';
import { NOW, soundFacts } from '../../../shared/test/policy/facts.js';
import { addAlert, addBackup } from '../history-rows.js';
import { PASSWORD } from '../people.js';
import type { TestApi } from '../test-api.js';

/** Rows that requests may name. */
export interface Known {
  readonly backup: string;
  /** A backup that no worker has begun. */
  readonly waiting: string;
  readonly alert: string;
  readonly report: string;
  readonly restore: string;
}

/** What a request needs so that it succeeds. */
export interface ValidRequest {
  /** The value of the parameter in its path. */
  readonly param?: (known: Known) => string;
  readonly body?: (known: Known) => object;
}

/** A success of every route; one that is not here makes the tests fail. */
export const validRequests: Readonly<Record<string, ValidRequest>> = {
  'POST /auth/login': { body: () => ({ username: 'somebody', password: PASSWORD }) },
  'POST /backup/full': { body: () => ({ source: 'main' }) },
  'POST /backup/incremental': { body: () => ({ source: 'lab' }) },
  'GET /backup/schedules': {},
  'PATCH /backup/schedules/:name': {
    param: () => 'full',
    body: () => ({ source: 'main', cron: '0 3 * * *', paused: false }),
  },
  'GET /backup/history': {},
  'GET /backup/verification/status': {},
  'POST /backup/report': { body: () => ({ source: 'main' }) },
  'GET /backup/reports': {},
  'GET /backup/reports/:id': { param: ({ report }) => report },
  'POST /backup/recovery/restore': {
    body: ({ backup }) => ({
      backupId: backup,
      targetDatabase: 'copy',
      tables: ['patients'],
      withRoles: true,
      withGrants: true,
    }),
  },
  'GET /backup/recovery/restores': {},
  'GET /backup/recovery/restores/:id': { param: ({ restore }) => restore },
  'POST /backup/:id/verify': { param: ({ backup }) => backup, body: () => ({ verifiedBy: 'Ada' }) },
  'POST /backup/cleanup': { body: () => ({ source: 'main', dryRun: true }) },
  'GET /backup/cleanup': {},
  'POST /backup/:id/cancel': { param: ({ waiting }) => waiting },
  'POST /backup/:id/hold': {
    param: ({ backup }) => backup,
    body: () => ({ hold: true, reason: 'a lawsuit' }),
  },
  'POST /backup/recovery/test': { body: ({ backup }) => ({ backupId: backup, testedBy: 'Ada' }) },
  'GET /backup/recovery/tests': {},
  'GET /backup/monitoring/alerts': {},
  'POST /backup/monitoring/alerts/:id/acknowledge': { param: ({ alert }) => alert },
  'POST /backup/monitoring/alert-test': {},
  'GET /backup/:id': { param: ({ backup }) => backup },
  'GET /backup/monitoring/health': {},
  'GET /backup/monitoring/statistics': {},
  'GET /backup/monitoring/metrics': {},
  'GET /audit': {},
  'GET /health/live': {},
  'GET /health/ready': {},
  'GET /openapi.json': {},
  'GET /docs': {},
};

/** Writes the rows that these requests name. */
export async function writeKnown({ pool }: TestApi): Promise<Known> {
  const known = {
    backup: await addBackup(pool),
    waiting: await addBackup(pool, { status: 'queued', started: null, ended: null }),
    report: randomUUID(),
    restore: randomUUID(),
  };
  await addAlert(pool, 'disk-low', 'warning');
  const { rows } = await pool.query<{ id: string }>('SELECT id FROM alerts');
  await pool.query(
    `INSERT INTO restores (id, backup_id, status, target_database, requested_via, error_code)
     VALUES ($1, $2, 'failed', 'elsewhere', 'cli', 'TARGET_BUSY')`,
    [known.restore, known.backup],
  );
  await pool.query(`INSERT INTO reports (id, status, requested_via) VALUES ($1, 'running', 'cli')`, [
    known.report,
  ]);
  const body = composeReport(soundFacts(), { id: known.report, source: null, now: NOW });
  await writeReport(pool, known.report, { body, stem: 'report', jsonSha256: 'a', htmlSha256: 'b' });
  const daily = { envCron: '0 2 * * *', timezone: 'UTC' };
  await registerSchedules(pool, [{ ...daily, source: 'main', name: 'full' }]);
  return { ...known, alert: rows[0]?.id ?? '' };
}
