import type { Random } from './random.js';
import type { ValueOf } from './table-spec.js';

/** 64 bits of SQL that look random and are the same for the same row and salt. */
export const mixed = (row: string, salt: number) => `hashint8extended(${row}, ${salt})`;
const bits = (row: string, salt: number) => `(${mixed(row, salt)} & 1048575)`;
const digest = (row: string, salt: number) => `md5(${mixed(row, salt)}::text)`;

export interface ValueKind {
  readonly type: string;
  readonly value: ValueOf;
}

/** Types of columns beside the key; `types` is the schema of the types that each database makes for itself. */
export function valueKinds(types: string): readonly ValueKind[] {
  return [
    { type: 'int4', value: (g, s) => `${bits(g, s)}::int4` },
    { type: 'int8', value: mixed },
    { type: 'text', value: digest },
    { type: 'text', value: (g, s) => `E'a\\tb "c" \\\\N ''ü 🩺\\n' || ${bits(g, s)}` },
    { type: 'text', value: (g, s) => `CASE WHEN ${bits(g, s)} % 2 = 0 THEN '' ELSE ' ' END` },
    {
      type: 'text',
      value: (g, s) =>
        `CASE WHEN ${g} % 40 = 0 THEN (SELECT string_agg(md5((${mixed(g, s)} # i)::text), '') FROM generate_series(1, 90) i) ELSE 'short' END`,
    },
    { type: 'varchar(40)', value: digest },
    { type: 'char(9)', value: (g, s) => `left(${digest(g, s)}, 1 + (${bits(g, s)} % 8)::int)` },
    { type: 'numeric', value: (g, s) => `${mixed(g, s)}::numeric / 1000` },
    { type: 'numeric(12, 3)', value: (g, s) => `${bits(g, s)}::numeric / 7` },
    {
      type: 'float8',
      value: (g, s) =>
        `CASE ${bits(g, s)} % 9 WHEN 0 THEN 'NaN' WHEN 1 THEN '-0' ELSE ${mixed(g, s)} / 3.0 END::float8`,
    },
    { type: 'float4', value: (g, s) => `${bits(g, s)} / 3.0` },
    { type: 'boolean', value: (g, s) => `${bits(g, s)} % 2 = 0` },
    { type: 'date', value: (g, s) => `date '1900-01-01' + (${bits(g, s)} % 60000)::int` },
    {
      type: 'timestamptz',
      value: (g, s) => `timestamptz '2000-01-01 00:00:00+02' + ${bits(g, s)} * interval '1.7 min'`,
    },
    { type: 'interval', value: (g, s) => `${bits(g, s)} * interval '1 day 3 sec'` },
    { type: 'jsonb', value: (g, s) => `jsonb_build_object('k', ${bits(g, s)}, 'list', ARRAY[1, NULL, 3])` },
    { type: 'json', value: (g, s) => `('{"b" : 1,  "a":' || ${bits(g, s)} || '}')::json` },
    { type: 'bytea', value: (g, s) => `decode(${digest(g, s)}, 'hex') || '\\x005c0a'::bytea` },
    { type: 'text[]', value: (g, s) => `ARRAY[${digest(g, s)}, NULL, 'a,"b{}', '']` },
    { type: 'int[][]', value: (g, s) => `ARRAY[[${bits(g, s)}, 2], [NULL, 4]]::int[][]` },
    {
      type: 'int4range',
      value: (g, s) =>
        `int4range((${bits(g, s)} % 100)::int, (${bits(g, s)} % 100 + ${bits(g, s)} % 3)::int)`,
    },
    { type: 'uuid', value: (g, s) => `${digest(g, s)}::uuid` },
    { type: 'inet', value: (g, s) => `'10.0.0.0/8'::inet + ${bits(g, s)}` },
    { type: 'bit varying', value: (g, s) => `${bits(g, s)}::int4::bit(20)` },
    { type: 'point', value: (g, s) => `point(${bits(g, s)}, 1.5)` },
    { type: 'tsvector', value: (g, s) => `to_tsvector('simple', 'word ' || ${bits(g, s)})` },
    {
      type: `${types}.mood`,
      value: (g, s) => `(ARRAY['calm', 'it''s "odd"', 'Ärger'])[1 + ${bits(g, s)} % 3]::${types}.mood`,
    },
    { type: `${types}.positive`, value: (g, s) => `1 + ${bits(g, s)}` },
    { type: `${types}.pair`, value: (g, s) => `ROW(${bits(g, s)}, 'x,"y')::${types}.pair` },
    { type: `${types}.pair[]`, value: (g, s) => `ARRAY[ROW(${bits(g, s)}, NULL)::${types}.pair, NULL]` },
    { type: 'public.citext', value: digest },
    { type: 'public.hstore', value: (g, s) => `public.hstore('k', ${digest(g, s)})` },
  ];
}

/** The same kind with some values missing. */
export function sometimesNull(kind: ValueKind, random: Random): ValueKind {
  const every = random.between(2, 9);
  return {
    type: kind.type,
    value: (g, s) => `CASE WHEN (${mixed(g, s)} & 255) % ${every} = 0 THEN NULL ELSE ${kind.value(g, s)} END`,
  };
}
