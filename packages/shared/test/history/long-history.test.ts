import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import pg from 'pg';
import { fillHistory, TABLES } from '../../../../scripts/bench-api/fill-history.js';
import { evaluateAlerts } from '../../src/alerts/evaluate.js';
import { listAuditEvents } from '../../src/audit/audit-trail.js';
import { auditQuery } from '../../src/contracts/audit.js';
import { historyQuery } from '../../src/contracts/backup.js';
import { fail } from '../../src/errors.js';
import { listFileNames } from '../../src/history/adoption.js';
import { countOpenAlerts, listAlerts } from '../../src/history/alerts.js';
import { claimBackup } from '../../src/history/backup-claims.js';
import { withProofs } from '../../src/history/backup-detail.js';
import { completeBackup } from '../../src/history/backup-outcomes.js';
import {
  failQueuedBackup,
  findAbandonedBackups,
  findBackup,
  findBackupByIdempotencyKey,
  findLastSize,
  findSequenceHead,
  findWaitingScheduled,
  listBackups,
} from '../../src/history/backups.js';
import { listBaseCandidates } from '../../src/history/bases.js';
import { cancelBackup } from '../../src/history/cancel-backup.js';
import { listCleanupRuns } from '../../src/history/cleanup-runs.js';
import { clientOptions } from '../../src/history/database.js';
import { listDisposed, listUnfinishedDisposals } from '../../src/history/disposals.js';
import { countBackupsByKey } from '../../src/history/doctor-facts.js';
import { listNewestDueRuns } from '../../src/history/due-runs.js';
import { readHealthFigures, readSourceProofs } from '../../src/history/health.js';
import { labelJobs } from '../../src/history/job-labels.js';
import {
  claimRow,
  findAbandonedRows,
  findWaitingScheduledRow,
  JOB_TABLES,
  type JobTable,
} from '../../src/history/job-rows.js';
import { findKnownFiles } from '../../src/history/known-files.js';
import { newestStorageLevels, tallyBackups, tallyChecks, totalBackups } from '../../src/history/metrics.js';
import {
  findBackupToProve,
  findWaitingRecoveryTest,
  insertRecoveryTest,
  listLeftScratch,
  listNewestRecoveryTests,
} from '../../src/history/recovery-tests.js';
import { readReportFacts } from '../../src/history/report-data.js';
import { listReports } from '../../src/history/reports.js';
import { findNewestRestorable, listRestores } from '../../src/history/restores.js';
import { listRetained, listRetainedSources } from '../../src/history/retained-backups.js';
import { heartbeat } from '../../src/history/runs.js';
import { listSchedules } from '../../src/history/schedules.js';
import {
  countVerifications,
  readOutcomes,
  readOutcomesByDay,
  readOutcomesBySource,
  summarizeRecoveryTests,
} from '../../src/history/statistics.js';
import { isInventoryDue, readStorageState } from '../../src/history/storage-findings.js';
import {
  insertVerification,
  listNewestVerifications,
  listUnverified,
} from '../../src/history/verifications.js';
import { QUEUES } from '../../src/queues/contracts.js';
import { SETTINGS } from '../report/thirty-days.js';
import { openHistory, type TestHistory } from '../servers.js';
import { type Told, watchPlans } from './plans.js';
import { aResult, queueBackup } from './rows.js';

const BACKUPS = 1_000_000;

/** The source with the most backups, and one with few. */
const [LARGE, SMALL] = ['clinic_00', 'clinic_19'];
const SOURCES = Array.from({ length: 20 }, (_, at) => `clinic_${String(at).padStart(2, '0')}`);

/** What a question may look at: somewhat more than all backups that are kept, which are 3 % of them. */
const FEW = 70_000;
/** What counts everything looks at every entry of an index, or of several. */
const EVERYTHING = 6 * BACKUPS;
/** Counting a total, or passing over what lies before a page, looks at every entry of an index at most once. */
const A_PAGE = BACKUPS + 1_000;

describe('a history of a million backups', function () {
  this.timeout(180_000);
  let history: TestHistory;
  let pool: pg.Pool;
  const told: Told[] = [];
  before(async function () {
    this.timeout(300_000);
    history = await openHistory(2);
    const client = new pg.Client(clientOptions(history.url));
    await client.connect();
    for (const statement of fillHistory(BACKUPS)) await client.query(statement);
    await client.end();
    pool = watchPlans(history.pool, told);
  });
  after(() => history.close());

  /** Runs what the product runs and reads the plans. */
  async function looksAtFew(work: () => Promise<unknown>, most = FEW): Promise<void> {
    told.length = 0;
    await work();
    expect(told, 'what was asked').not.to.deep.equal([]);
    for (const { sql, readWhole, visited } of told) {
      const large = readWhole.filter((table) => (TABLES as readonly string[]).includes(table));
      expect(large, `read from end to end by ${sql}`).to.deep.equal([]);
      expect(visited, `looked at by ${sql}`).to.be.at.most(most);
    }
  }

  const pages = [
    '',
    'status',
    'type',
    'source',
    'source type',
    'source status',
    'type status',
    'source type status',
  ];
  for (const filters of pages) {
    it(`turns to any page of the history by ${filters || 'no filter'}, and counts`, async () => {
      for (const [source, type, status] of [
        [LARGE, 'incremental', 'missing'],
        [SMALL, 'full', 'completed'],
        [SMALL, 'emergency', 'failed'],
        ['no-such', 'full', 'cancelled'],
      ]) {
        const all = { source, type, status };
        const chosen = Object.fromEntries(Object.entries(all).filter(([name]) => filters.includes(name)));
        const read = (more: object) => listBackups(pool, historyQuery.parse({ ...chosen, ...more }));
        // The total is counted in an index; so are the rows before a page far back.
        let total = 0;
        await looksAtFew(async () => {
          total = (await read({})).total;
        }, A_PAGE);
        const back = String(Math.max(total - 100, 0));
        await looksAtFew(() => read({ offset: back, limit: '100' }), A_PAGE);
      }
    });
  }

  it('reads rows of a page alone, however far back it is', async () => {
    const { rows } = await history.pool.query<{ 'QUERY PLAN': [{ Plan: object }] }>(
      `EXPLAIN (FORMAT JSON) SELECT id FROM backups WHERE true ORDER BY created_at DESC, id DESC LIMIT 100 OFFSET 900000`,
    );
    expect(JSON.stringify(rows)).to.include('Index Only Scan');
  });

  it('finds a backup with all that was done to prove it', async () => {
    const id = await oneOf(`status = 'completed'`);
    await looksAtFew(async () => {
      const backup = await findBackup(pool, id);
      if (backup !== null) await withProofs(pool, backup);
    }, 100);
    await looksAtFew(() => findBackupByIdempotencyKey(pool, randomUUID(), 'key'), 100);
  });

  it('tells health, compliance and statistics', async () => {
    await looksAtFew(() => readHealthFigures(pool));
    await looksAtFew(() => readSourceProofs(pool, SOURCES), 3 * FEW);
    const to = new Date();
    const period = { from: new Date(to.getTime() - 30 * 86_400_000), to };
    await looksAtFew(async () => {
      await readOutcomes(pool, period);
      await readOutcomesByDay(pool, period);
      await readOutcomesBySource(pool, period);
      await countVerifications(pool, period);
      await summarizeRecoveryTests(pool, period);
    });
  });

  it('counts everything for the metrics in indexes', async () => {
    await looksAtFew(() => tallyBackups(pool), EVERYTHING);
    await looksAtFew(() => tallyChecks(pool, 'verifications'), EVERYTHING);
    await looksAtFew(() => tallyChecks(pool, 'recovery_tests'), EVERYTHING);
    await looksAtFew(() => totalBackups(pool), EVERYTHING);
    await looksAtFew(async () => {
      await countOpenAlerts(pool);
      await newestStorageLevels(pool, SOURCES);
    });
  });

  it('evaluates the alert rules', async () => {
    const channels = { smtp: null, webhook: null, slack: null, heartbeat: null, allowedHosts: [] };
    await looksAtFew(() => evaluateAlerts({ pool, channels, notifyOnSuccess: true }, 3_600), 3 * FEW);
  });

  it('lists alerts, recovery tests, restores, cleanups, reports and schedules', async () => {
    for (const state of ['open', 'resolved', 'all'] as const) {
      await looksAtFew(() => listAlerts(pool, { state, limit: 100 }));
      await looksAtFew(() => listAlerts(pool, { state, limit: 100, source: 'no-such' }));
      await looksAtFew(() => listAlerts(pool, { state, limit: 100, severity: 'info', source: SMALL }));
    }
    await looksAtFew(() => listNewestRecoveryTests(pool, { limit: 50, offset: 10_000 }));
    await looksAtFew(async () => {
      await listRestores(pool, 50);
      await listCleanupRuns(pool, 50);
      await listReports(pool, 50);
      await listSchedules(pool);
      await listNewestDueRuns(pool);
    });
  });

  it('tells what verifications and inventories found', async () => {
    await looksAtFew(() => listNewestVerifications(pool), 2 * FEW);
    await looksAtFew(() => readStorageState(pool));
  });

  it('makes a report', async () => {
    const settings = { ...SETTINGS, sourceNames: SOURCES };
    // Disposals are counted against each other over all of history.
    await looksAtFew(() => readReportFacts(pool, settings, null, new Date()), EVERYTHING);
  });

  it('pages through the audit trail by any filter', async () => {
    const at = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();
    const rare: Record<string, string>[] = [
      { target: randomUUID() },
      { actor: 'nobody' },
      { action: 'audit' },
      { action: 'audit.read' },
      { action: 'nothing' },
      { since: at(30) },
      { since: at(400), until: at(370) },
    ];
    for (const filter of rare) {
      await looksAtFew(() => listAuditEvents(pool, auditQuery.parse({ limit: '100', ...filter })), 2 * FEW);
    }
    for (const filter of [{}, { actor: 'worker' }, { offset: '400000' }]) {
      await looksAtFew(() => listAuditEvents(pool, auditQuery.parse(filter)), A_PAGE);
    }
    // Almost all events are of this area, so that counting them may as well read all.
    const { total } = await listAuditEvents(history.pool, auditQuery.parse({ action: 'backup' }));
    expect(total).to.be.above(0.4 * BACKUPS);
  });

  it('finds what the rounds look for', async () => {
    await looksAtFew(async () => {
      await findAbandonedBackups(pool);
      for (const table of Object.keys(JOB_TABLES) as JobTable[]) await findAbandonedRows(pool, table);
      await listLeftScratch(pool);
      await findWaitingScheduledRow(pool, 'cleanup_runs');
      await findWaitingScheduledRow(pool, 'reports');
    });
    for (const source of [LARGE, SMALL, 'no-such']) {
      await looksAtFew(async () => {
        await findKnownFiles(pool, source);
        await isInventoryDue(pool, source, 3_600);
        await findWaitingScheduled(pool, source, 'full');
        await findWaitingRecoveryTest(pool, source);
        await listUnfinishedDisposals(pool, source);
      });
    }
  });

  it('decides on retention', async () => {
    await looksAtFew(() => listRetainedSources(pool));
    for (const source of [LARGE, SMALL]) await looksAtFew(() => listRetained(pool, source), 3 * FEW);
    await looksAtFew(() => listDisposed(pool, randomUUID()));
  });

  it('takes a backup, proves and cancels it', async () => {
    for (const source of [LARGE, SMALL]) {
      await looksAtFew(async () => {
        await findLastSize(pool, source, 'full');
        await findSequenceHead(pool, source);
        await listBaseCandidates(pool, source);
        await listUnverified(pool, source);
        await findBackupToProve(pool, source);
        await findNewestRestorable(pool, source);
      }, 3 * FEW);
    }
    await looksAtFew(async () => {
      const id = await queueBackup(pool, { source: 'fresh' });
      const claim = await claimBackup(pool, { backupId: id, source: 'fresh', worker: 'here' });
      if (claim.kind !== 'started') throw new Error('it was not started');
      await heartbeat(pool, claim.run, null);
      await completeBackup(pool, claim.run, id, aResult());
      const more = { backupId: id, requestedVia: 'cli', requestedBy: null, note: null } as const;
      const verification = await insertVerification(pool, { id: randomUUID(), ...more });
      await claimRow(pool, 'verifications', verification.id, 'here');
      await insertRecoveryTest(pool, { id: randomUUID(), ...more });
      const other = await queueBackup(pool, { source: 'fresh' });
      await cancelBackup(pool, { backupId: other, actor: { id: null, name: 'cli', address: null } });
      await failQueuedBackup(pool, other, fail('BACKUP_CANCELLED'));
    });
  });

  it('names jobs on the board, and counts what a key opens', async () => {
    for (const queue of QUEUES) await looksAtFew(() => labelJobs(pool, queue, [randomUUID()]));
    const { rows } = await history.pool.query<{ id: string }>('SELECT id FROM notifications LIMIT 100');
    await looksAtFew(() =>
      labelJobs(
        pool,
        'notify',
        rows.map(({ id }) => id),
      ),
    );
    await looksAtFew(() => countBackupsByKey(pool));
  });

  it('lists the files of a source for the catalogue, all of them', async () => {
    await looksAtFew(() => listFileNames(pool, SMALL));
  });

  async function oneOf(where: string): Promise<string> {
    const { rows } = await history.pool.query<{ id: string }>(
      `SELECT id FROM backups WHERE ${where} LIMIT 1`,
    );
    return (rows[0] as { id: string }).id;
  }
});
