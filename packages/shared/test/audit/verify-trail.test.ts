import { expect } from 'chai';
import { appendAudit } from '../../src/audit/audit.js';
import { findAuditHead } from '../../src/audit/audit-trail.js';
import { type AuditFault, verifyAuditTrail } from '../../src/audit/verify-trail.js';
import type { AuditHead } from '../../src/contracts/audit.js';
import { openHistory, type TestHistory } from '../servers.js';

describe('verifying the audit trail', () => {
  let history: TestHistory;
  before(async () => {
    history = await openHistory(4);
  });
  after(() => history?.close());
  beforeEach(async () => {
    await tamper('TRUNCATE audit_events');
    for (let at = 1; at <= 6; at += 1) {
      await appendAudit(history.pool, {
        actor: { id: null, name: 'cli:jane', address: null },
        action: `action.${at}`,
        target: null,
        result: 'ok',
        detail: { at },
      });
    }
  });

  /** What somebody with all rights on the database could do. */
  const tamper = async (sql: string) => {
    await history.pool.query(
      `ALTER TABLE audit_events DISABLE TRIGGER ALL; ${sql}; ALTER TABLE audit_events ENABLE TRIGGER ALL`,
    );
  };
  const broken = async (expected: AuditHead | null = null) =>
    (await verifyAuditTrail(history.pool, expected)).broken;
  const headNow = async () => (await findAuditHead(history.pool)) as AuditHead;

  it('finds a whole trail whole, and tells its head', async () => {
    const head = await headNow();
    expect(await verifyAuditTrail(history.pool, head)).to.deep.equal({ events: 6, head, broken: null });
  });

  it('of an empty trail says that there is nothing', async () => {
    await tamper('TRUNCATE audit_events');
    expect(await verifyAuditTrail(history.pool, null)).to.deep.equal({ events: 0, head: null, broken: null });
  });

  const swap = 'UPDATE audit_events SET seq = CASE seq WHEN 2 THEN -3 WHEN 3 THEN -2 ELSE seq END';
  const cases: [what: string, sql: string, seq: number, fault: AuditFault][] = [
    ['an edited event', `UPDATE audit_events SET actor = 'x' WHERE seq = 3`, 3, 'content'],
    ['an edited detail', `UPDATE audit_events SET detail = '{"at": 9}' WHERE seq = 6`, 6, 'content'],
    [
      'an edited event whose hash was made to fit',
      `UPDATE audit_events SET actor = 'x' WHERE seq = 3; UPDATE audit_events e SET hash = audit_event_hash(e) WHERE seq = 3`,
      4,
      'predecessor',
    ],
    ['a removed event', 'DELETE FROM audit_events WHERE seq = 3', 4, 'gap'],
    [
      'a removed event behind which all were numbered anew',
      'DELETE FROM audit_events WHERE seq = 3; UPDATE audit_events SET seq = seq - 1 WHERE seq > 3',
      3,
      'predecessor',
    ],
    ['a removed beginning', 'DELETE FROM audit_events WHERE seq < 3', 3, 'gap'],
    [
      'events that changed places',
      `${swap}; UPDATE audit_events SET seq = abs(seq) WHERE seq < 0`,
      2,
      'predecessor',
    ],
    [
      'a huge number that was put at the end',
      'UPDATE audit_events SET seq = 9e15 WHERE seq = 6',
      9e15,
      'gap',
    ],
  ];
  for (const [what, sql, seq, fault] of cases) {
    it(`finds ${what}, at event ${seq}`, async () => {
      await tamper(sql);
      expect(await broken()).to.deep.equal({ seq, fault });
    });
  }

  it('finds that the end was cut off, or written anew, only by a head that was noted before', async () => {
    const head = await headNow();
    await tamper('DELETE FROM audit_events WHERE seq = 6');
    expect(await broken()).to.equal(null);
    expect(await broken(head)).to.deep.equal({ seq: 6, fault: 'expected' });
    await appendAudit(history.pool, {
      actor: { id: null, name: 'cli:jane', address: null },
      action: 'other',
      target: null,
      result: 'ok',
    });
    expect(await broken()).to.equal(null);
    expect(await broken(head)).to.deep.equal({ seq: 6, fault: 'expected' });
  });

  it('walks a long trail in batches, and finds a fault on both sides of their border', async () => {
    await history.pool.query(`INSERT INTO audit_events (actor, action, result)
      SELECT 'load', 'load.test', 'ok' FROM generate_series(1, 10500)`);
    const seen: number[] = [];
    const verdict = await verifyAuditTrail(history.pool, null, (seq) => seen.push(seq));
    expect(verdict).to.deep.include({ events: 10_506, broken: null });
    expect(seen).to.deep.equal([10_000, 10_506]);
    for (const seq of [10_000, 10_001]) {
      await tamper(`UPDATE audit_events SET result = 'failed' WHERE seq = ${seq}`);
      expect(await broken()).to.deep.equal({ seq, fault: 'content' });
      await tamper(`UPDATE audit_events SET result = 'ok' WHERE seq = ${seq}`);
    }
  });
});
