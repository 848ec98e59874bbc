-- Inserts :share as many rows as the three big tables hold, with keys behind the last ones. Prints a count for each table.

WITH added AS (
  INSERT INTO patients (given_name, family_name, sex, date_of_birth, allergies, contact, physician_id, registered_at)
  SELECT given_name, family_name, sex, date_of_birth, allergies, contact, physician_id, timestamptz '2025-12-31 12:00Z'
  FROM patients ORDER BY id LIMIT (SELECT ceil(count(*) * :share) FROM patients) RETURNING 1)
SELECT count(*) FROM added;

WITH added AS (
  INSERT INTO appointments (patient_id, user_id, starts_at, minutes, status, reason, notes)
  SELECT patient_id, user_id, timestamptz '2026-01-05 08:00Z', minutes, 'booked', reason, notes
  FROM appointments ORDER BY id LIMIT (SELECT ceil(count(*) * :share) FROM appointments) RETURNING 1)
SELECT count(*) FROM added;

-- The last hour of the newest year, so that all go into its partition.
WITH added AS (
  INSERT INTO observations
  SELECT (SELECT max(id) FROM observations) + row_number() OVER (), patient_id,
    timestamptz '2025-12-31 23:00Z' + (id % 3600) * interval '1 second', code, value, unit, reference, detail
  FROM (SELECT * FROM observations_2025 LIMIT (SELECT ceil(count(*) * :share) FROM observations)) AS last_year RETURNING 1)
SELECT count(*) FROM added;

CHECKPOINT;
