import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { insertAlert } from '../../src/history/alerts.js';
import { insertCleanupRun } from '../../src/history/cleanup-runs.js';
import { labelDueJob, labelJobs } from '../../src/history/job-labels.js';
import { insertNotification, type NewNotification } from '../../src/history/notifications.js';
import { insertRecoveryTest } from '../../src/history/recovery-tests.js';
import { insertReport } from '../../src/history/reports.js';
import { insertRestore } from '../../src/history/restores.js';
import { insertVerification } from '../../src/history/verifications.js';
import { QUEUES, type QueueName } from '../../src/queues/contracts.js';
import { openHistory, type TestHistory } from '../servers.js';
import { queueBackup } from './rows.js';

const BY_HAND = { requestedVia: 'cli', requestedBy: null } as const;
const FILE = 'full_backup_20240101_020000.pgdump.enc.gz';

describe('the name of a job', () => {
  let history: TestHistory;
  /** A backup with its file, and one that has none yet. */
  let stored: string;
  let waiting: string;
  before(async () => {
    history = await openHistory(2);
    stored = await queueBackup(history.pool, { source: 'lab' });
    await history.pool.query('UPDATE backups SET file_name = $2 WHERE id = $1', [stored, FILE]);
    waiting = await queueBackup(history.pool, { type: 'incremental' });
  });
  after(() => history.close());

  const nameOf = async (queue: QueueName, id: string): Promise<string | undefined> =>
    (await labelJobs(history.pool, queue, [id])).get(id);

  it('is the type and the source of a backup', async () => {
    expect(await nameOf('backup', stored)).to.equal('full backup of lab');
    expect(await nameOf('backup', waiting)).to.equal('incremental backup of main');
  });

  it('is the file of a verification, a recovery test, and the target of a restore', async () => {
    const more = { ...BY_HAND, note: null };
    const verify = async (backupId: string) =>
      (await insertVerification(history.pool, { id: randomUUID(), backupId, ...more })).id;
    expect(await nameOf('verify', await verify(stored))).to.equal(`verification of ${FILE}, lab`);
    expect(await nameOf('verify', await verify(waiting))).to.equal(
      'verification of incremental backup, main',
    );
    const test = await insertRecoveryTest(history.pool, { id: randomUUID(), backupId: stored, ...more });
    expect(await nameOf('restore-test', test.id)).to.equal(`recovery test of ${FILE}, lab`);
    const restore = await insertRestore(history.pool, {
      id: randomUUID(),
      backupId: stored,
      targetDatabase: 'copy',
      tables: null,
      withRoles: false,
      withGrants: false,
      ...BY_HAND,
    });
    expect(await nameOf('restore-test', restore?.id ?? '')).to.equal('restore of lab into copy');
  });

  it('is what a cleanup and a report are about', async () => {
    const cleanup = async (source: string | null, dryRun: boolean) =>
      (await insertCleanupRun(history.pool, { id: randomUUID(), source, dryRun, ...BY_HAND })).id;
    expect(await nameOf('cleanup', await cleanup(null, false))).to.equal('cleanup of all sources');
    expect(await nameOf('cleanup', await cleanup('lab', true))).to.equal('cleanup of lab, dry run');
    const report = async (source: string | null) =>
      (await insertReport(history.pool, { id: randomUUID(), source, ...BY_HAND })).id;
    expect(await nameOf('report', await report(null))).to.equal('report on all sources');
    expect(await nameOf('report', await report('main'))).to.equal('report on main');
  });

  it('is the event and the channel of a notification, with the rule of its alert', async () => {
    const alertId = randomUUID();
    await insertAlert(history.pool, alertId, {
      rule: 'disk-low',
      severity: 'warning',
      source: null,
      subject: '',
      message: 'The disk is filling up.',
      detail: {},
    });
    const notify = async (more: Pick<NewNotification, 'event' | 'channel' | 'alertId' | 'subject'>) =>
      (await insertNotification(history.pool, { id: randomUUID(), severity: null, ...more })).id;
    const names = await Promise.all(
      [
        { event: 'raised', channel: 'smtp', alertId, subject: null } as const,
        { event: 'test', channel: 'slack', alertId: null, subject: null } as const,
        { event: 'success', channel: 'webhook', alertId: null, subject: stored } as const,
        { event: 'heartbeat', channel: 'heartbeat', alertId: null, subject: null } as const,
      ].map(async (given) => nameOf('notify', await notify(given))),
    );
    expect(names).to.deep.equal([
      'raised disk-low by smtp',
      'test message by slack',
      'success of a backup of lab by webhook',
      'heartbeat',
    ]);
  });

  it('is not there in any queue when history does not know the row', async () => {
    for (const queue of QUEUES)
      expect([...(await labelJobs(history.pool, queue, [randomUUID()]))], queue).to.deep.equal([]);
  });
});

describe('the name of a job that announces a due time', () => {
  const cases: [data: unknown, name: string | null][] = [
    [{ source: 'main', schedule: 'full' }, 'scheduled full of main'],
    [{ source: 'lab', schedule: 'verify' }, 'scheduled verify of lab'],
    [{ source: '*', schedule: 'cleanup' }, 'scheduled cleanup of all sources'],
    [{ source: 'main', schedule: 'unheard of' }, null],
    [{ backupId: randomUUID() }, null],
    [null, null],
  ];
  for (const [data, name] of cases) {
    it(`with ${JSON.stringify(data)?.slice(0, 50)} is ${name ?? 'left to its row'}`, () => {
      expect(labelDueJob(data)).to.equal(name);
    });
  }
});
