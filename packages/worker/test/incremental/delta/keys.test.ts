import { expect } from 'chai';
import { sql } from '../../../../shared/test/servers.js';
import { apply, archiveOf, copyOf, differences, pairOf, sorted } from './pair.js';

/** A key's type, and SQL that makes a value of a number `g`, the same order or not. */
const KEYS: readonly (readonly [type: string, value: string])[] = [
  ['smallint', 'g::int2'],
  ['bigint', 'g::int8 * 100000000000 - 5'],
  ['numeric', 'g / 3.0'],
  ['float8', 'g / 7.0::float8 - 100'],
  ['date', `date '1999-01-01' + g`],
  ['timestamptz', `timestamptz '2000-01-01 00:00Z' + g * interval '1 h'`],
  ['interval', `g * interval '1 h 7 min'`],
  ['uuid', 'md5(g::text)::uuid'],
  ['bytea', 'sha256(g::text::bytea)'],
  ['inet', `inet '10.0.0.0' + g`],
  ['macaddr', `('08002b01' || lpad(to_hex(g), 4, '0'))::macaddr`],
  ['text', `E'k\\\\\\t"' || md5(g::text)`],
  ['text COLLATE "C"', `'K' || md5(g::text)`],
  ['text COLLATE blind', `'K' || md5(g::text)`],
  ['varchar(40)', 'md5(g::text)'],
  ['char(9)', 'lpad(g::text, 7)'],
  ['public.citext', `'Kg' || g`],
  ['"char"', 'chr(33 + g % 90)::"char"'],
  ['mood', `(ARRAY['sad', 'glad', 'mad'])[1 + g % 3]::mood`],
  ['positive', 'g'],
  ['code', `'c' || g`],
  ['boolean', 'g % 2 = 0'],
  ['int[]', 'ARRAY[g, NULL]'],
  ['jsonb', `jsonb_build_object('g', g)`],
  ['int4range', 'int4range(g, g + 5)'],
  ['bit varying', 'g::bit(16)::bit varying'],
  ['money', 'g::money'],
  ['tsvector', `('w' || g)::tsvector`],
];

const TYPES = `
  CREATE EXTENSION citext; CREATE TYPE mood AS ENUM ('sad', 'glad', 'mad'); CREATE DOMAIN positive AS int CHECK (VALUE > 0);
  CREATE DOMAIN code AS varchar(9); CREATE COLLATION blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false);`;

/** Tables `t0`, `t1` … , each with a key alone and one of two columns. */
function tables(): string {
  return KEYS.map(
    ([type, value], n) =>
      `CREATE TABLE t${n} (k ${type} PRIMARY KEY, v int); INSERT INTO t${n} SELECT DISTINCT ON (${value}) ${value}, g FROM generate_series(1, 300) g;
       CREATE TABLE both${n} (a text, b ${type}, v int, PRIMARY KEY (b, a)); INSERT INTO both${n} SELECT g % 3, ${value}, g FROM generate_series(1, 60) g ON CONFLICT DO NOTHING;`,
  ).join('\n');
}

function changes(): string {
  const change = (table: string) =>
    `DELETE FROM ${table} WHERE v % 13 = 2 OR v = (SELECT max(v) FROM ${table});
     UPDATE ${table} SET v = v + 1000 WHERE v % 17 = 1 OR v = (SELECT min(v) FROM ${table});`;
  return KEYS.map((_, n) => `${change(`t${n}`)} ${change(`both${n}`)}`).join('\n');
}

describe('a delta archive of tables with keys of every kind', function () {
  this.timeout(120_000);

  it('replaces, removes and keeps the right rows', async () => {
    const pair = await pairOf(`${TYPES}\n${tables()}`);
    await sql(pair.source, changes());
    const archive = await archiveOf(pair);
    expect(archive.plan.changed).to.have.length(2 * KEYS.length);
    expect(archive.plan.changed.every((table) => table.replace?.kept)).to.equal(true);
    const target = await copyOf(pair.base.database);
    expect(await apply(archive, target)).to.deep.equal({ code: 0, stderr: '' });
    expect(differences(await sorted(target), await sorted(pair.source))).to.deep.equal([]);
  });

  it('a key that only looks another one, and a key that changed its looks, is the same row', async () => {
    const pair = await pairOf(
      `CREATE EXTENSION citext; CREATE TABLE mails (k citext PRIMARY KEY, v int); INSERT INTO mails VALUES ('Ann', 1), ('bob', 2), ('CYD', 3);
       CREATE TABLE numbers (k numeric PRIMARY KEY, v int); INSERT INTO numbers VALUES (1.0, 1), (2, 2), ('NaN', 3);
       CREATE TABLE floats (k float8 PRIMARY KEY); INSERT INTO floats VALUES (0), ('NaN'), ('-Infinity')`,
    );
    await sql(
      pair.source,
      `UPDATE mails SET k = 'ANN' WHERE v = 1; DELETE FROM mails WHERE v = 3; INSERT INTO mails VALUES ('cyd', 4);
       UPDATE numbers SET k = 1.00 WHERE v = 1; DELETE FROM numbers WHERE v = 2; INSERT INTO numbers VALUES (2.000, 9); UPDATE floats SET k = '-0' WHERE k = 0`,
    );
    const target = await copyOf(pair.base.database);
    expect(await apply(await archiveOf(pair), target)).to.deep.equal({ code: 0, stderr: '' });
    expect(differences(await sorted(target), await sorted(pair.source))).to.deep.equal([]);
  });
});
