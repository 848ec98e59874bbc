-- The database behind every golden archive: something of each kind that pg_dump writes differently.
CREATE SCHEMA clinic;
CREATE TYPE clinic.blood AS ENUM ('A', 'B', 'AB', '0');
CREATE TABLE clinic.patient (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL,
  blood clinic.blood
);
CREATE TABLE clinic.visit (
  id bigserial PRIMARY KEY,
  patient_id integer NOT NULL REFERENCES clinic.patient,
  note text
);
CREATE TABLE clinic.never_filled (id integer);
CREATE INDEX visit_by_patient ON clinic.visit (patient_id);
CREATE VIEW clinic.visits_per_patient AS SELECT patient_id, count(*) FROM clinic.visit GROUP BY 1;
CREATE MATERIALIZED VIEW clinic.busy AS SELECT patient_id FROM clinic.visit GROUP BY 1 HAVING count(*) > 20;
COMMENT ON TABLE clinic.patient IS 'Ärzte & Patienten';
INSERT INTO clinic.patient (name, blood) VALUES ('Invented One', 'A'), ('Invented Two', '0'), ('Erfundene Drei', NULL);
INSERT INTO clinic.visit (patient_id, note)
  SELECT 1 + n % 3, repeat(md5(n::text), 1 + n % 3) FROM generate_series(1, 60) n;
-- The second oid is above 2^31: pg_dump writes it as a negative Int.
SELECT lo_from_bytea(100001, '\x00112233'), lo_from_bytea(3000000000, convert_to(repeat('scan ', 100), 'UTF8'));
SELECT lo_create(100002);
