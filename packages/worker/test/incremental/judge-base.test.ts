import { expect } from 'chai';
import { whyIncomparable } from '../../src/incremental/judge-base.js';

type Snapshots = Parameters<typeof whyIncomparable>[0];

const SNAPSHOT: Snapshots['base'] = {
  xmin: '1000',
  systemIdentifier: '7300000000000000001',
  timeline: 1,
  databaseOid: 16384,
  postmasterStartTime: '2026-11-24T02:00:00.123456Z',
  inRecovery: false,
};
const WINDOW = { from: '1000', to: '2000' };

describe('whether two snapshots can be compared by their transactions', () => {
  const judge = (base: Partial<Snapshots['base']>, now: Partial<Snapshots['now']>, window = WINDOW) =>
    whyIncomparable({ base: { ...SNAPSHOT, ...base }, now: { ...SNAPSHOT, ...now }, window })?.code ?? 'yes';

  const CASES: [
    what: string,
    base: Partial<Snapshots['base']>,
    now: Partial<Snapshots['now']>,
    code: string,
  ][] = [
    ['nothing happened', {}, {}, 'yes'],
    ['transactions went by', {}, { xmin: '1999' }, 'yes'],
    ['another server', {}, { systemIdentifier: '7300000000000000002' }, 'server-changed'],
    ['another timeline', {}, { timeline: 2 }, 'server-changed'],
    ['another database under the name', {}, { databaseOid: 16385 }, 'server-changed'],
    ['a restart', {}, { postmasterStartTime: '2026-11-24T02:00:00.123457Z' }, 'server-restarted'],
    ['a standby was promoted', { inRecovery: true }, {}, 'server-changed'],
    ['a primary became a standby', {}, { inRecovery: true }, 'server-changed'],
    ['an older snapshot', {}, { xmin: '999' }, 'server-changed'],
    ['ids beyond 2^53', { xmin: '9007199254740993' }, { xmin: '9007199254740992' }, 'server-changed'],
    ['a managed server keeps its identity', unknown(), unknown(), 'yes'],
    ['the right to see it was given meanwhile', unknown(), {}, 'yes'],
    ['the right to see it was taken meanwhile', {}, unknown(), 'yes'],
    [
      'a managed server was replaced',
      unknown(),
      { ...unknown(), postmasterStartTime: '2026-11-24T03:00:00.000000Z' },
      'server-restarted',
    ],
    ['a managed database was replaced', unknown(), { ...unknown(), databaseOid: 2 }, 'server-changed'],
  ];
  for (const [what, base, now, code] of CASES) {
    it(`${what}: ${code}`, () => expect(judge(base, now)).to.equal(code));
  }

  it('about 2^31 transactions, by either side of the margin', () => {
    const to = (transactions: bigint) => ({ from: '1000', to: String(1000n + transactions) });
    expect(judge({}, {}, to(2n ** 31n - 100_000_000n))).to.equal('yes');
    expect(judge({}, {}, to(2n ** 31n - 99_999_999n))).to.equal('too-many-transactions');
    expect(judge({}, {}, to(2n ** 32n + 5n))).to.equal('too-many-transactions');
  });
});

function unknown() {
  return { systemIdentifier: null, timeline: null };
}
