-- Rows for the tables of schema.sql. Every value follows from the row's number, so two runs of one size give the same
-- rows. Names are put together from syllables; no row is about anybody. :patients is the number of patients.

SET synchronous_commit = off;
SET TimeZone = 'UTC';
SET work_mem = '64MB';

-- A number from 0 to n - 1 that looks random; `salt` keeps the columns of one row apart.
CREATE FUNCTION pg_temp.roll(id bigint, salt bigint, n bigint) RETURNS bigint IMMUTABLE LANGUAGE sql AS
  'SELECT (hashint8extended(id, salt) & 9007199254740991) % n';
CREATE FUNCTION pg_temp.pick(id bigint, salt bigint, choices text[]) RETURNS text IMMUTABLE LANGUAGE sql AS
  'SELECT choices[1 + (hashint8extended(id, salt) & 9007199254740991) % cardinality(choices)]';
CREATE FUNCTION pg_temp.name(id bigint, salt bigint) RETURNS text IMMUTABLE LANGUAGE sql AS $$
  SELECT initcap(pg_temp.pick(id, salt, '{bar,del,fen,gor,hul,jas,kem,lor,mov,nis,pra,quo,ruv,sel,tor,vex,wil,zan}')
    || pg_temp.pick(id, salt + 1, '{a,e,i,o,u}') || pg_temp.pick(id, salt + 2, '{bli,dra,fo,gna,ke,lmu,nd,pri,rth,sk,vo,zi}'))
$$;
-- A sentence of a made-up report.
CREATE FUNCTION pg_temp.phrase(id bigint, salt bigint) RETURNS text IMMUTABLE LANGUAGE sql AS $$
  SELECT pg_temp.pick(id, salt, '{Patient reports,Examination shows,Follow-up finds,Imaging suggests,Laboratory confirms}') || ' '
    || pg_temp.pick(id, salt + 1, '{no change in,mild improvement of,slight worsening of,stable,intermittent,newly noticed}') || ' '
    || pg_temp.pick(id, salt + 2, '{lower back pain,resting heart rate,joint stiffness,shortness of breath,blood pressure,sleep quality,appetite,skin irritation}')
    || ' over ' || pg_temp.roll(id, salt + 3, 28) + 2 || ' days. '
$$;

\echo step: users
INSERT INTO users
SELECT i, 'user' || lpad(i::text, 5, '0'), 'User ' || lpad(i::text, 5, '0'), 'user' || i || '@clinic.example',
  (enum_range(NULL::user_role))[1 + pg_temp.roll(i, 1, 5)], pg_temp.roll(i, 2, 10) > 0,
  jsonb_build_object('language', pg_temp.pick(i, 3, '{en,de,fr,es}'), 'shift', pg_temp.pick(i, 4, '{early,late,night}')),
  timestamptz '2020-06-01' + pg_temp.roll(i, 5, 1500) * interval '1 day'
FROM generate_series(1, greatest(10, :patients / 100)) i;

\echo step: patients
INSERT INTO patients (given_name, family_name, sex, date_of_birth, allergies, contact, physician_id, registered_at)
SELECT pg_temp.name(i, 10), pg_temp.name(i, 20) || pg_temp.pick(i, 24, '{"",sen,ow,ani,ez}'),
  (enum_range(NULL::sex))[1 + pg_temp.roll(i, 30, 4)], date '1930-01-01' + pg_temp.roll(i, 31, 34000)::integer,
  CASE WHEN pg_temp.roll(i, 32, 3) = 0 THEN ARRAY[pg_temp.pick(i, 33, '{penicillin,latex,nuts,pollen,iodine}'), pg_temp.pick(i, 34, '{dust,eggs,wool}')] ELSE '{}' END,
  jsonb_build_object('phone', '+00 555 ' || lpad(pg_temp.roll(i, 35, 10000000)::text, 7, '0'),
    'street', pg_temp.roll(i, 36, 200) + 1 || ' ' || pg_temp.name(i, 37) || ' Street', 'city', pg_temp.name(pg_temp.roll(i, 40, 40), 41),
    'insurance', jsonb_build_object('company', 'Insurer ' || pg_temp.roll(i, 42, 12), 'number', md5(i::text))),
  1 + pg_temp.roll(i, 43, greatest(10, :patients / 100)), timestamptz '2021-01-01' + pg_temp.roll(i, 44, 126230400) * interval '1 second'
FROM generate_series(1, :patients) i;

\echo step: appointments
INSERT INTO appointments (patient_id, user_id, starts_at, minutes, status, reason, notes)
SELECT 1 + pg_temp.roll(i, 50, :patients), 1 + pg_temp.roll(i, 51, greatest(10, :patients / 100)),
  timestamptz '2021-01-04 08:00' + pg_temp.roll(i, 52, 1820) * interval '1 day' + pg_temp.roll(i, 53, 36) * interval '15 minutes',
  15 * (1 + pg_temp.roll(i, 54, 4)), (enum_range(NULL::appointment_status))[1 + pg_temp.roll(i, 55, 5)],
  pg_temp.pick(i, 56, '{check-up,vaccination,follow-up,new complaint,prescription,laboratory}'),
  CASE WHEN pg_temp.roll(i, 57, 3) > 0 THEN pg_temp.phrase(i, 60) || pg_temp.phrase(i, 65) END
FROM generate_series(1, :patients * 4) i;

\echo step: observations
INSERT INTO observations
SELECT i, 1 + pg_temp.roll(i, 70, :patients), timestamptz '2021-01-01' + pg_temp.roll(i, 71, 157766400) * interval '1 second',
  pg_temp.pick(i, 72, '{heart-rate,temperature,systolic,diastolic,glucose,weight,oxygen,creatinine}'),
  pg_temp.roll(i, 73, 20000) / 100.0, pg_temp.pick(i, 72, '{bpm,°C,mmHg,mmHg,mmol/l,kg,%,µmol/l}'),
  CASE WHEN pg_temp.roll(i, 74, 2) = 0 THEN numrange(10, 150) END,
  CASE WHEN pg_temp.roll(i, 75, 4) = 0 THEN jsonb_build_object('device', 'D-' || pg_temp.roll(i, 76, 900), 'fasting', pg_temp.roll(i, 77, 2) = 1) END
FROM generate_series(1, :patients * 24) i;

-- Scans do not compress: each is put together from pages that are made of hashes.
CREATE TEMPORARY TABLE pages AS
SELECT page, string_agg(sha256((page || ':' || part)::bytea), ''::bytea ORDER BY part) AS bytes
FROM generate_series(0, 511) page, generate_series(1, 128) part GROUP BY page;
CREATE UNIQUE INDEX ON pages (page);
ANALYZE pages;

\echo step: documents
INSERT INTO documents (id, patient_id, kind, title, mime_type, body, tags, created_at)
SELECT md5('document ' || i)::uuid, 1 + pg_temp.roll(i, 80, :patients),
  CASE WHEN scan THEN 'scan' ELSE pg_temp.pick(i, 81, '{letter,consent,referral}') END::document_kind,
  initcap(pg_temp.pick(i, 82, '{discharge,admission,laboratory,radiology,surgery}')) || ' report ' || i,
  CASE WHEN scan THEN 'image/jpeg' ELSE 'text/plain' END,
  CASE WHEN scan THEN (
    SELECT string_agg(bytes, ''::bytea ORDER BY at) FROM generate_series(1, 2 + pg_temp.roll(i, 84, 9)) at
    JOIN pages ON page = pg_temp.roll(i * 16 + at, 85, 512))
  ELSE convert_to((
    SELECT string_agg(pg_temp.phrase(i * 64 + at, 90), '' ORDER BY at) FROM generate_series(1, 5 + pg_temp.roll(i, 86, 40)) at), 'UTF8')
  END,
  ARRAY[pg_temp.pick(i, 87, '{inpatient,outpatient}'), pg_temp.pick(i, 88, '{reviewed,open}')],
  timestamptz '2021-01-01' + pg_temp.roll(i, 89, 157766400) * interval '1 second'
FROM generate_series(1, greatest(10, :patients / 5)) i, LATERAL (SELECT pg_temp.roll(i, 83, 5) < 3 AS scan) of;

\echo step: legacy_images
INSERT INTO legacy_images
SELECT i, 1 + pg_temp.roll(i, 100, :patients), lo_from_bytea(0, (SELECT string_agg(bytes, ''::bytea ORDER BY page) FROM pages WHERE page BETWEEN i AND i + 20))
FROM generate_series(1, 12) i;
