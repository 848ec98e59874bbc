-- Updates :share of the rows of the three big tables. Which ones follows from a hash of the key and :salt, so they lie all
-- over the tables, as in a clinic at work. Prints a count for each table.

CREATE FUNCTION pg_temp.chosen(id bigint, salt bigint, share double precision) RETURNS boolean IMMUTABLE LANGUAGE sql AS
  'SELECT (hashint8extended(id, salt) & 9007199254740991) < share * 9007199254740992';

WITH changed AS (
  UPDATE patients SET contact = jsonb_set(contact, '{phone}', to_jsonb('+00 556 ' || lpad((id % 10000000)::text, 7, '0')))
  WHERE pg_temp.chosen(id, :salt, :share) RETURNING 1)
SELECT count(*) FROM changed;

WITH changed AS (
  UPDATE appointments SET status = 'completed', notes = coalesce(notes, '') || 'Called back on day ' || id % 28 || '. '
  WHERE pg_temp.chosen(id, :salt, :share) RETURNING 1)
SELECT count(*) FROM changed;

WITH changed AS (
  UPDATE observations SET value = value + 0.01 WHERE pg_temp.chosen(id, :salt, :share) RETURNING 1)
SELECT count(*) FROM changed;

CHECKPOINT;
