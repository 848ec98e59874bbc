-- Up Migration

-- So that a list of reports need not read all of their bodies.
ALTER TABLE reports ADD COLUMN headline text GENERATED ALWAYS AS (body #>> '{summary,headline}') STORED;
