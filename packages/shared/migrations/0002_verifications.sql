-- Up Migration

-- What a verification found: the step that failed first and why, in a sentence without row values. `verdict` is 'sound'
-- or the name of that step; `failed_at_byte` counts in the backup file, for the steps archive and rows in the archive.
ALTER TABLE verifications
  ADD COLUMN reason text,
  ADD COLUMN requested_via text NOT NULL DEFAULT 'api' CHECK (requested_via IN ('api', 'cli', 'schedule')),
  ADD CONSTRAINT verifications_end_with_a_verdict CHECK (
    (status NOT IN ('passed', 'failed') OR verdict IS NOT NULL) AND (status <> 'error' OR error_code IS NOT NULL)
  );
ALTER TABLE verifications ALTER COLUMN requested_via DROP DEFAULT;

CREATE INDEX verifications_newest ON verifications (created_at DESC, id DESC);
CREATE INDEX verifications_unfinished ON verifications (created_at) WHERE status IN ('queued', 'running');

-- One living run per row that a job is about, whatever the queue believes.
CREATE UNIQUE INDEX runs_one_per_subject ON runs (subject_id) WHERE state = 'running';
