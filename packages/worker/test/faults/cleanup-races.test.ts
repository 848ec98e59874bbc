import { setTimeout as delay } from 'node:timers/promises';
import { SafekeepError } from '@safekeep/shared/errors';
import { expect } from 'chai';
import { slowTable } from '../process/world.js';
import { type FaultWorld, openFaultWorld } from './harness/fault-world.js';
import { checkInvariants } from './harness/invariants.js';
import { type Asked, openRequests, type Requests } from './harness/requests.js';
import { SEEDS, Tally } from './harness/seeds.js';

/** Within so many milliseconds everything is asked for. */
const SPAN = 1_500;

/** What was removed while a job that was accepted before read it. A job that found it removed read nothing. */
const REMOVED_UNDER_A_READER = ['verifications', 'recovery_tests', 'restores']
  .map(
    (table) => `
      SELECT '${table}' AS reader, j.id FROM ${table} j JOIN backups b ON b.id = j.backup_id
      JOIN disposals d ON d.backup_id IN (b.id, b.base_id)
      WHERE d.disposed_at BETWEEN j.created_at AND j.ended_at AND j.error_code IS DISTINCT FROM 'BACKUP_DISPOSED'`,
  )
  .join(' UNION ALL ');

const removedOf = (ids: readonly string[]) =>
  `SELECT FROM disposals WHERE backup_id IN (${ids.map((id) => `'${id}'`).join(', ')})`;

/** Fault 18 of docs/TESTING.md. */
describe('a cleanup while others read', function () {
  this.timeout(120_000);
  let world: FaultWorld;
  let requests: Requests;
  const tally = new Tally(18);

  before(async () => {
    world = await openFaultWorld('cleanup-races');
    requests = openRequests(world);
    await world.sql('source', slowTable(4_000));
    await world.sql('source', 'ALTER TABLE scans ADD PRIMARY KEY (id)');
    const environment = { BACKUP_KEEP_MINIMUM: '1', BACKUP_COMPRESSION: 'gzip:1', WORKER_CONCURRENCY: '3' };
    await Promise.all([world.startWorker(environment), world.startWorker(environment)]);
  });
  after(async () => {
    tally.print();
    await requests?.close();
    await world?.close();
  });

  async function backup(type: 'full' | 'incremental', daysOld: number): Promise<string> {
    await world.sql('source', `UPDATE scans SET pixels = pixels WHERE id % 100 = 7`);
    const ended = await requests.end(await requests.backup('main', type));
    expect(ended).to.include({ status: 'completed', type });
    await world.sql(
      'history',
      ['created_at', 'started_at', 'ended_at']
        .map((at) => `UPDATE backups SET ${at} = ${at} - interval '${daysOld} days' WHERE id = '${ended.id}'`)
        .join('; '),
    );
    return ended.id;
  }

  /** What was asked for, or `null` where it was refused because the backup is gone. */
  async function ask(request: () => Promise<Asked>): Promise<Asked | null> {
    try {
      return await request();
    } catch (error) {
      if (error instanceof SafekeepError && error.code === 'BACKUP_DISPOSED') return null;
      throw error;
    }
  }

  for (const { number, random } of SEEDS) {
    it(`takes nothing that a job reads or that an incremental needs (seed ${number})`, async () => {
      const chains = [
        [await backup('full', 120), await backup('incremental', 119)],
        [await backup('full', 118), await backup('incremental', 117)],
      ].flat();
      await backup('full', 0);
      const copies = random.shuffled([1, 2]).map((at) => `copy_${number}_${at}`);
      const readers: [string, () => Promise<Asked>][] = [
        ...[1, 2].map((): [string, () => Promise<Asked>] => {
          const id = random.pick(chains);
          return ['verification', () => requests.verify(id)];
        }),
        ...[1, 2].map((): [string, () => Promise<Asked>] => {
          const id = random.pick(chains);
          return ['recovery test', () => requests.prove(id)];
        }),
        ...copies.map((copy): [string, () => Promise<Asked>] => {
          const id = random.pick(chains);
          return ['restore', () => requests.restore(id, copy)];
        }),
        ['incremental', () => requests.backup('main', 'incremental')],
      ];
      const cleanups = [1, 2, 3].map((): [string, () => Promise<Asked>] => ['cleanup', requests.cleanUp]);
      const all = random.shuffled([...readers, ...cleanups]).map(async ([kind, request]) => {
        await delay(random.between(0, SPAN));
        const asked = await ask(request);
        const ended = asked === null ? null : await requests.end(asked);
        const gone = ended === null || ended.error_code === 'BACKUP_DISPOSED';
        if (!gone) expect(ended.status, `${kind} ${ended.error_code}`).to.be.oneOf(['passed', 'completed']);
        tally.count(gone ? `${kind} too late` : kind);
      });
      await Promise.all(all);
      await world.settled();
      expect(await world.sql('history', REMOVED_UNDER_A_READER)).to.deep.equal([]);
      const removed = await world.sql('history', removedOf(chains));
      for (const _ of removed) tally.count('backup removed');
      await checkInvariants(world);
    });
  }
});
