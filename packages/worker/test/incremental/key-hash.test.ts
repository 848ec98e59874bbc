import { expect } from 'chai';
import { emptyDatabase, sql } from '../../../shared/test/servers.js';
import { KEY_HASH_CANARY, keyHash, SECOND_HASH } from '../../src/incremental/key-hash.js';

type Column = Parameters<typeof keyHash>[0][number];

const column = (name: string, type: string, builtin = true): Column => ({ name, type, builtin });

/** Two different sets of keys whose sums of hashes must differ, though a weaker hash would not tell. */
const SETS: readonly (readonly [what: string, columns: Column[], one: string, other: string])[] = [
  [
    'values that changed places between keys',
    [column('a', 'integer'), column('b', 'integer')],
    '(1, 1), (2, 2)',
    '(1, 2), (2, 1)',
  ],
  ['values that changed columns', [column('a', 'integer'), column('b', 'bigint')], '(1, 2)', '(2, 1)'],
  ['bigints whose halves exchanged', [column('a', 'bigint')], '(1), (7)', '(4294967296), (7)'],
  [
    'bigints whose halves come to the same',
    [column('a', 'bigint')],
    '((3::int8 << 32) | 1)',
    '((1::int8 << 32) | 3)',
  ],
  ['numbers around their middle', [column('a', 'integer')], '(1), (4)', '(2), (3)'],
  [
    'moments a microsecond apart, today',
    [column('a', 'timestamp with time zone')],
    `(timestamptz '2026-01-01 00:00:00.000001Z')`,
    `(timestamptz '2026-01-01 00:00:00.000002Z')`,
  ],
  [
    'moments a microsecond apart, in the year 9999',
    [column('a', 'timestamp without time zone')],
    `(timestamp '9999-12-31 23:59:59.999999')`,
    `(timestamp '9999-12-31 23:59:59.999998')`,
  ],
  [
    'the two infinities',
    [column('a', 'timestamp with time zone')],
    `(timestamptz 'infinity')`,
    `(timestamptz '-infinity')`,
  ],
  ['letters of another case', [column('a', 'text')], `('a'::text)`, `('A'::text)`],
  ['a type that is not PostgreSQL’s own', [column('a', 'mood', false)], `('x'::text)`, `('y'::text)`],
];

describe('the hash of keys', function () {
  this.timeout(60_000);
  let database: string;

  before(async () => {
    database = await emptyDatabase();
  });

  async function sums(columns: Column[], rows: string): Promise<unknown> {
    const names = columns.map(({ name }) => name).join(', ');
    const [found] = await sql(
      database,
      `SELECT sum(k)::text AS first, sum(${SECOND_HASH})::text AS second
       FROM (SELECT ${keyHash(columns)} AS k FROM (VALUES ${rows}) v (${names}) OFFSET 0) t`,
    );
    return found;
  }

  for (const [what, columns, one, other] of SETS) {
    it(`tells ${what}`, async () => {
      const [first, second] = [(await sums(columns, one)) as object, await sums(columns, other)];
      expect(Object.values(first)).to.not.include(null);
      expect(first).to.not.deep.equal(second);
    });
  }

  it('tells all keys of many apart', async () => {
    const [found] = await sql(
      database,
      `SELECT count(DISTINCT k)::int AS hashes, count(DISTINCT ${SECOND_HASH})::int AS second
       FROM (SELECT ${keyHash([column('a', 'bigint')])} AS k FROM (SELECT g::int8 * 4294967299 AS a FROM generate_series(1, 300000) g) v) t`,
    );
    expect(found).to.deep.equal({ hashes: 300_000, second: 300_000 });
  });

  it('has a canary', async () => {
    const [found] = await sql(database, `SELECT (${KEY_HASH_CANARY})::text AS canary`);
    expect(found?.canary).to.match(/^-?\d{1,19}$/);
  });
});
