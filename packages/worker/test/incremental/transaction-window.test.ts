import { expect } from 'chai';
import { sql } from '../../../shared/test/servers.js';
import { isTooWide, isYoung } from '../../src/incremental/transaction-window.js';

describe('a row', function () {
  this.timeout(60_000);
  /** The server's counter is far below 2^31, so ids above it are as those of a row from before the count began anew. */
  const CASES = [
    ['written by the first transaction of the window', 'from', true],
    ['written by the last one', 'to - 1', true],
    ['written before', 'from - 1', false],
    ['written long before', '3', false],
    ['frozen by an old version', '2', false],
    ['made with the cluster', '1', false],
    ['frozen before ids began anew, of an id that comes next', 'to', false],
    ['frozen before ids began anew', 'to + 1000000000', false],
    ['as old as can be told', '(from + 2147483648) % 4294967296', false],
  ] as const;

  for (const [what, id, young] of CASES) {
    it(`is ${young ? 'young' : 'old'} that was ${what}`, async () => {
      const [now] = await sql<{ to: number }>(
        'postgres',
        'SELECT txid_snapshot_xmax(txid_current_snapshot()) AS to',
      );
      const to = now?.to ?? 0;
      const window = { from: String(to - 50), to: String(to) };
      const xid = id.replace('from', window.from).replace('to', window.to);
      const [found] = await sql(
        'postgres',
        `SELECT ${isYoung(window, 'x')} AS young FROM (SELECT (${xid}::int8)::text::xid AS x) t`,
      );
      expect(found?.young).to.equal(young);
    });
  }

  it('is told through a 64-bit id, too', async () => {
    const [now] = await sql<{ to: number }>(
      'postgres',
      'SELECT txid_snapshot_xmax(txid_current_snapshot()) AS to',
    );
    const to = BigInt(now?.to ?? 0);
    const window = { from: String(2n ** 40n + to - 50n), to: String(2n ** 40n + to) };
    const [found] = await sql('postgres', `SELECT ${isYoung(window, `'${to - 1n}'::xid`)} AS young`);
    expect(found?.young).to.equal(true);
  });
});

describe('a window of transactions', () => {
  const from = 5_000_000_000n;
  for (const [width, is] of [
    [0n, false],
    [1n, false],
    [2_000_000_000n, false],
    [2n ** 31n - 100_000_000n, false],
    [2n ** 31n - 99_999_999n, true],
    [2n ** 31n, true],
    [2n ** 32n + 5n, true],
  ] as const) {
    it(`of ${width} is ${is ? '' : 'not '}too wide`, () => {
      expect(isTooWide({ from: String(from), to: String(from + width) })).to.equal(is);
    });
  }
});
