import { expect } from 'chai';
import { type AuditEvent, appendAudit } from '../../src/audit/audit.js';
import { inTransaction } from '../../src/history/database.js';
import { openHistory, type TestHistory } from '../servers.js';

const event = (action: string, more: Partial<AuditEvent> = {}): AuditEvent => ({
  actor: { id: null, name: 'cli:jane', address: '192.0.2.7' },
  action,
  target: 'main',
  result: 'ok',
  ...more,
});

/** Events that are not what the chain says: an edited hash or content, a wrong predecessor, a gap. */
const BROKEN = `
  SELECT seq::int FROM (
    SELECT e.seq, e.hash = audit_event_hash(e) AS whole,
      e.prev_hash = coalesce(lag(e.hash) OVER (ORDER BY e.seq), '\\x00') AS chained,
      e.seq = row_number() OVER (ORDER BY e.seq) AS gapless
    FROM audit_events e) checked
  WHERE NOT (whole AND chained AND gapless) ORDER BY seq`;

describe('the audit trail', () => {
  let history: TestHistory;

  beforeEach(async () => {
    history = await openHistory(20);
  });
  afterEach(() => history?.close());

  const broken = async () => (await history.pool.query<{ seq: number }>(BROKEN)).rows.map((row) => row.seq);
  const fill = async (count: number) => {
    for (let at = 1; at <= count; at += 1) await appendAudit(history.pool, event(`action.${at}`));
  };

  /** What somebody with all rights on the database could do. */
  const tamper = async (sql: string) => {
    await history.pool.query(
      `ALTER TABLE audit_events DISABLE TRIGGER ALL; ${sql}; ALTER TABLE audit_events ENABLE TRIGGER ALL`,
    );
  };

  it('is a gapless chain after 50 appends at once', async () => {
    await Promise.all(
      Array.from({ length: 50 }, (_, at) => appendAudit(history.pool, event(`action.${at}`))),
    );
    const { rows } = await history.pool.query(
      'SELECT count(*) AS events, max(seq) AS last FROM audit_events',
    );
    expect(rows).to.deep.equal([{ events: 50, last: 50 }]);
    expect(await broken()).to.deep.equal([]);
  });

  it('is a gapless chain in which also the times ascend, when transactions roll back in between', async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 30 }, (_, at) =>
        inTransaction(history.pool, async (db) => {
          await appendAudit(db, event(`action.${at}`));
          if (at % 3 === 0) throw new Error('rolled back');
        }),
      ),
    );
    expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).to.have.length(20);
    expect(await broken()).to.deep.equal([]);
    const { rows } = await history.pool.query(
      'SELECT count(*) AS events, bool_and(ascends) AS ascends FROM (SELECT at > lag(at, 1, $1) OVER (ORDER BY seq) AS ascends FROM audit_events) e',
      ['-infinity'],
    );
    expect(rows).to.deep.equal([{ events: 20, ascends: true }]);
  });

  it('does not depend on settings of whoever checks it', async () => {
    await appendAudit(
      history.pool,
      event('a', { detail: { file: 'ü\n"x"', bytes: 1e21, ok: true, none: null } }),
    );
    await inTransaction(history.pool, async (db) => {
      await db.query(`SET LOCAL TimeZone = 'Asia/Kathmandu'; SET LOCAL DateStyle = 'German, DMY';
        SET LOCAL bytea_output = 'escape'; SET LOCAL extra_float_digits = 0; SET LOCAL IntervalStyle = 'iso_8601'`);
      expect((await db.query(BROKEN)).rows).to.deep.equal([]);
    });
  });

  it('refuses UPDATE, DELETE and TRUNCATE also to its owner', async () => {
    await fill(1);
    for (const sql of [
      `UPDATE audit_events SET actor = 'x'`,
      'DELETE FROM audit_events',
      'TRUNCATE audit_events',
    ]) {
      const error = await history.pool.query(sql).catch((reason: Error) => reason.message);
      expect(error, sql).to.equal('audit events are append-only');
    }
    expect(await broken()).to.deep.equal([]);
  });

  const columns: Record<string, string> = {
    at: `at + interval '1 microsecond'`,
    actor_id: 'gen_random_uuid()',
    actor: `'somebody else'`,
    address: 'NULL',
    action: `'history.read'`,
    target: `'lab'`,
    result: `'failed'`,
    detail: `'{"a": 1}'`,
    hash: `sha256('x')`,
    prev_hash: `sha256('x')`,
  };
  it('shows at which event any column of it was edited', async () => {
    for (const [column, value] of Object.entries(columns)) {
      await fill(4);
      expect(await broken()).to.deep.equal([]);
      await tamper(`UPDATE audit_events SET ${column} = ${value} WHERE seq = 2`);
      expect(await broken(), column).to.include(column === 'hash' ? 3 : 2);
      await tamper('TRUNCATE audit_events');
    }
  });

  it('shows an edited event also when its own hash was made to fit: the next one does not', async () => {
    await fill(4);
    await tamper(`UPDATE audit_events SET actor = 'x' WHERE seq = 2;
      UPDATE audit_events e SET hash = audit_event_hash(e) WHERE seq = 2`);
    expect(await broken()).to.deep.equal([3]);
  });

  it('shows where an event was removed, also when the others were numbered anew', async () => {
    await fill(5);
    await tamper('DELETE FROM audit_events WHERE seq = 3');
    expect(await broken()).to.deep.equal([4, 5]);
    await tamper('UPDATE audit_events SET seq = seq - 1 WHERE seq > 3');
    expect(await broken()).to.deep.equal([3, 4]);
  });

  it('shows that two events changed places', async () => {
    await fill(4);
    await tamper(`UPDATE audit_events SET seq = 99 WHERE seq = 2; UPDATE audit_events SET seq = 2 WHERE seq = 3;
      UPDATE audit_events SET seq = 3 WHERE seq = 99`);
    expect(await broken()).to.include.members([2, 3, 4]);
  });

  it('shows an event that was put in between', async () => {
    await fill(3);
    await tamper(`INSERT INTO audit_events SELECT 4, at, actor_id, actor, address, 'forged', target, result, detail, prev_hash, hash
      FROM audit_events WHERE seq = 3`);
    expect(await broken()).to.deep.equal([4]);
  });
});
