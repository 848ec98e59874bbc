/** Three databases made of what breaks dump scripts. Each is the SQL that fills it, and the database's name. */
export interface OddDatabase {
  readonly promise: string;
  readonly name: string;
  readonly sql: string;
}

const NAMES = `
  CREATE SCHEMA "Sch""ema 'x'";
  CREATE TABLE "Sch""ema 'x'"."Tab;le -- $(rm)" ("sel""ect" int PRIMARY KEY, "spalte mit leerzeichen" text);
  INSERT INTO "Sch""ema 'x'"."Tab;le -- $(rm)" SELECT g, E'tab\\there\\nline \\\\ back' || g FROM generate_series(1, 50) g;
  CREATE TABLE "-starts-with-a-dash" (id int); INSERT INTO "-starts-with-a-dash" VALUES (1), (NULL);
  CREATE TABLE "Größe-患者-Пациент-🩺" ("名前" text); INSERT INTO "Größe-患者-Пациент-🩺" VALUES ('山田'), ('Ünï'), ('🩺');
  CREATE TABLE "new
line" (id int); INSERT INTO "new
line" VALUES (7);
  CREATE TABLE ${'x'.repeat(63)} (${'y'.repeat(63)} int); INSERT INTO ${'x'.repeat(63)} VALUES (63);
  CREATE TABLE "CamelCase" ("Order" int, "group" int, "a=b" int); INSERT INTO "CamelCase" VALUES (1, 2, 3);
  CREATE SEQUENCE "se'q"; SELECT setval('"se''q"', 4711);
  COMMENT ON TABLE "CamelCase" IS E'a comment with ''quotes'', "double" and a\\nnew line';`;

const TYPES = `
  CREATE TYPE blood AS ENUM ('A+', 'B-', 'it''s "0"');
  CREATE DOMAIN positive AS int CHECK (VALUE > 0);
  CREATE TYPE pair AS (a int, b text);
  CREATE TABLE kinds (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, small positive, n numeric, f float8, r real, b bytea, j jsonb,
    js json, x xml, ts timestamptz, d date, i interval, u uuid, bits bit varying, ip inet, m money, rng int4range,
    mrng tsmultirange, arr int[], grid text[][], enums blood[], p pair, ps pair[], t text, tsv tsvector, c "char",
    doubled int GENERATED ALWAYS AS (small * 2) STORED);
  INSERT INTO kinds (small, n, f, r, b, j, js, x, ts, d, i, u, bits, ip, m, rng, mrng, arr, grid, enums, p, ps, t, tsv, c)
  VALUES
    (1, 'NaN', 'Infinity', 0.1, '\\x00ff0a5c', '{"k": [1, null, "\\u00e9"]}', '{"b":1, "a" : 2}', '<a>&lt;</a>',
     'infinity', '-infinity', '-1 mon +2 days', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', B'1010', '10.0.0.1/8', 12.34,
     '[1,5)', '{[2020-01-01,2021-01-01),[2022-01-01,)}', '{1,NULL,3}', '{{a,"b,c"},{"d\\"e",NULL}}', '{A+,"it''s \\"0\\""}',
     '(1,"x,y")', ARRAY['(1,a)'::pair, NULL], E'\\\\N', 'a:1 b:2', 'c'),
    (2, 1e-130, '-0', 'NaN', '', '[]', 'null', '<b/>', '0044-03-15 12:00:00 BC', '5874897-12-31', '178000000 years',
     NULL, B'', '::1', -0.01, 'empty', '{}', '{}', '{}', '{}', NULL, '{}', '', '', ''),
    (3, 123456789012345678901234567890.000000000000000001, 1e308, 1.17549435e-38, NULL, NULL, NULL, NULL,
     '2024-10-27 01:30:00+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
     E'\\\\.\\n\\t\\b\\f\\v\\x01', NULL, NULL);
  CREATE TABLE readings (at timestamptz NOT NULL, site int NOT NULL, v float8) PARTITION BY RANGE (at);
  CREATE TABLE readings_2023 PARTITION OF readings FOR VALUES FROM ('2023-01-01') TO ('2024-01-01') PARTITION BY LIST (site);
  CREATE TABLE readings_2023_1 PARTITION OF readings_2023 FOR VALUES IN (1);
  CREATE TABLE readings_2023_x PARTITION OF readings_2023 DEFAULT;
  CREATE TABLE readings_rest PARTITION OF readings DEFAULT;
  INSERT INTO readings SELECT timestamptz '2022-06-01' + g * interval '1 day', g % 3, g FROM generate_series(1, 900) g;
  CREATE TABLE parent (id int, kind text); CREATE TABLE child (extra text) INHERITS (parent);
  INSERT INTO parent VALUES (1, 'parent'); INSERT INTO child VALUES (2, 'child', 'x');
  CREATE TABLE no_columns (); INSERT INTO no_columns DEFAULT VALUES; INSERT INTO no_columns DEFAULT VALUES;
  CREATE UNLOGGED TABLE cache (id int, v text); INSERT INTO cache VALUES (1, 'kept by pg_dump');
  CREATE TABLE empty_table (id int PRIMARY KEY);
  CREATE TABLE wide (id int, big text); INSERT INTO wide SELECT g, repeat(md5(g::text), 60000) FROM generate_series(1, 4) g;`;

const OBJECTS = `
  CREATE EXTENSION hstore; CREATE EXTENSION pgcrypto;
  CREATE ROLE "Arzt's role" NOLOGIN; CREATE ROLE nurse LOGIN PASSWORD 'a-password-of-a-test'; GRANT "Arzt's role" TO nurse;
  CREATE TABLE patients (id int PRIMARY KEY, mrn text UNIQUE, tags hstore, doctor int);
  CREATE TABLE doctors (id int PRIMARY KEY, first_patient int REFERENCES patients);
  ALTER TABLE patients ADD FOREIGN KEY (doctor) REFERENCES doctors DEFERRABLE;
  INSERT INTO patients SELECT g, 'MRN' || g, hstore('ward', g::text), NULL FROM generate_series(1, 1000) g;
  INSERT INTO doctors SELECT g, g FROM generate_series(1, 20) g; UPDATE patients SET doctor = 1 + id % 20;
  CREATE VIEW ward AS SELECT id, tags -> 'ward' AS ward FROM patients;
  CREATE MATERIALIZED VIEW counts AS SELECT doctor, count(*) FROM patients GROUP BY 1;
  CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN NEW.mrn := NEW.mrn || '!'; RETURN NEW; END $f$;
  CREATE TRIGGER touch BEFORE INSERT ON patients FOR EACH ROW EXECUTE FUNCTION touch();
  CREATE INDEX partial ON patients (lower(mrn)) WHERE id > 10; CREATE STATISTICS st ON id, doctor FROM patients;
  ALTER TABLE patients ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON patients TO nurse USING (id < 10);
  GRANT SELECT (id) ON patients TO nurse; GRANT ALL ON doctors TO "Arzt's role" WITH GRANT OPTION;
  ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO nurse;
  CREATE RULE quiet AS ON DELETE TO doctors DO INSTEAD NOTHING;
  CREATE PUBLICATION everything FOR ALL TABLES;
  SELECT lo_from_bytea(4711, decode(repeat('00ff10', 100000), 'hex')), lo_from_bytea(4712, ''), lo_create(4713);
  COMMENT ON LARGE OBJECT 4711 IS 'an X-ray'; GRANT SELECT ON LARGE OBJECT 4711 TO nurse;
  CREATE TABLE scans (id int, picture oid); INSERT INTO scans VALUES (1, 4711);`;

export const ODD_DATABASES: readonly OddDatabase[] = [
  {
    promise: 'names with quotes, Unicode, line breaks and shell signs',
    name: `-o'dd "db" = x://y $(z) ü`,
    sql: NAMES,
  },
  { promise: 'types, partitions, inheritance and generated columns', name: 'types', sql: TYPES },
  { promise: 'extensions, large objects, grants, cycles and triggers', name: 'objects', sql: OBJECTS },
];
