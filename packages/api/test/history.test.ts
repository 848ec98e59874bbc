import { randomUUID } from 'node:crypto';
import { insertBackup } from '@safekeep/shared/history/backups';
import { expect } from 'chai';
import { auditTrail, expectAnswer, expectProblem } from './expectations.js';
import { as } from './people.js';
import { startTestApi, type TestApi } from './test-api.js';

describe('reading the history', () => {
  let api: TestApi;
  let viewer: { Authorization: string };
  /** Oldest first: twelve of main, of which two failed, and one of lab. */
  const ids: string[] = [];
  before(async () => {
    api = await startTestApi();
    viewer = await as(api, 'viewer');
    for (let at = 0; at < 13; at += 1) {
      const id = randomUUID();
      ids.push(id);
      const source = at === 12 ? 'lab' : 'main';
      const how = { requestedVia: 'cli', requestedBy: null, idempotencyKey: null } as const;
      await insertBackup(api.pool, { id, source, type: 'full', ...how });
      await api.pool.query(
        `UPDATE backups SET created_at = '2024-01-01T02:00:00Z'::timestamptz + $2 * interval '1 day',
           status = CASE WHEN $2 < 2 THEN 'failed' ELSE status END,
           error_code = CASE WHEN $2 < 2 THEN 'DISK_FULL' END,
           error_message = CASE WHEN $2 < 2 THEN 'full' END, error_hint = CASE WHEN $2 < 2 THEN 'make room' END
         WHERE id = $1`,
        [id, at],
      );
    }
  });
  after(() => api.close());

  const read = async (query: string) => {
    const response = await api.http.get(`/backup/history${query}`).set(viewer);
    expectAnswer(response, 'GET /backup/history');
    return {
      ids: response.body.map((row: { id: string }) => row.id),
      total: response.headers['x-total-count'],
      body: response.body,
    };
  };

  it('gives an array, newest first, with the total in a header', async () => {
    const all = await read('');
    expect(all.ids).to.deep.equal([...ids].reverse());
    expect(all.total).to.equal('13');
    expect(all.body[0].createdAt).to.equal('2024-01-13T02:00:00.000Z');
  });

  it('gives one page after the other without a gap', async () => {
    const first = await read('?limit=5');
    const second = await read('?limit=5&offset=5');
    const third = await read('?limit=5&offset=10');
    expect([...first.ids, ...second.ids, ...third.ids]).to.deep.equal([...ids].reverse());
    expect(third.total).to.equal('13');
    expect((await read('?offset=100')).ids).to.deep.equal([]);
  });

  it('filters by source, status and type, and counts what it filtered', async () => {
    expect(await read('?source=lab')).to.deep.include({ ids: [ids[12]], total: '1' });
    expect(await read('?status=failed')).to.deep.include({ ids: [ids[1], ids[0]], total: '2' });
    expect((await read('?type=incremental')).total).to.equal('0');
    expect((await read('?source=main&status=queued&type=full&limit=1')).total).to.equal('10');
  });

  it('tells why a backup failed', async () => {
    const { body } = await read('?status=failed&limit=1');
    expect(body[0].error).to.deep.equal({ code: 'DISK_FULL', message: 'full', hint: 'make room' });
  });

  it('shows one backup with its verifications and recovery tests, newest first', async () => {
    const id = ids[0];
    await api.pool.query(
      `INSERT INTO verifications (id, backup_id, requested_via, status, verdict, failed_at_byte, created_at)
       VALUES (gen_random_uuid(), $1, 'cli', 'failed', 'checksum', 4096, '2024-02-01'),
              (gen_random_uuid(), $1, 'cli', 'passed', 'sound', NULL, '2024-02-02')`,
      [id],
    );
    await api.pool.query(
      `INSERT INTO recovery_tests (id, backup_id, requested_via, status, findings, rto_seconds)
       VALUES (gen_random_uuid(), $1, 'cli', 'passed', '[]', 12.5)`,
      [id],
    );
    const response = await api.http.get(`/backup/${id}`).set(viewer);
    expectAnswer(response, 'GET /backup/:id');
    expect(response.body.id).to.equal(id);
    expect(response.body.verifications.map((row: { verdict: string }) => row.verdict)).to.deep.equal([
      'sound',
      'checksum',
    ]);
    expect(response.body.verifications[1].failedAtByte).to.equal(4096);
    expect(response.body.recoveryTests[0]).to.include({ status: 'passed', rtoSeconds: 12.5 });
  });

  it('shows a backup that nobody verified with two empty arrays', async () => {
    const response = await api.http.get(`/backup/${ids[3]}`).set(viewer);
    expectAnswer(response, 'GET /backup/:id');
    expect(response.body).to.deep.include({ verifications: [], recoveryTests: [] });
  });

  it('does not know a backup that is not there', async () => {
    expectProblem(await api.http.get(`/backup/${randomUUID()}`).set(viewer), 'BACKUP_UNKNOWN');
  });

  it('answers HEAD as GET without a body', async () => {
    const response = await api.http.head('/backup/history').set(viewer);
    expect(response.status).to.equal(200);
    expect(response.headers['x-total-count']).to.equal('13');
  });

  it('leaves a trace of every reader', async () => {
    await read('?source=lab');
    await api.http.get(`/backup/${ids[0]}`).set(viewer);
    const [list, one] = (await auditTrail(api.pool)).slice(-2);
    expect(list).to.include({ actor: 'viewer', action: 'history.read', target: null, result: 'ok' });
    expect(list?.detail).to.include({ source: 'lab', limit: 50 });
    expect(one).to.include({ actor: 'viewer', action: 'backup.read', target: ids[0], result: 'ok' });
  });
});
