/** Types that a b-tree can be a primary key of, with an expression that gives a value for each number `g`. */
export const KEY_TYPES: readonly (readonly [type: string, value: string])[] = [
  ['smallint', 'g'],
  ['integer', 'g * 50000'],
  ['bigint', 'g::int8 << 32'],
  ['numeric', 'g / 3.0'],
  ['numeric(9, 2)', 'g'],
  ['real', 'g / 7.0'],
  ['double precision', 'g / 7.0'],
  ['money', 'g'],
  ['date', "date '2020-01-01' + g"],
  ['timestamp', "timestamp '2020-01-01' + g * interval '1 us'"],
  ['timestamptz', "CASE g WHEN 1 THEN 'infinity' ELSE timestamptz '9000-01-01' + g * interval '1 us' END"],
  ['time', "time '00:00' + g * interval '1 us'"],
  ['timetz', "('00:00:00.' || lpad(g::text, 3, '0') || '+02')::timetz"],
  ['interval', "g * interval '1 day 1 us'"],
  ['uuid', 'md5(g::text)::uuid'],
  ['bytea', 'sha256(g::text::bytea)'],
  ['boolean', 'g % 2 = 0'],
  ['inet', "inet '10.0.0.0/8' + g"],
  ['cidr', "(inet '10.0.0.0' + g)::cidr"],
  ['macaddr', "('08:00:2b:01:02:' || lpad(to_hex(g), 2, '0'))::macaddr"],
  ['macaddr8', "('08:00:2b:01:02:03:04:' || lpad(to_hex(g), 2, '0'))::macaddr8"],
  ['bit(8)', 'g::bit(8)'],
  ['bit varying', "repeat('10', g)::varbit"],
  ['char(10)', "'c' || g"],
  ['varchar(20)', "'v' || g"],
  ['text', `E'\\\\t"{},''ü' || g`],
  ['name', "'n' || g"],
  ['"char"', 'chr(g + 32)'],
  ['oid', 'g::int8 + 3000000000'],
  ['pg_lsn', "pg_lsn '0/0' + g"],
  ['xid8', 'g::text::xid8'],
  ['tid', "('(' || g || ',1)')::tid"],
  ['int[]', 'ARRAY[1, g, NULL]'],
  ['text[]', "ARRAY['a,b', g::text, NULL]"],
  ['int4range', 'int4range(g, g + 5)'],
  ['int8multirange', 'int8multirange(int8range(g, g + 1))'],
  ['jsonb', "jsonb_build_object('k', g)"],
  ['tsvector', "to_tsvector('simple', 'word' || g)"],
  ['tsquery', "('word' || g)::tsquery"],
  ['color', 'g::text::color'],
  ['whole', 'g'],
  ['whole_of_whole', 'g'],
  ['mail', "'m' || g"],
  ['pair', "ROW(g, 'p,' || g)::pair"],
  ['citext', "'Ci' || g"],
  ['hstore', "hstore('k', g::text)"],
];

/** What the types above need, each made in the schema `public`. */
export const TYPE_DEFINITIONS = `
  CREATE TYPE color AS ENUM (${Array.from({ length: 60 }, (_, at) => `'${at + 1}'`).join(', ')});
  CREATE DOMAIN whole AS bigint CHECK (VALUE > 0); CREATE DOMAIN whole_of_whole AS whole; CREATE DOMAIN mail AS text;
  CREATE TYPE pair AS (a int, b text); CREATE EXTENSION citext; CREATE EXTENSION hstore;`;

const quoted = (type: string) => `"key ${type.replaceAll('"', '""')}"`;

/** A table with forty rows by a key of the type (a boolean has but two). */
export function makeTable([type, value]: readonly [type: string, value: string]): string {
  const rows = type === 'boolean' ? 2 : 40;
  return `CREATE TABLE ${quoted(type)} (v text, id ${type} PRIMARY KEY);
    INSERT INTO ${quoted(type)} (id, v) SELECT ${value}, g FROM generate_series(1, ${rows}) g;`;
}

/** An update, a delete, a new row and a key that changes; by the column `v`. */
export function changeTable([type, value]: readonly [type: string, value: string]): string {
  const name = quoted(type);
  if (type === 'boolean') return `DELETE FROM ${name} WHERE id;`;
  const at = (number: number) => value.replace(/\bg\b/g, String(number));
  return `UPDATE ${name} SET v = v || '!' WHERE v IN ('1', '3'); DELETE FROM ${name} WHERE v IN ('4', '5');
    INSERT INTO ${name} (id, v) VALUES (${at(41)}, '41'); UPDATE ${name} SET id = ${at(50)} WHERE v = '7';`;
}
