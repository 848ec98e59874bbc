-- Up Migration

-- A report's two files are named by `file_name` with .json and .html; their hashes also stand in the audit trail.
ALTER TABLE reports
  ADD COLUMN json_sha256 text,
  ADD COLUMN html_sha256 text,
  ADD CONSTRAINT completed_reports_say_something CHECK (
    status <> 'completed' OR (body IS NOT NULL AND file_name IS NOT NULL AND json_sha256 IS NOT NULL AND html_sha256 IS NOT NULL)
  ),
  ADD CONSTRAINT failed_reports_have_a_code CHECK (status <> 'failed' OR error_code IS NOT NULL);
