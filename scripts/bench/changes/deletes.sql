-- Deletes :share of the rows of appointments and observations, all over them. Patients stay, as everything else belongs to
-- them. Prints a count for each table.

CREATE FUNCTION pg_temp.chosen(id bigint, salt bigint, share double precision) RETURNS boolean IMMUTABLE LANGUAGE sql AS
  'SELECT (hashint8extended(id, salt) & 9007199254740991) < share * 9007199254740992';

WITH gone AS (DELETE FROM appointments WHERE pg_temp.chosen(id, :salt, :share) RETURNING 1)
SELECT count(*) FROM gone;

WITH gone AS (DELETE FROM observations WHERE pg_temp.chosen(id, :salt, :share) RETURNING 1)
SELECT count(*) FROM gone;

CHECKPOINT;
