import { expect } from 'chai';
import { inTransaction } from '../../src/history/database.js';
import { openHistory, sql, type TestHistory } from '../servers.js';

describe('a transaction on history', () => {
  let history: TestHistory;
  before(async () => {
    history = await openHistory();
  });
  after(() => history.close());

  it('whose connection is cut is an error of its caller, and not the end of the process', async () => {
    for (const when of ['between two queries', 'during a query'] as const) {
      const work = inTransaction(history.pool, async (db) => {
        const { rows } = await db.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
        const sleeping = when === 'during a query' ? db.query('SELECT pg_sleep(60)') : Promise.resolve();
        sleeping.catch(() => {});
        await sql('postgres', `SELECT pg_terminate_backend(${rows[0]?.pid}, 5000)`);
        await sleeping;
        await db.query('SELECT 1');
      });
      expect(await work.then(null, () => 'rejected'), when).to.equal('rejected');
      expect((await history.pool.query('SELECT 1 AS one')).rows).to.deep.equal([{ one: 1 }]);
    }
  });
});
