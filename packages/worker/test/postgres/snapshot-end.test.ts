import { setTimeout as delay } from 'node:timers/promises';
import { Secret } from '@safekeep/shared/config/secret';
import { expect } from 'chai';
import { emptyDatabase, postgresServer, sql } from '../../../shared/test/servers.js';
import { openSnapshot } from '../../src/postgres/snapshot.js';

describe('a snapshot that is closed', () => {
  it('is given up by the server even in the middle of a long scan, so it holds back no vacuum', async () => {
    const database = await emptyDatabase();
    const url = new Secret((await postgresServer()).url(database));
    const snapshot = await openSnapshot({ name: 'main', url }, 5_000);
    const scan = snapshot.client.query('SELECT pg_sleep(600)').catch((error: unknown) => error);
    const backends = () =>
      sql<{ query: string }>('postgres', `SELECT query FROM pg_stat_activity WHERE datname = '${database}'`);
    while (!(await backends()).some(({ query }) => query.includes('pg_sleep'))) await delay(10);
    await snapshot.close();
    expect(await scan).to.be.instanceOf(Error);
    while ((await backends()).length > 0) await delay(50);
  });
});
